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
