-- The checks as they were before there were calls.
DROP TRIGGER instrument_day_keeps_its_terms ON exchange_instrumentday;
DROP TRIGGER halt_keeps_its_terms ON exchange_halt;
CREATE OR REPLACE FUNCTION exchange_trade_fits_its_orders() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    IF EXISTS (
        SELECT FROM added t
        JOIN exchange_order m ON m.id = t.maker_order_id
        JOIN exchange_order k ON k.id = t.taker_order_id
        WHERE m.price_fen IS DISTINCT FROM t.price_fen OR m.side = k.side OR k.side <> t.taker_side
           OR m.instrument_id <> t.instrument_id OR k.instrument_id <> t.instrument_id
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
CREATE OR REPLACE FUNCTION exchange_batch_is_whole() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    IF (SELECT count(*) FROM exchange_trade WHERE batch_id = NEW.id) <> NEW.trades THEN
        RAISE 'a batch has the trades it counts' USING ERRCODE = '23514', CONSTRAINT = 'batch_counts_its_trades';
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
ALTER FUNCTION exchange_batch_is_whole SET enable_seqscan = off;
