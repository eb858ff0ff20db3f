-- Rules and calendar change a few times a year and are asked for thousands of times a second: whoever keeps them in memory
-- asks for the edition alone. A number is never used twice, not even by a transaction that is rolled back.
CREATE SEQUENCE rulebook_edition_seq;
CREATE TABLE rulebook_edition (id smallint PRIMARY KEY DEFAULT 1 CONSTRAINT one_edition CHECK (id = 1), number bigint NOT NULL);
INSERT INTO rulebook_edition (number) VALUES (nextval('rulebook_edition_seq'));

CREATE FUNCTION rulebook_new_edition() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    UPDATE rulebook_edition SET number = nextval('rulebook_edition_seq');
    RETURN NULL;
END $$;
CREATE TRIGGER rule_value_makes_an_edition AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON rulebook_rulevalue FOR EACH STATEMENT EXECUTE FUNCTION rulebook_new_edition();
CREATE TRIGGER legal_basis_makes_an_edition AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON rulebook_legalbasis FOR EACH STATEMENT EXECUTE FUNCTION rulebook_new_edition();
CREATE TRIGGER calendar_year_makes_an_edition AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON rulebook_calendaryear FOR EACH STATEMENT EXECUTE FUNCTION rulebook_new_edition();
CREATE TRIGGER special_day_makes_an_edition AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON rulebook_specialday FOR EACH STATEMENT EXECUTE FUNCTION rulebook_new_edition();

REVOKE ALL ON rulebook_edition FROM tanhui_app;
GRANT SELECT ON rulebook_edition TO tanhui_app;
REVOKE ALL ON SEQUENCE rulebook_edition_seq FROM tanhui_app;
