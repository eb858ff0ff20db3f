-- A day of an instrument keeps its mode, base price and limits; it only comes further, and closes once.
CREATE TRIGGER instrument_day_keeps_its_terms BEFORE UPDATE ON exchange_instrumentday FOR EACH ROW
    WHEN ((OLD.id, OLD.instrument_id, OLD.day, OLD.mode, OLD.base_price_fen, OLD.lower_fen, OLD.upper_fen, OLD.opened_at)
          IS DISTINCT FROM (NEW.id, NEW.instrument_id, NEW.day, NEW.mode, NEW.base_price_fen, NEW.lower_fen, NEW.upper_fen, NEW.opened_at)
          OR OLD.closed_at IS NOT NULL)
    EXECUTE FUNCTION exchange_fixed();

-- A halt is ended once; nothing else of it changes.
CREATE TRIGGER halt_keeps_its_terms BEFORE UPDATE ON exchange_halt FOR EACH ROW
    WHEN ((OLD.id, OLD.instrument_id, OLD.organisation_id, OLD.order_number, OLD.reason, OLD.since, OLD.until, OLD.set_by_id)
          IS DISTINCT FROM (NEW.id, NEW.instrument_id, NEW.organisation_id, NEW.order_number, NEW.reason, NEW.since, NEW.until, NEW.set_by_id)
          OR OLD.ended_at IS NOT NULL)
    EXECUTE FUNCTION exchange_fixed();

-- A trade has its maker's price, at a call one that both orders reach; one asset (the seller's); parties on the right sides.
CREATE OR REPLACE FUNCTION exchange_trade_fits_its_orders() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    IF EXISTS (
        SELECT FROM added t
        JOIN exchange_order m ON m.id = t.maker_order_id
        JOIN exchange_order k ON k.id = t.taker_order_id
        WHERE m.price_fen IS NULL OR m.side = k.side OR k.side <> t.taker_side
           OR CASE WHEN NOT t.at_call THEN m.price_fen <> t.price_fen
                   WHEN m.side = 'buy' THEN m.price_fen < t.price_fen ELSE m.price_fen > t.price_fen END
           OR m.instrument_id <> t.instrument_id OR k.instrument_id <> t.instrument_id
           OR (t.at_call AND k.price_fen IS NULL)
           OR (CASE WHEN k.side = 'buy' THEN k.price_fen < t.price_fen ELSE k.price_fen > t.price_fen END)
           OR t.buyer_id <> CASE WHEN k.side = 'buy' THEN k.organisation_id ELSE m.organisation_id END
           OR t.seller_id <> CASE WHEN k.side = 'sell' THEN k.organisation_id ELSE m.organisation_id END
           OR t.asset_id <> CASE WHEN k.side = 'sell' THEN k.asset_id ELSE m.asset_id END
    ) THEN
        RAISE 'a trade has its maker''s price and the parties and asset of its orders'
            USING ERRCODE = '23514', CONSTRAINT = 'trade_fits_its_orders';
    END IF;
    RETURN NULL;
END $$;

-- At commit of a batch: what its orders have filled is the sum of their trades, each trade has its own entry, and a call
-- has one price.
CREATE OR REPLACE FUNCTION exchange_batch_is_whole() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public SET enable_seqscan = off AS $$
DECLARE
    written bigint;
    at_call bigint;
    prices bigint;
BEGIN
    SELECT count(*), count(*) FILTER (WHERE t.at_call), count(DISTINCT t.price_fen) FILTER (WHERE t.at_call)
        INTO written, at_call, prices FROM exchange_trade t WHERE t.batch_id = NEW.id;
    IF written <> NEW.trades THEN
        RAISE 'a batch has the trades it counts' USING ERRCODE = '23514', CONSTRAINT = 'batch_counts_its_trades';
    END IF;
    IF at_call > 0 AND (prices > 1 OR at_call < written) THEN
        RAISE 'what meets at a call trades at one price' USING ERRCODE = '23514', CONSTRAINT = 'call_has_one_price';
    END IF;
    IF EXISTS (
        WITH touched AS (
            SELECT maker_order_id AS id FROM exchange_trade WHERE batch_id = NEW.id
            UNION SELECT taker_order_id FROM exchange_trade WHERE batch_id = NEW.id
        )
        SELECT FROM touched JOIN exchange_order o ON o.id = touched.id
        CROSS JOIN LATERAL (
            SELECT coalesce(sum(t.quantity), 0)::bigint AS quantity, coalesce(sum(t.value_fen), 0)::bigint AS value_fen,
                   coalesce(sum(CASE WHEN o.side = 'buy' THEN t.buyer_fee_fen ELSE t.seller_fee_fen END), 0)::bigint AS fee_fen
            FROM exchange_trade t WHERE t.maker_order_id = o.id OR t.taker_order_id = o.id) traded
        WHERE (o.filled, o.traded_value_fen, o.fee_taken_fen) IS DISTINCT FROM (traded.quantity, traded.value_fen, traded.fee_fen)
    ) THEN
        RAISE 'what an order has filled is the sum of its trades' USING ERRCODE = '23514', CONSTRAINT = 'filled_is_the_sum_of_trades';
    END IF;
    IF EXISTS (
        SELECT FROM exchange_trade t JOIN settlement_entry e ON e.id = t.entry_id
        LEFT JOIN settlement_entrykey k ON k.entry_id = e.id
        WHERE t.batch_id = NEW.id AND (e.kind <> 'trade' OR k.key IS DISTINCT FROM 'trade:' || t.id
            OR NOT EXISTS (SELECT FROM settlement_leg l WHERE l.entry_id = e.id AND l.asset_id = t.asset_id AND l.units = t.quantity))
    ) THEN
        RAISE 'each trade is settled by its own entry' USING ERRCODE = '23514', CONSTRAINT = 'trade_has_its_settlement';
    END IF;
    RETURN NULL;
END $$;
