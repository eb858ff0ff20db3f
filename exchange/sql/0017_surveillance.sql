-- What surveillance has seen and found stays; a case goes forward; what restricts somebody is decided once, by another.
CREATE TRIGGER watched_day_is_append_only BEFORE UPDATE OR DELETE ON exchange_watchedday FOR EACH ROW EXECUTE FUNCTION exchange_fixed();
CREATE TRIGGER surveillance_alert_keeps_what_was_found BEFORE UPDATE ON exchange_surveillancealert FOR EACH ROW
    WHEN ((OLD.id, OLD.instrument_id, OLD.day, OLD.pattern, OLD.groups, OLD.organisations, OLD.figures, OLD.evidence, OLD.since, OLD.until, OLD.edition, OLD.at)
          IS DISTINCT FROM (NEW.id, NEW.instrument_id, NEW.day, NEW.pattern, NEW.groups, NEW.organisations, NEW.figures, NEW.evidence, NEW.since, NEW.until, NEW.edition, NEW.at)
          OR (OLD.case_id IS NOT NULL AND NEW.case_id IS DISTINCT FROM OLD.case_id)
          OR OLD.dismissed_at IS NOT NULL)
    EXECUTE FUNCTION exchange_fixed();
CREATE TRIGGER surveillance_alert_is_kept BEFORE DELETE ON exchange_surveillancealert FOR EACH ROW EXECUTE FUNCTION exchange_fixed();

CREATE FUNCTION exchange_case_goes_its_way() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    way CONSTANT text[] := ARRAY['open', 'explained', 'measures', 'closed'];
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'open' THEN
            RAISE 'a case begins open' USING ERRCODE = '23514', CONSTRAINT = 'case_begins_open';
        END IF;
    ELSIF (OLD.id, OLD.number, OLD.title, OLD.opened_by_id, OLD.opened_at) IS DISTINCT FROM (NEW.id, NEW.number, NEW.title, NEW.opened_by_id, NEW.opened_at)
       OR OLD.state = 'closed' OR array_position(way, NEW.state::text) < array_position(way, OLD.state::text) THEN
        RAISE 'a case keeps what it was opened for and goes forward' USING ERRCODE = '23514', CONSTRAINT = 'case_only_goes_forward';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER case_goes_its_way BEFORE INSERT OR UPDATE ON exchange_surveillancecase FOR EACH ROW EXECUTE FUNCTION exchange_case_goes_its_way();
CREATE TRIGGER case_is_kept BEFORE DELETE ON exchange_surveillancecase FOR EACH ROW EXECUTE FUNCTION exchange_fixed();

CREATE FUNCTION exchange_measure_goes_its_way() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF (NEW.kind = 'restriction') <> (NEW.state = 'proposed') OR NEW.answered_at IS NOT NULL THEN
            RAISE 'a restriction begins as a proposal' USING ERRCODE = '23514', CONSTRAINT = 'restriction_begins_proposed';
        END IF;
        IF EXISTS (SELECT FROM exchange_surveillancecase c WHERE c.id = NEW.case_id AND c.state = 'closed') THEN
            RAISE 'a closed case takes no measure' USING ERRCODE = '23514', CONSTRAINT = 'measure_is_of_an_open_case';
        END IF;
        RETURN NEW;
    END IF;
    IF (OLD.id, OLD.case_id, OLD.kind, OLD.organisation_id, OLD.text, OLD.addressee, OLD.until, OLD.due_on, OLD.digest, OLD.maker_id, OLD.at)
       IS DISTINCT FROM (NEW.id, NEW.case_id, NEW.kind, NEW.organisation_id, NEW.text, NEW.addressee, NEW.until, NEW.due_on, NEW.digest, NEW.maker_id, NEW.at)
       OR (OLD.state <> 'proposed' AND (OLD.state, OLD.checker_id, OLD.decided_at, OLD.halt_id) IS DISTINCT FROM (NEW.state, NEW.checker_id, NEW.decided_at, NEW.halt_id))
       OR (OLD.answered_at IS NOT NULL AND (OLD.answer, OLD.answered_by_id, OLD.answered_at) IS DISTINCT FROM (NEW.answer, NEW.answered_by_id, NEW.answered_at)) THEN
        RAISE 'a measure keeps its terms, is decided once and answered once' USING ERRCODE = '23514', CONSTRAINT = 'measure_keeps_its_terms';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER measure_goes_its_way BEFORE INSERT OR UPDATE ON exchange_casemeasure FOR EACH ROW EXECUTE FUNCTION exchange_measure_goes_its_way();
CREATE TRIGGER measure_is_kept BEFORE DELETE ON exchange_casemeasure FOR EACH ROW EXECUTE FUNCTION exchange_fixed();

CREATE FUNCTION exchange_bar_goes_its_way() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'proposed' THEN
            RAISE 'a bar begins as a proposal' USING ERRCODE = '23514', CONSTRAINT = 'bar_begins_proposed';
        END IF;
        RETURN NEW;
    END IF;
    IF (OLD.id, OLD.kind, OLD.user_id, OLD.name, OLD.identity, OLD.since, OLD.until, OLD.basis, OLD.authority, OLD.document_number,
        OLD.evidence_id, OLD.digest, OLD.maker_id, OLD.at)
       IS DISTINCT FROM (NEW.id, NEW.kind, NEW.user_id, NEW.name, NEW.identity, NEW.since, NEW.until, NEW.basis, NEW.authority,
        NEW.document_number, NEW.evidence_id, NEW.digest, NEW.maker_id, NEW.at)
       OR (OLD.state <> 'proposed' AND (OLD.state, OLD.checker_id, OLD.decided_at) IS DISTINCT FROM (NEW.state, NEW.checker_id, NEW.decided_at))
       OR (OLD.ended_on IS NOT NULL AND (OLD.ended_on, OLD.ended_by_id, OLD.end_reason) IS DISTINCT FROM (NEW.ended_on, NEW.ended_by_id, NEW.end_reason)) THEN
        RAISE 'a bar keeps its terms and is decided once' USING ERRCODE = '23514', CONSTRAINT = 'bar_keeps_its_terms';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER bar_goes_its_way BEFORE INSERT OR UPDATE ON exchange_barredparty FOR EACH ROW EXECUTE FUNCTION exchange_bar_goes_its_way();
CREATE TRIGGER bar_is_kept BEFORE DELETE ON exchange_barredparty FOR EACH ROW EXECUTE FUNCTION exchange_fixed();

-- Nobody who is barred has an order taken in, whoever writes it. The business day is Beijing's.
CREATE FUNCTION exchange_order_is_of_nobody_barred() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    IF EXISTS (
        SELECT FROM exchange_barredparty b JOIN added o ON b.user_id = o.placed_by_id
            OR (b.kind = 'organisation' AND b.identity = (SELECT uscc FROM accounts_organisation WHERE id = o.organisation_id))
        WHERE b.state = 'approved' AND (o.at AT TIME ZONE 'Asia/Shanghai')::date BETWEEN b.since AND b.until
          AND (b.ended_on IS NULL OR (o.at AT TIME ZONE 'Asia/Shanghai')::date < b.ended_on)
    ) THEN
        RAISE 'somebody who is barred places no order' USING ERRCODE = '23514', CONSTRAINT = TG_NAME;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER order_is_of_nobody_barred AFTER INSERT ON exchange_order REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION exchange_order_is_of_nobody_barred();

REVOKE UPDATE, DELETE ON exchange_watchedday FROM tanhui_app;
REVOKE DELETE ON exchange_surveillancealert, exchange_surveillancecase, exchange_casemeasure, exchange_barredparty FROM tanhui_app;
