-- A settlement holds no trade that the exchange does not have: whoever writes the ledger alone moves nothing as a "trade".
CREATE FUNCTION exchange_settled_trades_are_there() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public SET enable_seqscan = off AS $$
BEGIN
    IF EXISTS (SELECT FROM settlement_entry e WHERE e.settlement_id = NEW.id AND e.kind = 'trade'
               AND NOT EXISTS (SELECT FROM exchange_trade t WHERE t.entry_id = e.id)) THEN
        RAISE 'what is settled as a trade is one' USING ERRCODE = '23514', CONSTRAINT = TG_NAME;
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER settled_trade_is_there AFTER INSERT ON settlement_settlementbatch DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION exchange_settled_trades_are_there();

-- At commit of a batch, as before; and what an entry moves is its trade's: the units, the value, and the fee of either side.
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
        CROSS JOIN LATERAL (
            SELECT coalesce(sum(l.units) FILTER (WHERE l.asset_id = t.asset_id AND d.organisation_id = t.seller_id AND c.organisation_id = t.buyer_id), 0) AS units,
                   coalesce(sum(l.units) FILTER (WHERE l.asset_id <> t.asset_id AND d.organisation_id = t.buyer_id AND c.organisation_id = t.seller_id), 0) AS value_fen,
                   coalesce(sum(l.units) FILTER (WHERE d.organisation_id = t.buyer_id AND c.purpose = 'fees'), 0) AS buyer_fee_fen,
                   coalesce(sum(l.units) FILTER (WHERE d.organisation_id = t.seller_id AND c.purpose = 'fees'), 0) AS seller_fee_fen,
                   count(*) FILTER (WHERE d.organisation_id NOT IN (t.buyer_id, t.seller_id) OR c.organisation_id NOT IN (t.buyer_id, t.seller_id)) AS of_others
            FROM (SELECT * FROM settlement_leg WHERE settlement_leg.entry_id = t.entry_id OFFSET 0) l
            JOIN settlement_holding d ON d.id = l.debited_id JOIN settlement_holding c ON c.id = l.credited_id) moved
        WHERE t.batch_id = NEW.id AND (e.kind <> 'trade' OR k.key IS DISTINCT FROM 'trade:' || t.id OR moved.of_others > 0
            OR (moved.units, moved.value_fen, moved.buyer_fee_fen, moved.seller_fee_fen)
               IS DISTINCT FROM (t.quantity::numeric, t.value_fen::numeric, t.buyer_fee_fen::numeric, t.seller_fee_fen::numeric))
    ) THEN
        RAISE 'each trade is settled by its own entry' USING ERRCODE = '23514', CONSTRAINT = 'trade_has_its_settlement';
    END IF;
    RETURN NULL;
END $$;
