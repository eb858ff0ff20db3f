-- An auction begins proposed, keeps its terms, goes one way only; its end moves later alone.
CREATE FUNCTION exchange_auction_goes_its_way() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'proposed' THEN
            RAISE 'an auction begins as a proposal' USING ERRCODE = '23514', CONSTRAINT = 'auction_begins_proposed';
        END IF;
    ELSE
        IF (OLD.id, OLD.instrument_id, OLD.organisation_id, OLD.side, OLD.format, OLD.quantity, OLD.start_price_fen, OLD.reserve_price_fen,
            OLD.step_fen, OLD.deposit_fen, OLD.qualification, OLD.begins_at, OLD.latest_end, OLD.lot_id, OLD.digest, OLD.proposed_by_id, OLD.at)
           IS DISTINCT FROM (NEW.id, NEW.instrument_id, NEW.organisation_id, NEW.side, NEW.format, NEW.quantity, NEW.start_price_fen,
            NEW.reserve_price_fen, NEW.step_fen, NEW.deposit_fen, NEW.qualification, NEW.begins_at, NEW.latest_end, NEW.lot_id, NEW.digest,
            NEW.proposed_by_id, NEW.at)
           OR NEW.ends_at < OLD.ends_at OR (OLD.announced_at IS NOT NULL AND NEW.announced_at IS DISTINCT FROM OLD.announced_at)
           OR (OLD.state <> 'announced' AND NEW.ends_at <> OLD.ends_at) THEN
            RAISE 'an auction keeps its terms' USING ERRCODE = '23514', CONSTRAINT = 'auction_keeps_its_terms';
        END IF;
        IF NOT (OLD.state = NEW.state AND OLD.state IN ('proposed', 'announced')
                OR OLD.state = 'proposed' AND NEW.state IN ('announced', 'refused', 'withdrawn')
                OR OLD.state = 'announced' AND NEW.state IN ('traded', 'failed', 'cancelled')) THEN
            RAISE 'an auction does not go from % to %', OLD.state, NEW.state USING ERRCODE = '23514', CONSTRAINT = 'auction_goes_one_way';
        END IF;
    END IF;
    IF NOT EXISTS (SELECT FROM exchange_order o WHERE o.id = NEW.lot_id
                   AND (o.kind, o.instrument_id, o.organisation_id, o.side, o.price_fen, o.quantity)
                     = ('auction', NEW.instrument_id, NEW.organisation_id, NEW.side, NEW.reserve_price_fen, NEW.quantity)) THEN
        RAISE 'the lot of an auction is its owner''s order' USING ERRCODE = '23514', CONSTRAINT = 'auction_lot_is_its_own';
    END IF;
    IF NEW.trade_id IS NOT NULL AND NOT EXISTS (
        SELECT FROM exchange_trade t JOIN exchange_auctionbid b ON b.order_id = t.maker_order_id AND b.auction_id = NEW.id
        WHERE t.id = NEW.trade_id AND t.taker_order_id = NEW.lot_id AND t.quantity = NEW.quantity AND t.price_fen = b.price_fen
    ) THEN
        RAISE 'an auction trades with one of its bids' USING ERRCODE = '23514', CONSTRAINT = 'auction_trade_is_of_its_bid';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER auction_goes_its_way BEFORE INSERT OR UPDATE ON exchange_auction FOR EACH ROW EXECUTE FUNCTION exchange_auction_goes_its_way();
CREATE TRIGGER auction_is_kept BEFORE DELETE ON exchange_auction FOR EACH ROW EXECUTE FUNCTION exchange_fixed();

-- Who applies is decided once; the deposit goes back once.
CREATE TRIGGER entrant_keeps_its_terms BEFORE UPDATE ON exchange_auctionentrant FOR EACH ROW
    WHEN ((OLD.id, OLD.auction_id, OLD.organisation_id, OLD.deposit_fen, OLD.statement, OLD.applied_by_id, OLD.at)
          IS DISTINCT FROM (NEW.id, NEW.auction_id, NEW.organisation_id, NEW.deposit_fen, NEW.statement, NEW.applied_by_id, NEW.at)
          OR (OLD.state <> 'applied' AND (OLD.state, OLD.decided_by_id) IS DISTINCT FROM (NEW.state, NEW.decided_by_id))
          OR (OLD.returned_at IS NOT NULL AND NEW.returned_at IS DISTINCT FROM OLD.returned_at))
    EXECUTE FUNCTION exchange_fixed();
CREATE TRIGGER entrant_is_kept BEFORE DELETE ON exchange_auctionentrant FOR EACH ROW EXECUTE FUNCTION exchange_fixed();

-- A bid is an admitted entrant's own order on the other side of the whole lot, made while the auction runs; in an open auction
-- it betters every bid before it by the step, in any it reaches the start.
CREATE FUNCTION exchange_bid_is_of_its_auction() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
    a exchange_auction;
    up integer;
BEGIN
    SELECT * INTO a FROM exchange_auction WHERE id = NEW.auction_id;
    up := CASE a.side WHEN 'sell' THEN 1 ELSE -1 END;
    IF a.state <> 'announced' OR NEW.at < a.begins_at OR NEW.at >= a.ends_at THEN
        RAISE 'bids are made while the auction runs' USING ERRCODE = '23514', CONSTRAINT = 'bid_is_made_in_time';
    END IF;
    IF NOT EXISTS (
        SELECT FROM exchange_auctionentrant e JOIN exchange_order o ON o.id = NEW.order_id AND o.organisation_id = e.organisation_id
        WHERE e.id = NEW.entrant_id AND e.auction_id = a.id AND e.state = 'admitted' AND o.side <> a.side
          AND (o.kind, o.instrument_id, o.price_fen, o.quantity) = ('auction', a.instrument_id, NEW.price_fen, a.quantity)
    ) THEN
        RAISE 'a bid is the order of an admitted entrant' USING ERRCODE = '23514', CONSTRAINT = 'bid_is_of_an_entrant';
    END IF;
    IF up * NEW.price_fen < up * a.start_price_fen OR (a.format = 'open' AND EXISTS (
        SELECT FROM exchange_auctionbid b WHERE b.auction_id = a.id AND up * NEW.price_fen < up * b.price_fen + a.step_fen)) THEN
        RAISE 'a bid is better than those before it' USING ERRCODE = '23514', CONSTRAINT = 'bid_is_better';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER bid_is_of_its_auction BEFORE INSERT ON exchange_auctionbid FOR EACH ROW EXECUTE FUNCTION exchange_bid_is_of_its_auction();
CREATE TRIGGER bid_is_append_only BEFORE UPDATE OR DELETE ON exchange_auctionbid FOR EACH ROW EXECUTE FUNCTION exchange_fixed();
CREATE TRIGGER bid_is_not_truncated BEFORE TRUNCATE ON exchange_auctionbid FOR EACH STATEMENT EXECUTE FUNCTION exchange_fixed();
REVOKE UPDATE, DELETE ON exchange_auctionbid FROM tanhui_app;
REVOKE DELETE ON exchange_auction, exchange_auctionentrant FROM tanhui_app;
