-- A block agreement begins proposed, keeps its terms, and goes one way only.
CREATE FUNCTION exchange_block_goes_its_way() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'proposed' THEN
            RAISE 'a block agreement begins as a proposal' USING ERRCODE = '23514', CONSTRAINT = 'block_begins_proposed';
        END IF;
        RETURN NEW;
    END IF;
    IF (OLD.id, OLD.instrument_id, OLD.proposer_id, OLD.counterparty_id, OLD.side, OLD.price_fen, OLD.quantity, OLD.note, OLD.proposal_id,
        OLD.digest, OLD.proposed_by_id, OLD.at)
       IS DISTINCT FROM (NEW.id, NEW.instrument_id, NEW.proposer_id, NEW.counterparty_id, NEW.side, NEW.price_fen, NEW.quantity, NEW.note,
        NEW.proposal_id, NEW.digest, NEW.proposed_by_id, NEW.at)
       OR (OLD.acceptance_id IS NOT NULL AND (OLD.acceptance_id, OLD.answered_by_id) IS DISTINCT FROM (NEW.acceptance_id, NEW.answered_by_id)) THEN
        RAISE 'a block agreement keeps its terms' USING ERRCODE = '23514', CONSTRAINT = 'block_keeps_its_terms';
    END IF;
    IF NOT (OLD.state = 'proposed' AND NEW.state IN ('accepted', 'declined', 'withdrawn', 'refused', 'lapsed')
            OR OLD.state = 'accepted' AND NEW.state IN ('confirmed', 'refused', 'lapsed')) THEN
        RAISE 'a block agreement does not go from % to %', OLD.state, NEW.state USING ERRCODE = '23514', CONSTRAINT = 'block_goes_one_way';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER block_goes_its_way BEFORE INSERT OR UPDATE ON exchange_blocktrade FOR EACH ROW EXECUTE FUNCTION exchange_block_goes_its_way();
CREATE TRIGGER block_is_kept BEFORE DELETE ON exchange_blocktrade FOR EACH ROW EXECUTE FUNCTION exchange_fixed();

-- Its orders are the two parties' own, on the terms agreed; its trade is between them.
CREATE FUNCTION exchange_block_has_its_orders() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    IF EXISTS (
        SELECT FROM exchange_order o WHERE o.id IN (NEW.proposal_id, NEW.acceptance_id)
        AND (o.kind, o.instrument_id, o.price_fen, o.quantity) IS DISTINCT FROM ('block', NEW.instrument_id, NEW.price_fen, NEW.quantity)
            OR o.id = NEW.proposal_id AND (o.organisation_id <> NEW.proposer_id OR o.side <> NEW.side)
            OR o.id = NEW.acceptance_id AND (o.organisation_id <> NEW.counterparty_id OR o.side = NEW.side)
    ) THEN
        RAISE 'a block agreement has the orders of its parties' USING ERRCODE = '23514', CONSTRAINT = 'block_orders_are_its_own';
    END IF;
    IF NEW.trade_id IS NOT NULL AND NOT EXISTS (
        SELECT FROM exchange_trade t WHERE t.id = NEW.trade_id AND t.maker_order_id = NEW.proposal_id AND t.taker_order_id = NEW.acceptance_id
            AND t.quantity = NEW.quantity
    ) THEN
        RAISE 'a block agreement is confirmed by the trade of its orders' USING ERRCODE = '23514', CONSTRAINT = 'block_trade_is_of_its_orders';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER block_has_its_orders BEFORE INSERT OR UPDATE ON exchange_blocktrade FOR EACH ROW EXECUTE FUNCTION exchange_block_has_its_orders();
REVOKE DELETE ON exchange_blocktrade FROM tanhui_app;
