-- A request begins as one, keeps its terms, and goes one way; what was admitted is its product, and was reviewed before.
CREATE FUNCTION exchange_admission_goes_its_way() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'requested' THEN
            RAISE 'an admission begins as a request' USING ERRCODE = '23514', CONSTRAINT = 'admission_begins_requested';
        END IF;
        RETURN NEW;
    END IF;
    IF (OLD.id, OLD.asset_id, OLD.organisation_id, OLD.project_code, OLD.vintage_year, OLD.initial_price_fen, OLD.note, OLD.digest,
        OLD.requested_by_id, OLD.at)
       IS DISTINCT FROM (NEW.id, NEW.asset_id, NEW.organisation_id, NEW.project_code, NEW.vintage_year, NEW.initial_price_fen, NEW.note,
        NEW.digest, NEW.requested_by_id, NEW.at)
       OR (OLD.reviewed_by_id IS NOT NULL AND NEW.reviewed_by_id IS DISTINCT FROM OLD.reviewed_by_id) THEN
        RAISE 'a request keeps its terms' USING ERRCODE = '23514', CONSTRAINT = 'admission_keeps_its_terms';
    END IF;
    IF NOT (OLD.state = 'requested' AND NEW.state IN ('reviewed', 'refused', 'withdrawn')
            OR OLD.state = 'reviewed' AND NEW.state IN ('admitted', 'refused', 'withdrawn')) THEN
        RAISE 'a request does not go from % to %', OLD.state, NEW.state USING ERRCODE = '23514', CONSTRAINT = 'admission_goes_one_way';
    END IF;
    IF NEW.instrument_id IS NOT NULL AND NOT EXISTS (
        SELECT FROM exchange_instrument i WHERE i.id = NEW.instrument_id
        AND (i.project_code, i.vintage_year::int, i.initial_price_fen) = (NEW.project_code, NEW.vintage_year::int, NEW.initial_price_fen)
    ) THEN
        RAISE 'what is admitted is what was requested' USING ERRCODE = '23514', CONSTRAINT = 'admission_is_of_its_product';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER admission_goes_its_way BEFORE INSERT OR UPDATE ON exchange_admission FOR EACH ROW EXECUTE FUNCTION exchange_admission_goes_its_way();
CREATE TRIGGER admission_is_kept BEFORE DELETE ON exchange_admission FOR EACH ROW EXECUTE FUNCTION exchange_fixed();
REVOKE DELETE ON exchange_admission FROM tanhui_app;
