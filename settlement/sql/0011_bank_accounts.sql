-- Money leaves only to the holder's own bound account, or back to who paid it; what was asked for never changes.
CREATE TRIGGER bank_account_begins_proposed BEFORE INSERT ON settlement_bankaccount FOR EACH ROW
    WHEN (NEW.state <> 'proposed') EXECUTE FUNCTION settlement_begins_proposed();
CREATE TRIGGER bank_account_content_is_fixed BEFORE UPDATE ON settlement_bankaccount FOR EACH ROW
    WHEN ((OLD.id, OLD.organisation_id, OLD.bank_name, OLD.account_name, OLD.account_number, OLD.proposed_by_id, OLD.proposed_at)
          IS DISTINCT FROM (NEW.id, NEW.organisation_id, NEW.bank_name, NEW.account_name, NEW.account_number, NEW.proposed_by_id, NEW.proposed_at)
          OR (OLD.approved_by_id IS NOT NULL AND (OLD.approved_by_id, OLD.approved_at) IS DISTINCT FROM (NEW.approved_by_id, NEW.approved_at))
          OR (OLD.bound_at IS NOT NULL AND (OLD.bound_at, OLD.usable_from) IS DISTINCT FROM (NEW.bound_at, NEW.usable_from)))
    EXECUTE FUNCTION settlement_fixed();
CREATE TRIGGER bank_account_is_kept BEFORE DELETE ON settlement_bankaccount FOR EACH ROW EXECUTE FUNCTION settlement_fixed();
CREATE TRIGGER bank_account_is_not_truncated BEFORE TRUNCATE ON settlement_bankaccount FOR EACH STATEMENT EXECUTE FUNCTION settlement_fixed();

CREATE FUNCTION settlement_bank_account_steps() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.account_name IS DISTINCT FROM (SELECT name FROM accounts_organisation WHERE id = NEW.organisation_id) THEN
            RAISE 'a bank account stands in the name of its holder'
                USING ERRCODE = '23514', CONSTRAINT = 'bank_account_is_in_its_holders_name';
        END IF;
        RETURN NEW;
    END IF;
    IF OLD.state <> NEW.state AND (OLD.state, NEW.state) NOT IN (('proposed', 'asked'), ('proposed', 'refused'),
            ('asked', 'bound'), ('asked', 'refused'), ('bound', 'released')) THEN
        RAISE 'a bank account goes no such step' USING ERRCODE = '23514', CONSTRAINT = 'bank_account_goes_step_by_step';
    END IF;
    IF NEW.state = 'released' AND EXISTS (
        SELECT FROM settlement_withdrawal WHERE bank_account_id = NEW.id AND state IN ('asked', 'sent')) THEN
        RAISE 'a payment to the account is under way'
            USING ERRCODE = '23514', CONSTRAINT = 'bank_account_has_no_payment_under_way';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER bank_account_steps BEFORE INSERT OR UPDATE ON settlement_bankaccount FOR EACH ROW
    EXECUTE FUNCTION settlement_bank_account_steps();

ALTER TABLE settlement_withdrawal ADD CONSTRAINT withdrawal_goes_to_its_holders_account
    FOREIGN KEY (bank_account_id, organisation_id) REFERENCES settlement_bankaccount (id, organisation_id);
-- The share lock lets a release of the account wait, or this find it released.
CREATE FUNCTION settlement_withdrawal_goes_to_a_bound_account() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    IF NEW.state <> 'asked' THEN
        RAISE 'a withdrawal begins asked' USING ERRCODE = '23514', CONSTRAINT = 'withdrawal_begins_asked';
    END IF;
    IF NEW.bank_account_id IS NOT NULL THEN
        PERFORM FROM settlement_bankaccount WHERE id = NEW.bank_account_id AND state = 'bound' AND usable_from <= NEW.asked_at FOR SHARE;
        IF NOT FOUND THEN
            RAISE 'money leaves only to a bound account' USING ERRCODE = '23514', CONSTRAINT = 'withdrawal_goes_to_a_bound_account';
        END IF;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER withdrawal_begins BEFORE INSERT ON settlement_withdrawal FOR EACH ROW
    EXECUTE FUNCTION settlement_withdrawal_goes_to_a_bound_account();
CREATE TRIGGER withdrawal_content_is_fixed BEFORE UPDATE ON settlement_withdrawal FOR EACH ROW
    WHEN ((OLD.id, OLD.organisation_id, OLD.bank_account_id, OLD.returns_id, OLD.amount_fen, OLD.asked_by_id, OLD.asked_at)
          IS DISTINCT FROM (NEW.id, NEW.organisation_id, NEW.bank_account_id, NEW.returns_id, NEW.amount_fen, NEW.asked_by_id, NEW.asked_at)
          OR (OLD.state, NEW.state) NOT IN (('asked', 'asked'), ('asked', 'sent'), ('sent', 'sent'), ('sent', 'paid'), ('sent', 'returned'),
                                            ('paid', 'paid'), ('returned', 'returned')))
    EXECUTE FUNCTION settlement_fixed();
CREATE TRIGGER withdrawal_is_kept BEFORE DELETE ON settlement_withdrawal FOR EACH ROW EXECUTE FUNCTION settlement_fixed();
CREATE TRIGGER withdrawal_is_not_truncated BEFORE TRUNCATE ON settlement_withdrawal FOR EACH STATEMENT EXECUTE FUNCTION settlement_fixed();

-- What an organisation has sold for on a day, less its fees, in fen. Trades are settled in batches, which have an index by time.
CREATE FUNCTION settlement_sales_of_day(holder bigint, day date) RETURNS bigint LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
    SELECT coalesce(sum(CASE WHEN l.credited_id = h.id THEN l.units ELSE -l.units END), 0)::bigint
    FROM settlement_settlementbatch b JOIN settlement_entry e ON e.settlement_id = b.id AND e.kind = 'trade'
    JOIN settlement_leg l ON l.entry_id = e.id JOIN settlement_holding h ON h.organisation_id = holder AND h.purpose = 'available'
    JOIN settlement_asset a ON a.id = h.asset_id AND a.kind = 'cash'
    JOIN settlement_holding d ON d.id = l.debited_id
    WHERE b.at >= day::timestamp AT TIME ZONE 'Asia/Shanghai' AND b.at < (day + 1)::timestamp AT TIME ZONE 'Asia/Shanghai'
      AND (l.debited_id = h.id OR (l.credited_id = h.id AND d.organisation_id IS DISTINCT FROM holder))
$$;
CREATE FUNCTION settlement_withdrawal_leaves_sales() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    IF coalesce((SELECT h.units FROM settlement_holding h JOIN settlement_asset a ON a.id = h.asset_id AND a.kind = 'cash'
                 WHERE h.organisation_id = NEW.organisation_id AND h.purpose = 'available'), 0)
       < settlement_sales_of_day(NEW.organisation_id, (NEW.asked_at AT TIME ZONE 'Asia/Shanghai')::date) THEN
        RAISE 'what was sold for today leaves only after the day' USING ERRCODE = '23514', CONSTRAINT = 'withdrawal_leaves_sales_of_the_day';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER withdrawal_leaves_sales_of_the_day AFTER INSERT ON settlement_withdrawal DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (NEW.organisation_id IS NOT NULL) EXECUTE FUNCTION settlement_withdrawal_leaves_sales();

-- Unknown money also goes back to who paid it; where the bank gives it back, it is unknown again.
DROP TRIGGER explanation_content_is_fixed ON settlement_suspenseexplanation;
CREATE TRIGGER explanation_content_is_fixed BEFORE UPDATE ON settlement_suspenseexplanation FOR EACH ROW
    WHEN ((OLD.state <> 'proposed' AND ((OLD.state, OLD.decided_by_id, OLD.decided_at, OLD.entry_id)
              IS DISTINCT FROM ('done', NEW.decided_by_id, NEW.decided_at, NEW.entry_id) OR NEW.state NOT IN ('reversed', 'failed')))
          OR (OLD.id, OLD.notice_id, OLD.organisation_id, OLD.reason, OLD.digest, OLD.proposed_by_id, OLD.proposed_at)
          IS DISTINCT FROM (NEW.id, NEW.notice_id, NEW.organisation_id, NEW.reason, NEW.digest, NEW.proposed_by_id, NEW.proposed_at))
    EXECUTE FUNCTION settlement_fixed();
CREATE OR REPLACE FUNCTION settlement_explanation_moves_its_money() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    IF NEW.state = 'done' AND NOT EXISTS (
        SELECT FROM settlement_entry e JOIN settlement_leg l ON l.entry_id = e.id
        JOIN settlement_holding d ON d.id = l.debited_id JOIN settlement_holding c ON c.id = l.credited_id
        JOIN settlement_banknotice n ON n.id = NEW.notice_id
        WHERE e.id = NEW.entry_id AND l.units = n.amount_fen AND n.organisation_id IS NULL AND d.purpose = 'suspense'
          AND (e.maker_id, e.checker_id) = (NEW.proposed_by_id, NEW.decided_by_id)
          AND CASE WHEN NEW.organisation_id IS NOT NULL
              THEN e.kind = 'suspense_explained' AND c.purpose = 'available' AND c.organisation_id = NEW.organisation_id
              ELSE e.kind = 'withdraw' AND c.purpose = 'in_transit' AND c.organisation_id IS NULL AND EXISTS (
                  SELECT FROM settlement_withdrawal w WHERE w.returns_id = n.id AND w.amount_fen = n.amount_fen
                     AND e.basis = 'withdrawal:' || w.id) END) THEN
        RAISE 'an explanation moves just its money to whom it names' USING ERRCODE = '23514', CONSTRAINT = 'explanation_moves_its_money';
    END IF;
    IF NEW.state = 'reversed' AND NOT EXISTS (SELECT FROM settlement_entryreversal WHERE reverses_id = NEW.entry_id)
       OR NEW.state = 'failed' AND NOT EXISTS (
           SELECT FROM settlement_withdrawal w JOIN settlement_entry e ON e.basis = 'withdrawal:' || w.id
           WHERE e.id = NEW.entry_id AND w.returns_id = NEW.notice_id AND w.state = 'returned') THEN
        RAISE 'an explanation is undone only with its entry' USING ERRCODE = '23514', CONSTRAINT = 'explanation_moves_its_money';
    END IF;
    RETURN NULL;
END $$;

REVOKE ALL ON settlement_bankaccount, settlement_withdrawal FROM tanhui_app;
GRANT SELECT, INSERT ON settlement_bankaccount, settlement_withdrawal TO tanhui_app;
GRANT UPDATE (state, approved_by_id, approved_at, attempts, next_at, last_error, bound_at, usable_from, release_asked_by_id,
    release_asked_at, ended_by_id, ended_at) ON settlement_bankaccount TO tanhui_app;
GRANT EXECUTE ON FUNCTION settlement_sales_of_day TO tanhui_app;
GRANT UPDATE (state, approved_by_id, closed_at) ON settlement_withdrawal TO tanhui_app;
