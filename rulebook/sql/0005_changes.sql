-- A change begins proposed, is decided once, and what was proposed never changes.
CREATE FUNCTION rulebook_change_goes_its_way() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'proposed' THEN
            RAISE 'a change of a rule begins as a proposal' USING ERRCODE = '23514', CONSTRAINT = 'rule_change_begins_proposed';
        END IF;
        RETURN NEW;
    END IF;
    IF OLD.state <> 'proposed' OR (OLD.id, OLD.scheme, OLD.key, OLD.value, OLD.basis_id, OLD.in_force_from, OLD.reason, OLD.digest, OLD.proposed_by_id, OLD.proposed_at)
        IS DISTINCT FROM (NEW.id, NEW.scheme, NEW.key, NEW.value, NEW.basis_id, NEW.in_force_from, NEW.reason, NEW.digest, NEW.proposed_by_id, NEW.proposed_at) THEN
        RAISE 'what was proposed stays, and is decided once' USING ERRCODE = '23514', CONSTRAINT = 'rule_change_is_decided_once';
    END IF;
    IF NEW.state = 'approved' AND NOT EXISTS (
        SELECT FROM rulebook_rulevalue r WHERE r.id = NEW.rule_value_id AND r.scheme = NEW.scheme AND r.key = NEW.key
           AND r.value = NEW.value AND r.basis_id = NEW.basis_id AND r.in_force_from = NEW.in_force_from) THEN
        RAISE 'a change brings the value that was proposed' USING ERRCODE = '23514', CONSTRAINT = 'rule_change_brings_its_value';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER rule_change_goes_its_way BEFORE INSERT OR UPDATE ON rulebook_rulechange FOR EACH ROW EXECUTE FUNCTION rulebook_change_goes_its_way();
CREATE TRIGGER rule_change_is_kept BEFORE DELETE ON rulebook_rulechange FOR EACH ROW EXECUTE FUNCTION rulebook_rule_fixed();
REVOKE DELETE ON rulebook_rulechange FROM tanhui_app;
