-- What never changes once written: the audit trail, sign-ins, answers to request numbers. Role grants only end.

CREATE FUNCTION accounts_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% of % is refused: rows are only ever added', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation', CONSTRAINT = TG_TABLE_NAME || '_is_append_only';
END $$;

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON accounts_auditrecord
    FOR EACH ROW EXECUTE FUNCTION accounts_refuse_change();
CREATE TRIGGER never_truncated BEFORE TRUNCATE ON accounts_auditrecord
    FOR EACH STATEMENT EXECUTE FUNCTION accounts_refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON accounts_signin
    FOR EACH ROW EXECUTE FUNCTION accounts_refuse_change();
CREATE TRIGGER never_truncated BEFORE TRUNCATE ON accounts_signin
    FOR EACH STATEMENT EXECUTE FUNCTION accounts_refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON accounts_idempotencyrecord
    FOR EACH ROW EXECUTE FUNCTION accounts_refuse_change();
CREATE TRIGGER never_truncated BEFORE TRUNCATE ON accounts_idempotencyrecord
    FOR EACH STATEMENT EXECUTE FUNCTION accounts_refuse_change();

REVOKE UPDATE, DELETE, TRUNCATE ON accounts_auditrecord, accounts_signin, accounts_idempotencyrecord FROM tanhui_app;
REVOKE DELETE, TRUNCATE ON accounts_rolegrant, accounts_accessgrant, accounts_user, accounts_organisation FROM tanhui_app;

-- A grant is approved once and ends once; who, what, where and by whom stay as they were proposed.
CREATE FUNCTION accounts_role_grant_only_ends() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.user_id, NEW.organisation_id, NEW.role, NEW.held_from, NEW.granted_by_id, NEW.granted_at)
            IS DISTINCT FROM
            (OLD.user_id, OLD.organisation_id, OLD.role, OLD.held_from, OLD.granted_by_id, OLD.granted_at)
        OR (OLD.approved_by_id IS NOT NULL AND
            (NEW.approved_by_id, NEW.approved_at) IS DISTINCT FROM (OLD.approved_by_id, OLD.approved_at))
        OR (OLD.revoked_by_id IS NOT NULL AND
            (NEW.revoked_by_id, NEW.held_until) IS DISTINCT FROM (OLD.revoked_by_id, OLD.held_until))
    THEN
        RAISE EXCEPTION 'role grant % may only be approved once and end once', OLD.id
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'role_grant_only_ends';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER only_ends BEFORE UPDATE ON accounts_rolegrant
    FOR EACH ROW EXECUTE FUNCTION accounts_role_grant_only_ends();

-- I15: the three administrator roles never meet in one person, nor with a business role, at any instant.
CREATE EXTENSION IF NOT EXISTS btree_gist;
ALTER TABLE accounts_rolegrant ADD CONSTRAINT role_grant_administrators_are_apart EXCLUDE USING gist (
    user_id WITH =,
    role_class WITH <>,
    tstzrange(held_from, held_until) WITH &&
);

-- Counters of requests in a minute: their loss in a crash costs nothing, so that counting costs no flush.
ALTER TABLE accounts_apiusage SET UNLOGGED;
