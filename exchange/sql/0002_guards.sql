-- What the market never lets happen, whoever writes.
ALTER TABLE exchange_order SET (fillfactor = 60);

-- A purchase holds its open part at its limit and the fee on that, less what its fills have already taken.
ALTER TABLE exchange_order ADD CONSTRAINT purchase_holds_what_it_needs CHECK (
    side = 'sell' OR held_fen = CASE WHEN remaining = 0 THEN 0 ELSE
        hold_price_fen * remaining + round((traded_value_fen + hold_price_fen * remaining) * fee_rate)::bigint - fee_taken_fen END);

CREATE FUNCTION exchange_fixed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE '% of % is refused', lower(TG_OP), TG_TABLE_NAME USING ERRCODE = '23514', CONSTRAINT = TG_NAME;
END $$;
CREATE TRIGGER trade_is_append_only BEFORE UPDATE OR DELETE ON exchange_trade FOR EACH ROW EXECUTE FUNCTION exchange_fixed();
CREATE TRIGGER trade_is_not_truncated BEFORE TRUNCATE ON exchange_trade FOR EACH STATEMENT EXECUTE FUNCTION exchange_fixed();
CREATE TRIGGER order_event_is_append_only BEFORE UPDATE OR DELETE ON exchange_orderevent FOR EACH ROW EXECUTE FUNCTION exchange_fixed();
CREATE TRIGGER order_event_is_not_truncated BEFORE TRUNCATE ON exchange_orderevent FOR EACH STATEMENT EXECUTE FUNCTION exchange_fixed();
CREATE TRIGGER market_event_is_append_only BEFORE UPDATE OR DELETE ON exchange_marketevent FOR EACH ROW EXECUTE FUNCTION exchange_fixed();
CREATE TRIGGER market_event_is_not_truncated BEFORE TRUNCATE ON exchange_marketevent FOR EACH STATEMENT EXECUTE FUNCTION exchange_fixed();
CREATE TRIGGER match_batch_is_append_only BEFORE UPDATE OR DELETE ON exchange_matchbatch FOR EACH ROW EXECUTE FUNCTION exchange_fixed();
CREATE TRIGGER match_batch_is_not_truncated BEFORE TRUNCATE ON exchange_matchbatch FOR EACH STATEMENT EXECUTE FUNCTION exchange_fixed();
CREATE TRIGGER order_is_kept BEFORE DELETE ON exchange_order FOR EACH ROW EXECUTE FUNCTION exchange_fixed();
CREATE TRIGGER order_keeps_its_terms BEFORE UPDATE ON exchange_order FOR EACH ROW
    WHEN ((OLD.id, OLD.instrument_id, OLD.asset_id, OLD.organisation_id, OLD.side, OLD.type, OLD.kind, OLD.fee_rate, OLD.at, OLD.recorded_at)
          IS DISTINCT FROM (NEW.id, NEW.instrument_id, NEW.asset_id, NEW.organisation_id, NEW.side, NEW.type, NEW.kind, NEW.fee_rate, NEW.at, NEW.recorded_at))
    EXECUTE FUNCTION exchange_fixed();

-- Sequences rise by one without gaps and never fall.
CREATE TRIGGER match_state_only_rises BEFORE UPDATE ON exchange_matchstate FOR EACH ROW
    WHEN (NEW.sequence < OLD.sequence OR NEW.instrument_id <> OLD.instrument_id OR NEW.kind <> OLD.kind)
    EXECUTE FUNCTION exchange_fixed();
CREATE TRIGGER match_state_is_kept BEFORE DELETE ON exchange_matchstate FOR EACH ROW EXECUTE FUNCTION exchange_fixed();

-- A trade has its maker's price, one asset (the seller's), and parties on the right sides.
CREATE FUNCTION exchange_trade_fits_its_orders() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
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
CREATE TRIGGER trade_fits_its_orders AFTER INSERT ON exchange_trade REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION exchange_trade_fits_its_orders();

-- At commit of a batch: what its orders have filled is the sum of their trades, and each trade has its own entry.
CREATE FUNCTION exchange_batch_is_whole() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
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
CREATE CONSTRAINT TRIGGER match_batch_is_whole AFTER INSERT ON exchange_matchbatch DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION exchange_batch_is_whole();

-- A trade comes with its batch, in one transaction; else its check would never run.
ALTER TABLE exchange_matchbatch ADD COLUMN transaction_id xid8 NOT NULL DEFAULT pg_current_xact_id();
CREATE FUNCTION exchange_trade_joins() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    IF EXISTS (SELECT FROM added t JOIN exchange_matchbatch b ON b.id = t.batch_id WHERE b.transaction_id <> pg_current_xact_id()) THEN
        RAISE 'a trade comes with its batch' USING ERRCODE = '23514', CONSTRAINT = 'trade_comes_with_its_batch';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER trade_joins AFTER INSERT ON exchange_trade REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION exchange_trade_joins();

-- Streams are woken when market events are committed.
CREATE FUNCTION exchange_market_event_rings() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('market', DISTINCT_ids.instrument_id::text) FROM (SELECT DISTINCT instrument_id FROM added) AS DISTINCT_ids;
    RETURN NULL;
END $$;
CREATE TRIGGER market_event_rings AFTER INSERT ON exchange_marketevent REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION exchange_market_event_rings();

REVOKE UPDATE, DELETE ON exchange_trade, exchange_orderevent, exchange_marketevent, exchange_matchbatch FROM tanhui_app;
REVOKE DELETE ON exchange_order, exchange_instrument, exchange_instrumentday, exchange_matchstate, exchange_approvalrecord, exchange_halt, exchange_tradeproposal FROM tanhui_app;
REVOKE INSERT ON exchange_matchbatch FROM tanhui_app;
GRANT INSERT (id, instrument_id, first_sequence, last_sequence, trades, took_ms, at) ON exchange_matchbatch TO tanhui_app;
