ALTER TABLE accounts_rolegrant DROP CONSTRAINT role_grant_administrators_are_apart;
DROP FUNCTION accounts_role_grant_only_ends() CASCADE;
DROP FUNCTION accounts_refuse_change() CASCADE;
