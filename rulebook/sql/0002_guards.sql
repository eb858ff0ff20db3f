-- The clock is this installation's: where the installation may not move it, neither may its row (and then it is 0).
ALTER TABLE rulebook_clockoffset ADD CONSTRAINT clock_of_this_installation
    FOREIGN KEY (id, time_travel) REFERENCES rulebook_installation (id, time_travel);

CREATE FUNCTION rulebook_clock_forwards() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE 'the business clock only moves forwards' USING ERRCODE = '23514', CONSTRAINT = TG_NAME;
END $$;
CREATE TRIGGER clock_only_forwards BEFORE UPDATE ON rulebook_clockoffset FOR EACH ROW
    WHEN (NEW.seconds < OLD.seconds OR NEW.id <> OLD.id) EXECUTE FUNCTION rulebook_clock_forwards();
CREATE TRIGGER clock_is_kept BEFORE DELETE ON rulebook_clockoffset FOR EACH ROW EXECUTE FUNCTION rulebook_clock_forwards();

-- A rule value may be ended on a later day; nothing else of it changes.
CREATE FUNCTION rulebook_rule_fixed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE 'rule values are not edited, they get a new date' USING ERRCODE = '23514', CONSTRAINT = TG_NAME;
END $$;
CREATE TRIGGER rule_value_is_fixed BEFORE UPDATE ON rulebook_rulevalue FOR EACH ROW
    WHEN ((OLD.id, OLD.scheme, OLD.key, OLD.value, OLD.unit, OLD.basis_id, OLD.in_force_from)
          IS DISTINCT FROM (NEW.id, NEW.scheme, NEW.key, NEW.value, NEW.unit, NEW.basis_id, NEW.in_force_from)
          OR OLD.in_force_to IS NOT NULL) EXECUTE FUNCTION rulebook_rule_fixed();
CREATE TRIGGER rule_value_is_kept BEFORE DELETE ON rulebook_rulevalue FOR EACH ROW EXECUTE FUNCTION rulebook_rule_fixed();

REVOKE INSERT, UPDATE, DELETE ON rulebook_installation FROM tanhui_app;
REVOKE INSERT, DELETE ON rulebook_clockoffset FROM tanhui_app;
REVOKE DELETE ON rulebook_rulevalue, rulebook_legalbasis, rulebook_calendaryear, rulebook_specialday, rulebook_division FROM tanhui_app;
