-- Unknown money leaves suspense for whom two persons found it belongs to, and just that money.
CREATE TRIGGER explanation_begins_proposed BEFORE INSERT ON settlement_suspenseexplanation FOR EACH ROW
    WHEN (NEW.state <> 'proposed') EXECUTE FUNCTION settlement_begins_proposed();
CREATE TRIGGER explanation_content_is_fixed BEFORE UPDATE ON settlement_suspenseexplanation FOR EACH ROW
    WHEN ((OLD.state <> 'proposed' AND (OLD.state, NEW.state, OLD.decided_by_id, OLD.decided_at, OLD.entry_id)
              IS DISTINCT FROM ('done', 'reversed', NEW.decided_by_id, NEW.decided_at, NEW.entry_id)) OR (OLD.id, OLD.notice_id, OLD.organisation_id, OLD.reason, OLD.digest, OLD.proposed_by_id, OLD.proposed_at)
          IS DISTINCT FROM (NEW.id, NEW.notice_id, NEW.organisation_id, NEW.reason, NEW.digest, NEW.proposed_by_id, NEW.proposed_at))
    EXECUTE FUNCTION settlement_fixed();
CREATE TRIGGER explanation_is_kept BEFORE DELETE ON settlement_suspenseexplanation FOR EACH ROW EXECUTE FUNCTION settlement_fixed();
CREATE TRIGGER explanation_is_not_truncated BEFORE TRUNCATE ON settlement_suspenseexplanation FOR EACH STATEMENT EXECUTE FUNCTION settlement_fixed();

CREATE FUNCTION settlement_explanation_moves_its_money() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    IF NEW.state = 'done' AND NOT EXISTS (
        SELECT FROM settlement_entry e JOIN settlement_leg l ON l.entry_id = e.id
        JOIN settlement_holding d ON d.id = l.debited_id JOIN settlement_holding c ON c.id = l.credited_id
        JOIN settlement_banknotice n ON n.id = NEW.notice_id
        WHERE e.id = NEW.entry_id AND e.kind = 'suspense_explained' AND l.units = n.amount_fen AND n.organisation_id IS NULL
          AND d.purpose = 'suspense' AND c.purpose = 'available' AND c.organisation_id = NEW.organisation_id
          AND (e.maker_id, e.checker_id) = (NEW.proposed_by_id, NEW.decided_by_id)) THEN
        RAISE 'an explanation moves just its money to whom it names' USING ERRCODE = '23514', CONSTRAINT = 'explanation_moves_its_money';
    END IF;
    IF NEW.state = 'reversed' AND NOT EXISTS (SELECT FROM settlement_entryreversal WHERE reverses_id = NEW.entry_id) THEN
        RAISE 'an explanation is reversed by the reversal of its entry' USING ERRCODE = '23514', CONSTRAINT = 'explanation_moves_its_money';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER explanation_moves_its_money AFTER UPDATE ON settlement_suspenseexplanation FOR EACH ROW
    EXECUTE FUNCTION settlement_explanation_moves_its_money();

REVOKE ALL ON settlement_suspenseexplanation FROM tanhui_app;
GRANT SELECT ON settlement_suspenseexplanation TO tanhui_app;
GRANT INSERT ON settlement_suspenseexplanation TO tanhui_app;
GRANT UPDATE (state, decided_by_id, decided_at, entry_id) ON settlement_suspenseexplanation TO tanhui_app;
