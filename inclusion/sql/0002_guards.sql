-- What this room never lets happen, whoever writes.
CREATE FUNCTION inclusion_fixed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE '% of % is refused', lower(TG_OP), TG_TABLE_NAME USING ERRCODE = '23514', CONSTRAINT = TG_NAME;
END $$;

DO $$
DECLARE one text;
BEGIN
    FOREACH one IN ARRAY ARRAY['footprint', 'offsetquote', 'quoteline', 'purchaseorder', 'bought', 'purchaseretirement'] LOOP
        EXECUTE format('CREATE TRIGGER %1$s_is_append_only BEFORE UPDATE OR DELETE ON inclusion_%1$s
                        FOR EACH ROW EXECUTE FUNCTION inclusion_fixed()', one);
        EXECUTE format('CREATE TRIGGER %1$s_is_not_truncated BEFORE TRUNCATE ON inclusion_%1$s
                        FOR EACH STATEMENT EXECUTE FUNCTION inclusion_fixed()', one);
        EXECUTE format('REVOKE UPDATE, DELETE, TRUNCATE ON inclusion_%1$s FROM tanhui_app', one);
    END LOOP;
END $$;
CREATE TRIGGER purchase_is_kept BEFORE DELETE ON inclusion_offsetpurchase FOR EACH ROW EXECUTE FUNCTION inclusion_fixed();

-- A purchase keeps what was asked for; an ended one stays as it ended; states go one way.
CREATE TRIGGER purchase_keeps_its_terms BEFORE UPDATE ON inclusion_offsetpurchase FOR EACH ROW
    WHEN ((OLD.quote_id, OLD.organisation_id, OLD.units, OLD.beneficiary, OLD.beneficiary_is_person, OLD.purpose,
           OLD.period_first, OLD.period_last, OLD.note, OLD.ordered_by_id, OLD.client_id, OLD.ordered_at)
          IS DISTINCT FROM (NEW.quote_id, NEW.organisation_id, NEW.units, NEW.beneficiary, NEW.beneficiary_is_person, NEW.purpose,
           NEW.period_first, NEW.period_last, NEW.note, NEW.ordered_by_id, NEW.client_id, NEW.ordered_at))
    EXECUTE FUNCTION inclusion_fixed();
CREATE TRIGGER ended_purchase_stays_ended BEFORE UPDATE ON inclusion_offsetpurchase FOR EACH ROW
    WHEN (OLD.state NOT IN ('ordered', 'bought') OR (OLD.state = 'bought' AND NEW.state = 'ordered'))
    EXECUTE FUNCTION inclusion_fixed();

-- At the commit a quote's totals are the sums of its lines.
CREATE FUNCTION inclusion_quote_sums_up() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE head inclusion_offsetquote; sums record;
BEGIN
    SELECT * INTO head FROM inclusion_offsetquote
        WHERE id = CASE TG_TABLE_NAME WHEN 'inclusion_offsetquote' THEN (to_jsonb(NEW) ->> 'id')::bigint
                                      ELSE (to_jsonb(NEW) ->> 'quote_id')::bigint END;
    SELECT coalesce(sum(quantity), 0) AS units, coalesce(sum(value_fen), 0) AS value_fen, coalesce(sum(fee_fen), 0) AS fee_fen
        INTO sums FROM inclusion_quoteline WHERE quote_id = head.id;
    IF (sums.units, sums.value_fen, sums.fee_fen) IS DISTINCT FROM (head.units::numeric, head.value_fen::numeric, head.fee_fen::numeric) THEN
        RAISE 'quote % is not the sum of its lines', head.id USING ERRCODE = '23514', CONSTRAINT = 'quote_sums_up';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER quote_sums_up AFTER INSERT ON inclusion_offsetquote
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION inclusion_quote_sums_up();
CREATE CONSTRAINT TRIGGER quote_lines_sum_up AFTER INSERT ON inclusion_quoteline
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION inclusion_quote_sums_up();

-- At the commit a purchase has one order a line; it counts exactly the trades of these orders once it is bought, and
-- retires of each batch exactly what it bought of it.
CREATE FUNCTION inclusion_purchase_sums_up() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE head inclusion_offsetpurchase; sums record; traded numeric; retired numeric;
BEGIN
    SELECT * INTO head FROM inclusion_offsetpurchase
        WHERE id = CASE TG_TABLE_NAME WHEN 'inclusion_offsetpurchase' THEN (to_jsonb(NEW) ->> 'id')::bigint
                                      ELSE (to_jsonb(NEW) ->> 'purchase_id')::bigint END;
    IF EXISTS (SELECT FROM inclusion_quoteline l LEFT JOIN inclusion_purchaseorder o ON o.line_id = l.id AND o.purchase_id = head.id
               WHERE l.quote_id = head.quote_id AND o.id IS NULL) THEN
        RAISE 'purchase % has a line without its order', head.id USING ERRCODE = '23514', CONSTRAINT = 'purchase_orders_every_line';
    END IF;
    SELECT coalesce(sum(units), 0) AS units, coalesce(sum(value_fen), 0) AS value_fen, coalesce(sum(fee_fen), 0) AS fee_fen
        INTO sums FROM inclusion_bought WHERE purchase_id = head.id;
    IF (sums.units, sums.value_fen, sums.fee_fen)
       IS DISTINCT FROM (head.bought_units::numeric, head.value_fen::numeric, head.fee_fen::numeric) THEN
        RAISE 'purchase % is not the sum of what it bought', head.id USING ERRCODE = '23514', CONSTRAINT = 'purchase_sums_up';
    END IF;
    IF head.state <> 'ordered' THEN
        SELECT coalesce(sum(t.quantity), 0) INTO traded FROM exchange_trade t
            JOIN inclusion_purchaseorder o ON o.order_id = t.taker_order_id WHERE o.purchase_id = head.id;
        IF traded <> head.bought_units OR EXISTS (
            SELECT FROM inclusion_bought b JOIN exchange_trade t ON t.id = b.trade_id
            WHERE b.purchase_id = head.id AND ((b.asset_id, b.units, b.price_fen, b.fee_fen)
                  IS DISTINCT FROM (t.asset_id, t.quantity, t.price_fen, t.buyer_fee_fen)
               OR NOT EXISTS (SELECT FROM inclusion_purchaseorder o WHERE o.purchase_id = head.id AND o.order_id = t.taker_order_id))) THEN
            RAISE 'purchase % does not count the trades of its orders', head.id
                USING ERRCODE = '23514', CONSTRAINT = 'purchase_counts_its_trades';
        END IF;
    END IF;
    SELECT coalesce(sum(units), 0) INTO retired FROM inclusion_purchaseretirement WHERE purchase_id = head.id;
    IF head.retired_units > retired OR EXISTS (
        SELECT FROM inclusion_purchaseretirement p JOIN registry_retirement r ON r.id = p.retirement_id
        WHERE p.purchase_id = head.id AND ((p.asset_id, p.units, head.organisation_id)
              IS DISTINCT FROM (r.asset_id, r.tonnes, r.organisation_id)
           OR p.units <> (SELECT coalesce(sum(b.units), 0) FROM inclusion_bought b
                          WHERE b.purchase_id = head.id AND b.asset_id = p.asset_id))) THEN
        RAISE 'purchase % does not retire what it bought', head.id USING ERRCODE = '23514', CONSTRAINT = 'purchase_retires_what_it_bought';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER purchase_sums_up AFTER INSERT OR UPDATE ON inclusion_offsetpurchase
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION inclusion_purchase_sums_up();
CREATE CONSTRAINT TRIGGER bought_sums_up AFTER INSERT ON inclusion_bought
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION inclusion_purchase_sums_up();
CREATE CONSTRAINT TRIGGER retired_sums_up AFTER INSERT ON inclusion_purchaseretirement
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION inclusion_purchase_sums_up();
