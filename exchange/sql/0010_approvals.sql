-- An approval begins proposed; what was entered is what is checked; it is decided once and may be ended once.
CREATE FUNCTION exchange_approval_goes_its_way() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'proposed' THEN
            RAISE 'an approval begins as a proposal' USING ERRCODE = '23514', CONSTRAINT = 'approval_begins_proposed';
        END IF;
        RETURN NEW;
    END IF;
    IF (OLD.id, OLD.instrument_id, OLD.authority, OLD.authority_level, OLD.document_number, OLD.document_date, OLD.scope, OLD.valid_from,
        OLD.valid_to, OLD.basis, OLD.evidence_id, OLD.digest, OLD.maker_id, OLD.at)
       IS DISTINCT FROM (NEW.id, NEW.instrument_id, NEW.authority, NEW.authority_level, NEW.document_number, NEW.document_date, NEW.scope,
        NEW.valid_from, NEW.valid_to, NEW.basis, NEW.evidence_id, NEW.digest, NEW.maker_id, NEW.at)
       OR (OLD.state <> 'proposed' AND (OLD.state, OLD.checker_id, OLD.decided_at) IS DISTINCT FROM (NEW.state, NEW.checker_id, NEW.decided_at))
       OR (OLD.ended_on IS NOT NULL AND (OLD.ended_on, OLD.ended_by_id) IS DISTINCT FROM (NEW.ended_on, NEW.ended_by_id)) THEN
        RAISE 'an approval keeps its terms and is decided once' USING ERRCODE = '23514', CONSTRAINT = 'approval_keeps_its_terms';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER approval_goes_its_way BEFORE INSERT OR UPDATE ON exchange_approvalrecord FOR EACH ROW EXECUTE FUNCTION exchange_approval_goes_its_way();
CREATE TRIGGER approval_is_kept BEFORE DELETE ON exchange_approvalrecord FOR EACH ROW EXECUTE FUNCTION exchange_fixed();

-- Continuous trading of a day rests on an approval in force: said by the database, too.
CREATE FUNCTION exchange_continuous_day_is_approved() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM exchange_approvalrecord a WHERE a.instrument_id = NEW.instrument_id AND a.state = 'approved'
                   AND NEW.day BETWEEN a.valid_from AND a.valid_to AND (a.ended_on IS NULL OR NEW.day < a.ended_on))
       AND (SELECT rule_scheme FROM exchange_instrument WHERE id = NEW.instrument_id) <> 'replay' THEN
        RAISE 'continuous trading needs an approval in force' USING ERRCODE = '23514', CONSTRAINT = TG_NAME;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER continuous_day_is_approved BEFORE INSERT ON exchange_instrumentday FOR EACH ROW
    WHEN (NEW.mode = 'continuous') EXECUTE FUNCTION exchange_continuous_day_is_approved();
