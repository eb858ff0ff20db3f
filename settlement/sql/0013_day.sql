-- The day: one after the other, sealed before it closes, and closed only without an unexplained fen (I18).
-- What the bank's statements, the ledger and the serials say that is not the same, as far as it concerns a day: all
-- statements up to the first that was taken on it or after it. row_id: of the line, notice, withdrawal, statement or holding.
CREATE FUNCTION settlement_day_differences(the_day date) RETURNS TABLE (what text, place text, row_id bigint, amount bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
    WITH taken AS (
        SELECT * FROM settlement_bankstatement
        WHERE business_date <= coalesce((SELECT min(business_date) FROM settlement_bankstatement WHERE business_date >= the_day), the_day)
    ), newest AS (SELECT max(at) AS at FROM taken),
    balanced AS (SELECT * FROM taken ORDER BY (sequence IS NOT NULL) DESC, id DESC LIMIT 1)
    SELECT 'no_statement', the_day::text, NULL::bigint, 0::bigint
    WHERE NOT EXISTS (SELECT FROM settlement_bankstatement WHERE business_date >= the_day)
    UNION ALL
    SELECT 'line_unexplained', l.bank_serial, l.id, l.fen FROM settlement_statementline l JOIN taken s ON s.id = l.statement_id
    WHERE NOT EXISTS (SELECT FROM settlement_lineexplained e WHERE e.line_id = l.id)
    UNION ALL
    SELECT 'received_on_no_statement', n.bank_serial, n.id, n.amount_fen FROM settlement_banknotice n, newest
    WHERE n.at < newest.at AND NOT EXISTS (SELECT FROM settlement_statementline l WHERE l.bank_serial = n.bank_serial)
    UNION ALL
    SELECT 'paid_on_no_statement', w.id::text, w.id, w.amount_fen FROM settlement_withdrawal w, newest
    WHERE w.state = 'paid' AND w.closed_at < newest.at AND NOT EXISTS (SELECT FROM settlement_lineexplained e WHERE e.withdrawal_id = w.id)
    UNION ALL
    SELECT 'opening_is_not_the_closing_before', later.statement_id, later.id, later.opening_fen - earlier.closing_fen
    FROM taken later JOIN taken earlier ON earlier.account = later.account AND earlier.sequence = later.sequence - 1
    WHERE later.opening_fen <> earlier.closing_fen
    UNION ALL
    SELECT 'balance_is_not_its_movements', b.statement_id, b.id, b.closing_fen - coalesce(sum(l.fen), 0)::bigint
    FROM balanced b LEFT JOIN settlement_bankstatement s ON s.id <= b.id LEFT JOIN settlement_statementline l ON l.statement_id = s.id
    GROUP BY b.id, b.statement_id, b.closing_fen HAVING b.closing_fen <> coalesce(sum(l.fen), 0)
    UNION ALL
    SELECT 'units_are_not_serials', a.code || ' ' || h.purpose, h.id, h.units - coalesce(b.units, 0)
    FROM settlement_holding h JOIN settlement_asset a ON a.id = h.asset_id AND a.kind = 'credit'
    LEFT JOIN (SELECT holding_id, sum(last_serial - first_serial + 1)::bigint AS units FROM settlement_serialblock GROUP BY 1) b ON b.holding_id = h.id
    WHERE h.purpose <> 'issuance' AND h.units <> coalesce(b.units, 0)
    UNION ALL
    SELECT 'issued_is_not_its_range', a.code, h.id, -h.units - (a.last_serial - a.first_serial + 1)
    FROM settlement_holding h JOIN settlement_asset a ON a.id = h.asset_id AND a.kind = 'credit'
    WHERE h.purpose = 'issuance' AND h.units <> 0 AND -h.units <> a.last_serial - a.first_serial + 1
$$;

-- Which transactions had begun when a day was sealed: its last entries may still be on their way in.
ALTER TABLE settlement_settlementday ADD COLUMN sealed_xid xid8;
ALTER TABLE settlement_dayrun ADD COLUMN transaction_id xid8 NOT NULL DEFAULT pg_current_xact_id();

CREATE FUNCTION settlement_day_goes_its_way() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
    before date;
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.sealed_at IS NOT NULL OR NEW.closed_at IS NOT NULL OR NEW.sealed_xid IS NOT NULL OR NEW.reserve_fen IS NOT NULL THEN
            RAISE 'a day begins open' USING ERRCODE = '23514', CONSTRAINT = 'day_begins_open';
        END IF;
        SELECT max(day) INTO before FROM settlement_settlementday;
        IF before IS NOT NULL AND NEW.covers_from <> before + 1 THEN
            RAISE 'a day begins where the one before it ends' USING ERRCODE = '23514', CONSTRAINT = 'day_follows_the_one_before';
        END IF;
        RETURN NEW;
    END IF;
    IF (OLD.day, OLD.covers_from, OLD.opened_at, OLD.recorded_at) IS DISTINCT FROM (NEW.day, NEW.covers_from, NEW.opened_at, NEW.recorded_at)
       OR OLD.sealed_xid IS DISTINCT FROM NEW.sealed_xid
       OR (OLD.sealed_at IS NOT NULL AND OLD.sealed_at IS DISTINCT FROM NEW.sealed_at)
       OR (OLD.closed_at IS NOT NULL AND OLD.closed_at IS DISTINCT FROM NEW.closed_at)
       OR (OLD.reserve_fen IS NOT NULL AND (OLD.reserve_fen, OLD.reserve_entry_id) IS DISTINCT FROM (NEW.reserve_fen, NEW.reserve_entry_id)) THEN
        RAISE 'what a day has become stays' USING ERRCODE = '23514', CONSTRAINT = 'day_goes_one_way';
    END IF;
    IF OLD.sealed_at IS NULL AND NEW.sealed_at IS NOT NULL THEN
        NEW.sealed_xid := pg_current_xact_id();
    END IF;
    IF OLD.closed_at IS NULL AND NEW.closed_at IS NOT NULL THEN
        IF EXISTS (SELECT FROM settlement_settlementday WHERE day < OLD.day AND closed_at IS NULL) THEN
            RAISE 'days close one after the other' USING ERRCODE = '23514', CONSTRAINT = 'day_closes_after_the_one_before';
        END IF;
        IF coalesce(OLD.sealed_xid >= pg_snapshot_xmin(pg_current_snapshot()), true) THEN
            RAISE 'an entry of the day may still be on its way' USING ERRCODE = '23514', CONSTRAINT = 'day_closes_when_nothing_is_on_its_way';
        END IF;
        IF (SELECT count(*) FROM (
                SELECT DISTINCT ON (r.step) r.step, r.found AS differences, r.transaction_id FROM settlement_dayrun r WHERE r.day_id = OLD.day ORDER BY r.step, r.id DESC) newest
            WHERE newest.step IN ('clearing', 'reconciliation') AND newest.differences = 0 AND newest.transaction_id > OLD.sealed_xid) <> 2
           OR EXISTS (SELECT FROM settlement_day_differences(OLD.day)) THEN
            RAISE 'a day with a difference does not close' USING ERRCODE = '23514', CONSTRAINT = 'day_closes_without_a_difference';
        END IF;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER day_goes_its_way BEFORE INSERT OR UPDATE ON settlement_settlementday FOR EACH ROW EXECUTE FUNCTION settlement_day_goes_its_way();
CREATE TRIGGER day_is_kept BEFORE DELETE ON settlement_settlementday FOR EACH ROW EXECUTE FUNCTION settlement_fixed();
CREATE TRIGGER day_is_not_truncated BEFORE TRUNCATE ON settlement_settlementday FOR EACH STATEMENT EXECUTE FUNCTION settlement_fixed();

CREATE FUNCTION settlement_day_reserve_is_moved() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM settlement_entry e JOIN settlement_leg l ON l.entry_id = e.id
        JOIN settlement_holding d ON d.id = l.debited_id JOIN settlement_holding c ON c.id = l.credited_id
        WHERE e.id = NEW.reserve_entry_id AND e.kind = 'reserve' AND e.basis = 'day:' || NEW.day AND l.units = NEW.reserve_fen
          AND d.purpose = 'fees' AND c.purpose = 'risk_reserve' AND c.organisation_id IS NULL) THEN
        RAISE 'the reserve of a day is moved by its entry' USING ERRCODE = '23514', CONSTRAINT = 'day_reserve_is_moved';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER day_reserve_is_moved AFTER UPDATE ON settlement_settlementday FOR EACH ROW
    WHEN (OLD.reserve_entry_id IS NULL AND NEW.reserve_entry_id IS NOT NULL) EXECUTE FUNCTION settlement_day_reserve_is_moved();

CREATE FUNCTION settlement_day_run_is_of_an_unclosed_day() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    IF EXISTS (SELECT FROM settlement_settlementday WHERE day = NEW.day_id AND closed_at IS NOT NULL) THEN
        RAISE 'a closed day is not run again' USING ERRCODE = '23514', CONSTRAINT = 'day_run_is_of_an_unclosed_day';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER day_run_is_of_an_unclosed_day BEFORE INSERT ON settlement_dayrun FOR EACH ROW EXECUTE FUNCTION settlement_day_run_is_of_an_unclosed_day();
CREATE TRIGGER day_run_is_append_only BEFORE UPDATE OR DELETE ON settlement_dayrun FOR EACH ROW EXECUTE FUNCTION settlement_fixed();
CREATE TRIGGER day_run_is_not_truncated BEFORE TRUNCATE ON settlement_dayrun FOR EACH STATEMENT EXECUTE FUNCTION settlement_fixed();

-- No entry comes into a day that is sealed: what was cleared and reconciled stays what it was.
CREATE FUNCTION settlement_entry_is_of_an_open_day() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    IF (SELECT min(business_date) FROM added) <= (SELECT max(day) FROM settlement_settlementday WHERE sealed_at IS NOT NULL) THEN
        RAISE 'the day of the entry is sealed' USING ERRCODE = '23514', CONSTRAINT = 'entry_is_of_an_open_day';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER entry_is_of_an_open_day AFTER INSERT ON settlement_entry REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION settlement_entry_is_of_an_open_day();

-- What an organisation has sold for, less its fees, in fen, on the days that are not closed: until `day`, from the day after the
-- last closed one, or from the first; where there are no days yet, on `day` alone.
DROP FUNCTION settlement_sales_of_day;
CREATE FUNCTION settlement_sales_not_closed(holder bigint, day date) RETURNS bigint LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
    WITH first AS (
        SELECT least(day, coalesce((SELECT max(d.day) + 1 FROM settlement_settlementday d WHERE d.closed_at IS NOT NULL),
                                   (SELECT min(d.covers_from) FROM settlement_settlementday d))) AS day)
    SELECT coalesce(sum(CASE WHEN l.credited_id = h.id THEN l.units ELSE -l.units END), 0)::bigint
    FROM first, settlement_settlementbatch b JOIN settlement_entry e ON e.settlement_id = b.id AND e.kind = 'trade'
    JOIN settlement_leg l ON l.entry_id = e.id JOIN settlement_holding h ON h.organisation_id = holder AND h.purpose = 'available'
    JOIN settlement_asset a ON a.id = h.asset_id AND a.kind = 'cash'
    JOIN settlement_holding d ON d.id = l.debited_id
    WHERE b.at >= first.day::timestamp AT TIME ZONE 'Asia/Shanghai' AND b.at < (settlement_sales_not_closed.day + 1)::timestamp AT TIME ZONE 'Asia/Shanghai'
      AND (l.debited_id = h.id OR (l.credited_id = h.id AND d.organisation_id IS DISTINCT FROM holder))
$$;
CREATE FUNCTION settlement_claimed_from(holder bigint) RETURNS bigint LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
    SELECT coalesce(sum(claimed_fen), 0)::bigint FROM settlement_objection WHERE against_id = holder AND state IN ('raised', 'proposed')
$$;
CREATE OR REPLACE FUNCTION settlement_withdrawal_leaves_sales() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
    available bigint; sales bigint;
BEGIN
    SELECT coalesce(sum(h.units), 0) INTO available FROM settlement_holding h JOIN settlement_asset a ON a.id = h.asset_id AND a.kind = 'cash'
    WHERE h.organisation_id = NEW.organisation_id AND h.purpose = 'available';
    sales := greatest(0, settlement_sales_not_closed(NEW.organisation_id, (NEW.asked_at AT TIME ZONE 'Asia/Shanghai')::date));
    IF available < sales THEN
        RAISE 'what was sold for leaves only after the day is closed' USING ERRCODE = '23514', CONSTRAINT = 'withdrawal_leaves_sales_of_the_day';
    END IF;
    IF available < sales + settlement_claimed_from(NEW.organisation_id) THEN
        RAISE 'what an objection claims does not leave' USING ERRCODE = '23514', CONSTRAINT = 'withdrawal_leaves_what_is_claimed';
    END IF;
    RETURN NULL;
END $$;

-- Objections: of a party of the trade against the other, until the next opening; ended by two persons.
CREATE FUNCTION settlement_objection_is_raised() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    IF NEW.state <> 'raised' THEN
        RAISE 'an objection begins raised' USING ERRCODE = '23514', CONSTRAINT = 'objection_begins_raised';
    END IF;
    IF NOT EXISTS (
        SELECT FROM settlement_entry e JOIN settlement_leg l ON l.entry_id = e.id JOIN settlement_asset a ON a.id = l.asset_id AND a.kind = 'cash'
        JOIN settlement_holding d ON d.id = l.debited_id JOIN settlement_holding c ON c.id = l.credited_id
        WHERE e.id = NEW.entry_id AND e.kind = 'trade' AND d.organisation_id <> c.organisation_id AND l.units >= NEW.claimed_fen
          AND (NEW.organisation_id, NEW.against_id) IN ((d.organisation_id, c.organisation_id), (c.organisation_id, d.organisation_id))) THEN
        RAISE 'an objection is of one party of a trade against the other, over at most its value'
            USING ERRCODE = '23514', CONSTRAINT = 'objection_is_of_a_party';
    END IF;
    IF (SELECT business_date FROM settlement_entry WHERE id = NEW.entry_id) <= coalesce(
            (SELECT max(day) FROM settlement_settlementday WHERE sealed_at IS NOT NULL), (SELECT min(covers_from) - 1 FROM settlement_settlementday),
            (NEW.raised_at AT TIME ZONE 'Asia/Shanghai')::date - 1) THEN
        RAISE 'objections end with the next opening' USING ERRCODE = '23514', CONSTRAINT = 'objection_is_in_time';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER objection_is_raised BEFORE INSERT ON settlement_objection FOR EACH ROW EXECUTE FUNCTION settlement_objection_is_raised();
CREATE TRIGGER objection_content_is_fixed BEFORE UPDATE ON settlement_objection FOR EACH ROW
    WHEN ((OLD.id, OLD.entry_id, OLD.organisation_id, OLD.against_id, OLD.claimed_fen, OLD.reason, OLD.raised_by_id, OLD.raised_at)
          IS DISTINCT FROM (NEW.id, NEW.entry_id, NEW.organisation_id, NEW.against_id, NEW.claimed_fen, NEW.reason, NEW.raised_by_id, NEW.raised_at)
          OR (OLD.state, NEW.state) NOT IN (('raised', 'proposed'), ('raised', 'withdrawn'), ('proposed', 'raised'), ('proposed', 'withdrawn'),
                                            ('proposed', 'dismissed'), ('proposed', 'compensated'))
          OR (NEW.state IN ('dismissed', 'compensated')
              AND (OLD.finding, OLD.compensation_fen, OLD.paid_from, OLD.digest, OLD.proposed_by_id, OLD.proposed_at)
              IS DISTINCT FROM (NEW.finding, NEW.compensation_fen, NEW.paid_from, NEW.digest, NEW.proposed_by_id, NEW.proposed_at)))
    EXECUTE FUNCTION settlement_fixed();
CREATE TRIGGER objection_is_kept BEFORE DELETE ON settlement_objection FOR EACH ROW EXECUTE FUNCTION settlement_fixed();
CREATE TRIGGER objection_is_not_truncated BEFORE TRUNCATE ON settlement_objection FOR EACH STATEMENT EXECUTE FUNCTION settlement_fixed();

CREATE FUNCTION settlement_compensation_moves_what_was_decided() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM settlement_entry e JOIN settlement_leg l ON l.entry_id = e.id
        JOIN settlement_holding d ON d.id = l.debited_id JOIN settlement_holding c ON c.id = l.credited_id
        WHERE e.id = NEW.compensation_id AND e.kind = 'compensation' AND e.basis = 'objection:' || NEW.id AND l.units = NEW.compensation_fen
          AND (e.maker_id, e.checker_id) = (NEW.proposed_by_id, NEW.decided_by_id)
          AND c.purpose = 'available' AND c.organisation_id = NEW.organisation_id
          AND CASE NEW.paid_from WHEN 'counterparty' THEN d.purpose = 'available' AND d.organisation_id = NEW.against_id
              ELSE d.purpose = 'risk_reserve' AND d.organisation_id IS NULL END) THEN
        RAISE 'a compensation moves just what was decided' USING ERRCODE = '23514', CONSTRAINT = 'compensation_moves_what_was_decided';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER compensation_moves_what_was_decided AFTER UPDATE ON settlement_objection FOR EACH ROW
    WHEN (NEW.state = 'compensated') EXECUTE FUNCTION settlement_compensation_moves_what_was_decided();

REVOKE ALL ON settlement_settlementday, settlement_dayrun, settlement_objection FROM tanhui_app;
GRANT SELECT ON settlement_settlementday, settlement_dayrun, settlement_objection TO tanhui_app;
GRANT INSERT (day, covers_from, opened_at, sealed_at, closed_at, reserve_fen, reserve_entry_id, recorded_at) ON settlement_settlementday TO tanhui_app;
GRANT UPDATE (sealed_at, closed_at, reserve_fen, reserve_entry_id) ON settlement_settlementday TO tanhui_app;
GRANT INSERT (day_id, step, run_by_id, at, figures, differences, found, recorded_at) ON settlement_dayrun TO tanhui_app;
GRANT INSERT (entry_id, organisation_id, against_id, claimed_fen, reason, state, raised_by_id, raised_at, finding, paid_from, digest,
    compensation_fen, proposed_by_id, proposed_at, decided_by_id, decided_at, compensation_id, recorded_at) ON settlement_objection TO tanhui_app;
GRANT UPDATE (state, finding, compensation_fen, paid_from, digest, proposed_by_id, proposed_at, decided_by_id, decided_at, compensation_id)
    ON settlement_objection TO tanhui_app;
GRANT EXECUTE ON FUNCTION settlement_sales_not_closed, settlement_claimed_from, settlement_day_differences TO tanhui_app;
