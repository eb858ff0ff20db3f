-- What purchases are open for, by instrument and organisation, as of now.
INSERT INTO exchange_purchasesasked (instrument_id, organisation_id, units, day)
    SELECT instrument_id, organisation_id, sum(quantity), max((at AT TIME ZONE 'Asia/Shanghai')::date) FROM exchange_order
    WHERE side = 'buy' GROUP BY 1, 2;
INSERT INTO exchange_purchasesdone (instrument_id, organisation_id, units)
    SELECT instrument_id, organisation_id, sum(quantity - remaining) FROM exchange_order WHERE side = 'buy' GROUP BY 1, 2;
ALTER TABLE exchange_purchasesasked SET (fillfactor = 50);
ALTER TABLE exchange_purchasesdone SET (fillfactor = 50);

CREATE TRIGGER purchases_asked_only_rise BEFORE UPDATE ON exchange_purchasesasked FOR EACH ROW
    WHEN (NEW.units < OLD.units OR (OLD.id, OLD.instrument_id, OLD.organisation_id) IS DISTINCT FROM (NEW.id, NEW.instrument_id, NEW.organisation_id))
    EXECUTE FUNCTION exchange_fixed();
CREATE TRIGGER purchases_asked_are_kept BEFORE DELETE ON exchange_purchasesasked FOR EACH ROW EXECUTE FUNCTION exchange_fixed();
CREATE TRIGGER purchases_done_only_rise BEFORE UPDATE ON exchange_purchasesdone FOR EACH ROW
    WHEN (NEW.units < OLD.units OR (OLD.id, OLD.instrument_id, OLD.organisation_id) IS DISTINCT FROM (NEW.id, NEW.instrument_id, NEW.organisation_id))
    EXECUTE FUNCTION exchange_fixed();
CREATE TRIGGER purchases_done_are_kept BEFORE DELETE ON exchange_purchasesdone FOR EACH ROW EXECUTE FUNCTION exchange_fixed();

-- The number that a rule of a scheme has on a day; null where there is none.
CREATE FUNCTION exchange_rule_number(of_scheme text, of_key text, on_day date) RETURNS numeric LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
    SELECT (value #>> '{}')::numeric FROM rulebook_rulevalue
    WHERE scheme = of_scheme AND key = of_key AND in_force_from <= on_day AND (in_force_to IS NULL OR in_force_to > on_day)
$$;

-- Who buys stays within the position limit of his control group, and one holder too many is none. The instrument's queue is
-- locked by whoever takes an order in; it is locked here, too, for whoever does not.
CREATE FUNCTION exchange_purchases_within_limits() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
    what exchange_instrument; most numeric; cap numeric; held bigint; open bigint; own bigint; holders bigint; grouped text;
BEGIN
    PERFORM FROM exchange_matchstate WHERE instrument_id = NEW.instrument_id AND kind = 'accept' FOR UPDATE;
    SELECT * INTO what FROM exchange_instrument WHERE id = NEW.instrument_id;
    most := exchange_rule_number(what.rule_scheme, 'trading.position_limit', NEW.day);
    cap := exchange_rule_number(what.rule_scheme, 'trading.most_holders', NEW.day);
    IF most IS NULL AND cap IS NULL THEN
        RETURN NULL;
    END IF;
    SELECT coalesce(nullif(o.control_group, ''), 'organisation:' || o.id) INTO grouped FROM accounts_organisation o WHERE o.id = NEW.organisation_id;
    SELECT coalesce(sum(h.units) FILTER (WHERE coalesce(nullif(o.control_group, ''), 'organisation:' || o.id) = grouped), 0),
           coalesce(sum(h.units) FILTER (WHERE h.organisation_id = NEW.organisation_id), 0)
    INTO held, own
    FROM settlement_asset a JOIN settlement_holding h ON h.asset_id = a.id AND h.units > 0
        AND h.purpose IN ('available', 'held_for_orders', 'pledged', 'frozen', 'in_transit')
    JOIN accounts_organisation o ON o.id = h.organisation_id
    WHERE a.kind = 'credit' AND a.project_code = what.project_code AND a.vintage_year = what.vintage_year;
    SELECT coalesce(sum(p.units - coalesce(d.units, 0)), 0) INTO open FROM exchange_purchasesasked p
    JOIN accounts_organisation o ON o.id = p.organisation_id AND coalesce(nullif(o.control_group, ''), 'organisation:' || o.id) = grouped
    LEFT JOIN exchange_purchasesdone d ON d.instrument_id = p.instrument_id AND d.organisation_id = p.organisation_id
    WHERE p.instrument_id = NEW.instrument_id;
    IF held + open > most THEN
        RAISE 'purchases stay within the position limit' USING ERRCODE = '23514', CONSTRAINT = 'purchases_within_position_limit';
    END IF;
    IF cap IS NOT NULL AND own = 0 THEN
        SELECT count(*) INTO holders FROM (
            SELECT h.organisation_id FROM settlement_asset a JOIN settlement_holding h ON h.asset_id = a.id AND h.units > 0
                AND h.purpose IN ('available', 'held_for_orders', 'pledged', 'frozen', 'in_transit') AND h.organisation_id IS NOT NULL
            WHERE a.kind = 'credit' AND a.project_code = what.project_code AND a.vintage_year = what.vintage_year
            UNION
            SELECT p.organisation_id FROM exchange_purchasesasked p
            LEFT JOIN exchange_purchasesdone d ON d.instrument_id = p.instrument_id AND d.organisation_id = p.organisation_id
            WHERE p.instrument_id = NEW.instrument_id AND p.units > coalesce(d.units, 0)) everybody;
        IF holders > cap THEN
            RAISE 'no more organisations may hold this product' USING ERRCODE = '23514', CONSTRAINT = 'purchases_within_most_holders';
        END IF;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER purchases_begin_within_limits AFTER INSERT ON exchange_purchasesasked FOR EACH ROW EXECUTE FUNCTION exchange_purchases_within_limits();
CREATE TRIGGER purchases_stay_within_limits AFTER UPDATE ON exchange_purchasesasked FOR EACH ROW
    WHEN (NEW.units > OLD.units) EXECUTE FUNCTION exchange_purchases_within_limits();

REVOKE DELETE ON exchange_purchasesasked, exchange_purchasesdone FROM tanhui_app;
