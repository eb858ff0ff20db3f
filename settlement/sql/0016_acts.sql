-- An entry is what its kind says. Without this, whoever can write into the ledger could call anything anything: move a holder's
-- credits to another as a "hold", let money in as a "deposit" that no bank told of.

-- Which ways each kind of entry may move units: of which kind of asset, from which purpose to which, and whether both ends are of
-- one holder ("same", also where neither has one) or not ("other"). What is not here is refused; so is a kind that is not here.
CREATE TABLE settlement_entrymove (
    kind text NOT NULL, asset_kind text NOT NULL, source text NOT NULL, target text NOT NULL, holders text NOT NULL,
    PRIMARY KEY (kind, asset_kind, source, target, holders)
);
INSERT INTO settlement_entrymove VALUES
    ('issue', 'credit', 'issuance', 'available', 'other'), ('issue', 'credit', 'available', 'buffer', 'other'),
    ('hold', 'credit', 'available', 'held_for_orders', 'same'), ('hold', 'cash', 'available', 'held_for_orders', 'same'),
    ('release', 'credit', 'held_for_orders', 'available', 'same'), ('release', 'cash', 'held_for_orders', 'available', 'same'),
    ('trade', 'credit', 'held_for_orders', 'available', 'other'), ('trade', 'cash', 'held_for_orders', 'available', 'other'),
    ('trade', 'cash', 'held_for_orders', 'available', 'same'), ('trade', 'cash', 'held_for_orders', 'fees', 'other'),
    ('trade', 'cash', 'available', 'fees', 'other'),
    ('retire', 'credit', 'available', 'retired', 'same'),
    ('deposit', 'cash', 'bank', 'available', 'other'), ('deposit', 'cash', 'bank', 'suspense', 'same'),
    ('withdraw', 'cash', 'available', 'in_transit', 'same'), ('withdraw', 'cash', 'suspense', 'in_transit', 'same'),
    ('withdrawal_paid', 'cash', 'in_transit', 'bank', 'other'), ('withdrawal_paid', 'cash', 'in_transit', 'bank', 'same'),
    ('withdrawal_returned', 'cash', 'in_transit', 'available', 'same'), ('withdrawal_returned', 'cash', 'in_transit', 'suspense', 'same'),
    ('suspense_explained', 'cash', 'suspense', 'available', 'other'),
    ('freeze', 'credit', 'available', 'frozen', 'same'), ('freeze', 'credit', 'pledged', 'frozen', 'same'),
    ('unfreeze', 'credit', 'frozen', 'available', 'same'), ('unfreeze', 'credit', 'frozen', 'pledged', 'same'),
    ('pledge', 'credit', 'available', 'pledged', 'same'), ('pledge', 'credit', 'available', 'frozen', 'same'),
    ('release_pledge', 'credit', 'pledged', 'available', 'same'), ('release_pledge', 'credit', 'pledged', 'frozen', 'same'),
    ('release_pledge', 'credit', 'frozen', 'available', 'same'),
    ('transfer_hold', 'credit', 'available', 'in_transit', 'same'),
    ('transfer', 'credit', 'in_transit', 'available', 'other'),
    ('transfer_release', 'credit', 'in_transit', 'available', 'same'),
    ('reversal', 'credit', 'available', 'in_transit', 'other'), ('reversal', 'cash', 'available', 'suspense', 'other'),
    ('reserve', 'cash', 'fees', 'risk_reserve', 'same'),
    ('compensation', 'cash', 'available', 'available', 'other'), ('compensation', 'cash', 'risk_reserve', 'available', 'other');

CREATE FUNCTION settlement_leg_way_is_of_its_kind() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    IF EXISTS (
        SELECT FROM added l
        JOIN settlement_entry e ON e.id = l.entry_id JOIN settlement_asset a ON a.id = l.asset_id
        JOIN settlement_holding d ON d.id = l.debited_id JOIN settlement_holding c ON c.id = l.credited_id
        LEFT JOIN settlement_entrymove m ON m.kind = e.kind AND m.asset_kind = a.kind AND m.source = d.purpose AND m.target = c.purpose
            AND m.holders = CASE WHEN d.organisation_id IS NOT DISTINCT FROM c.organisation_id THEN 'same' ELSE 'other' END
        WHERE m.kind IS NULL
    ) THEN
        RAISE 'an entry of this kind moves nothing this way' USING ERRCODE = '23514', CONSTRAINT = 'leg_way_is_of_its_kind';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER leg_way_is_of_its_kind AFTER INSERT ON settlement_leg REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION settlement_leg_way_is_of_its_kind();

-- A trade is settled with its batch, where the exchange sees it.
ALTER TABLE settlement_entry ADD CONSTRAINT trade_is_settled_in_a_batch CHECK (kind <> 'trade' OR settlement_id IS NOT NULL);

-- At commit: money that comes, goes or changes hands by other acts than a trade is that of the row that stands for the act.
CREATE FUNCTION settlement_entry_of_money() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
    moved record; entry_key text;
BEGIN
    SELECT count(*) AS legs, sum(l.units) AS fen, min(d.organisation_id) AS giver, min(c.organisation_id) AS receiver INTO moved
    FROM settlement_leg l JOIN settlement_holding d ON d.id = l.debited_id JOIN settlement_holding c ON c.id = l.credited_id
    WHERE l.entry_id = NEW.id;
    SELECT k.key INTO entry_key FROM settlement_entrykey k WHERE k.entry_id = NEW.id;
    IF moved.legs <> 1 OR NOT (CASE NEW.kind
        WHEN 'deposit' THEN EXISTS (
            SELECT FROM settlement_banknotice n WHERE n.entry_id = NEW.id AND n.amount_fen = moved.fen
               AND n.organisation_id IS NOT DISTINCT FROM moved.receiver AND entry_key = 'bank:' || n.bank_serial)
        WHEN 'suspense_explained' THEN EXISTS (
            SELECT FROM settlement_suspenseexplanation x WHERE x.entry_id = NEW.id AND x.state = 'done')
        WHEN 'reserve' THEN EXISTS (SELECT FROM settlement_settlementday s WHERE s.reserve_entry_id = NEW.id)
        WHEN 'compensation' THEN EXISTS (SELECT FROM settlement_objection o WHERE o.compensation_id = NEW.id)
        ELSE EXISTS (
            SELECT FROM settlement_withdrawal w WHERE w.amount_fen = moved.fen AND w.organisation_id IS NOT DISTINCT FROM moved.giver
               AND (NEW.kind = 'withdraw' AND entry_key = 'withdrawal:' || w.id || ':ask'
                    OR NEW.kind <> 'withdraw' AND w.state = substr(NEW.kind, 12) AND entry_key = 'withdrawal:' || w.id || ':' || w.state))
        END) THEN
        RAISE 'money moves for an act that is on record' USING ERRCODE = '23514', CONSTRAINT = TG_NAME;
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER entry_names_its_money AFTER INSERT ON settlement_entry DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (NEW.kind IN ('deposit', 'withdraw', 'withdrawal_paid', 'withdrawal_returned', 'suspense_explained', 'reserve', 'compensation'))
    EXECUTE FUNCTION settlement_entry_of_money();

-- The house holds what is nobody's, and only that: sources, pools and its own accounts have no organisation.
ALTER TABLE settlement_holding ADD CONSTRAINT holding_purpose_is_known CHECK (
    CASE WHEN purpose IN ('suspense', 'fees', 'risk_reserve', 'buffer') THEN organisation_id IS NULL
         WHEN purpose IN ('in_transit', 'issuance', 'bank') THEN true -- The sources: `source_is_the_systems`.
         ELSE purpose IN ('available', 'held_for_orders', 'pledged', 'frozen', 'retired', 'cancelled', 'exported') AND organisation_id IS NOT NULL END);

-- Under which reference somebody pays in never changes.
CREATE TRIGGER deposit_reference_is_fixed BEFORE UPDATE OR DELETE ON settlement_depositreference FOR EACH ROW EXECUTE FUNCTION settlement_fixed();
CREATE TRIGGER deposit_reference_is_not_truncated BEFORE TRUNCATE ON settlement_depositreference FOR EACH STATEMENT EXECUTE FUNCTION settlement_fixed();
REVOKE UPDATE, DELETE ON settlement_depositreference FROM tanhui_app;

-- A withdrawal ends with the bank's word and at that moment.
ALTER TABLE settlement_withdrawal ADD CONSTRAINT ended_withdrawal_has_its_time CHECK ((state IN ('paid', 'returned')) = (closed_at IS NOT NULL));
CREATE TRIGGER ended_withdrawal_is_fixed BEFORE UPDATE ON settlement_withdrawal FOR EACH ROW
    WHEN (OLD.state IN ('paid', 'returned') OR (OLD.approved_by_id IS NOT NULL AND OLD.approved_by_id IS DISTINCT FROM NEW.approved_by_id))
    EXECUTE FUNCTION settlement_fixed();

-- Above the limit of the day a second person has approved it before it is sent.
CREATE FUNCTION settlement_withdrawal_is_sent() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    IF NEW.approved_by_id IS NULL AND NEW.amount_fen >= (
            SELECT (r.value #>> '{}')::bigint FROM rulebook_rulevalue r WHERE r.scheme = 'nm_regional' AND r.key = 'cash.withdrawal_two_persons_from_fen'
               AND r.in_force_from <= (NEW.asked_at AT TIME ZONE 'Asia/Shanghai')::date
               AND (r.in_force_to IS NULL OR r.in_force_to > (NEW.asked_at AT TIME ZONE 'Asia/Shanghai')::date)) THEN
        RAISE 'so much money leaves by two persons' USING ERRCODE = '23514', CONSTRAINT = TG_NAME;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER large_withdrawal_has_two_persons BEFORE UPDATE ON settlement_withdrawal FOR EACH ROW
    WHEN (OLD.state = 'asked' AND NEW.state = 'sent') EXECUTE FUNCTION settlement_withdrawal_is_sent();

-- An order to the bank is of a withdrawal that is sent, stays, and is done once.
CREATE FUNCTION settlement_payment_order_is_of_a_sent_withdrawal() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM settlement_withdrawal WHERE id = NEW.withdrawal_id AND state = 'sent') THEN
        RAISE 'only a withdrawal that is sent is ordered from the bank' USING ERRCODE = '23514', CONSTRAINT = TG_NAME;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER payment_order_is_of_a_sent_withdrawal BEFORE INSERT ON settlement_paymentorder FOR EACH ROW
    EXECUTE FUNCTION settlement_payment_order_is_of_a_sent_withdrawal();
CREATE TRIGGER payment_order_is_done_once BEFORE UPDATE ON settlement_paymentorder FOR EACH ROW
    WHEN (OLD.id <> NEW.id OR OLD.withdrawal_id <> NEW.withdrawal_id OR (OLD.done_at IS NOT NULL AND NEW.done_at IS NULL))
    EXECUTE FUNCTION settlement_fixed();
CREATE TRIGGER payment_order_is_kept BEFORE DELETE ON settlement_paymentorder FOR EACH ROW EXECUTE FUNCTION settlement_fixed();
CREATE TRIGGER payment_order_is_not_truncated BEFORE TRUNCATE ON settlement_paymentorder FOR EACH STATEMENT EXECUTE FUNCTION settlement_fixed();

-- A day: what the ledger holds at the bank is what the bank told us of, and unknown money is what nobody has explained.
ALTER FUNCTION settlement_day_differences RENAME TO settlement_day_differences_of_rows;
CREATE FUNCTION settlement_day_differences(the_day date) RETURNS TABLE (what text, place text, row_id bigint, amount bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
    SELECT * FROM settlement_day_differences_of_rows(the_day)
    UNION ALL
    SELECT 'ledger_is_not_the_bank', h.purpose, h.id, (-h.units - told.fen)::bigint FROM settlement_holding h, (
        SELECT (SELECT coalesce(sum(amount_fen), 0) FROM settlement_banknotice)
             - (SELECT coalesce(sum(amount_fen), 0) FROM settlement_withdrawal WHERE state = 'paid') AS fen) told
    WHERE h.purpose = 'bank' AND -h.units <> told.fen
    UNION ALL
    SELECT 'suspense_is_not_the_unknown', h.purpose, h.id, (h.units - open.fen)::bigint FROM settlement_holding h, (
        SELECT (SELECT coalesce(sum(amount_fen), 0) FROM settlement_banknotice WHERE organisation_id IS NULL)
             - (SELECT coalesce(sum(n.amount_fen), 0) FROM settlement_suspenseexplanation x JOIN settlement_banknotice n ON n.id = x.notice_id
                WHERE x.state = 'done' AND x.organisation_id IS NOT NULL)
             - (SELECT coalesce(sum(amount_fen), 0) FROM settlement_withdrawal WHERE returns_id IS NOT NULL AND state <> 'returned') AS fen) open
    WHERE h.purpose = 'suspense' AND h.units <> open.fen
$$;
REVOKE ALL ON FUNCTION settlement_day_differences_of_rows, settlement_day_differences FROM PUBLIC;
GRANT EXECUTE ON FUNCTION settlement_day_differences TO tanhui_app;
REVOKE ALL ON settlement_entrymove FROM tanhui_app;
GRANT SELECT ON settlement_entrymove TO tanhui_app;
REVOKE DELETE ON settlement_paymentorder, settlement_withdrawal FROM tanhui_app;
