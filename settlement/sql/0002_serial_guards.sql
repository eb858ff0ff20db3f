-- Serial blocks: carved from the top of their parent, in the statement that inserts them.
-- The blocks of a batch tile it whoever writes, and every change of holding leaves a move under an entry.
ALTER TABLE settlement_serialblock SET (fillfactor = 70);
ALTER TABLE settlement_holding SET (fillfactor = 70);

CREATE FUNCTION serial_block_carve() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
    parents integer; carved integer;
BEGIN
    IF EXISTS (SELECT FROM added n LEFT JOIN settlement_asset b ON b.id = n.asset_id
               WHERE n.parent_id IS NULL
                 AND (b.first_serial IS NULL OR n.first_serial <> b.first_serial OR n.last_serial <> b.last_serial)) THEN
        RAISE 'a batch starts as one block' USING ERRCODE = '23514', CONSTRAINT = 'serial_block_root';
    END IF;
    IF EXISTS (SELECT FROM (SELECT first_serial, lag(last_serial) OVER (PARTITION BY parent_id ORDER BY first_serial) AS before
                            FROM added WHERE parent_id IS NOT NULL) x WHERE first_serial <> before + 1) THEN
        RAISE 'pieces of one block do not touch' USING ERRCODE = '23P01', CONSTRAINT = 'serial_block_pieces';
    END IF;
    WITH piece AS (
        SELECT parent_id, asset_id, min(first_serial) AS lo, max(last_serial) AS hi
        FROM added WHERE parent_id IS NOT NULL GROUP BY 1, 2
    ), cut AS (
        UPDATE settlement_serialblock p SET last_serial = piece.lo - 1 FROM piece
        WHERE p.id = piece.parent_id AND p.asset_id = piece.asset_id AND p.last_serial = piece.hi AND p.first_serial < piece.lo
        RETURNING 1
    )
    SELECT (SELECT count(*) FROM piece), (SELECT count(*) FROM cut) INTO parents, carved;
    IF parents <> carved THEN
        RAISE 'piece is not the top of its parent' USING ERRCODE = '23P01', CONSTRAINT = 'serial_block_carve';
    END IF;
    -- What left the parent reached the piece's holding; a root comes from the source of its batch.
    IF EXISTS (SELECT FROM added n LEFT JOIN settlement_entry e ON e.id = n.entry_id
               WHERE e.transaction_id IS DISTINCT FROM pg_current_xact_id()) THEN
        RAISE 'a block moves only under an entry of its own transaction' USING ERRCODE = '23514', CONSTRAINT = 'serial_block_entry';
    END IF;
    INSERT INTO settlement_serialmove (entry_id, asset_id, debited_id, credited_id, first_serial, last_serial)
    SELECT n.entry_id, n.asset_id,
           coalesce(p.holding_id, (SELECT h.id FROM settlement_holding h WHERE h.asset_id = n.asset_id AND h.purpose = 'issuance')),
           n.holding_id, n.first_serial, n.last_serial
    FROM added n LEFT JOIN settlement_serialblock p ON p.id = n.parent_id;
    RETURN NULL;
END $$;
CREATE TRIGGER serial_block_carve AFTER INSERT ON settlement_serialblock REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION serial_block_carve();

CREATE FUNCTION serial_block_given() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    IF EXISTS (SELECT FROM gone o JOIN kept n ON n.id = o.id WHERE n.last_serial < o.last_serial
               AND o.last_serial - n.last_serial <>
                   (SELECT coalesce(sum(c.last_serial - c.first_serial + 1), 0) FROM settlement_serialblock c
                    WHERE c.asset_id = o.asset_id AND c.first_serial > n.last_serial AND c.first_serial <= o.last_serial)) THEN
        RAISE 'serials given up without a piece that takes them' USING ERRCODE = '23514', CONSTRAINT = 'serial_block_given';
    END IF;
    IF EXISTS (SELECT FROM gone o JOIN kept n ON n.id = o.id LEFT JOIN settlement_entry e ON e.id = n.entry_id
               WHERE n.holding_id <> o.holding_id AND (n.entry_id = o.entry_id OR e.transaction_id IS DISTINCT FROM pg_current_xact_id())) THEN
        RAISE 'a block moves only under an entry of its own transaction' USING ERRCODE = '23514', CONSTRAINT = 'serial_block_entry';
    END IF;
    INSERT INTO settlement_serialmove (entry_id, asset_id, debited_id, credited_id, first_serial, last_serial)
    SELECT n.entry_id, n.asset_id, o.holding_id, n.holding_id, n.first_serial, n.last_serial
    FROM gone o JOIN kept n ON n.id = o.id WHERE n.holding_id <> o.holding_id;
    RETURN NULL;
END $$;
CREATE TRIGGER serial_block_given AFTER UPDATE ON settlement_serialblock REFERENCING OLD TABLE AS gone NEW TABLE AS kept
    FOR EACH STATEMENT EXECUTE FUNCTION serial_block_given();

CREATE TRIGGER serial_block_is_fixed BEFORE UPDATE ON settlement_serialblock FOR EACH ROW
    WHEN (NEW.last_serial > OLD.last_serial OR (OLD.id, OLD.asset_id, OLD.parent_id, OLD.first_serial)
          IS DISTINCT FROM (NEW.id, NEW.asset_id, NEW.parent_id, NEW.first_serial)
          OR (OLD.holding_id = NEW.holding_id AND OLD.entry_id <> NEW.entry_id))
    EXECUTE FUNCTION settlement_fixed();
CREATE TRIGGER serial_block_is_kept BEFORE DELETE ON settlement_serialblock FOR EACH ROW EXECUTE FUNCTION settlement_fixed();
CREATE TRIGGER serial_block_is_not_truncated BEFORE TRUNCATE ON settlement_serialblock FOR EACH STATEMENT EXECUTE FUNCTION settlement_fixed();
CREATE TRIGGER serial_move_is_append_only BEFORE UPDATE OR DELETE ON settlement_serialmove FOR EACH ROW EXECUTE FUNCTION settlement_fixed();
CREATE TRIGGER serial_move_is_not_truncated BEFORE TRUNCATE ON settlement_serialmove FOR EACH STATEMENT EXECUTE FUNCTION settlement_fixed();

-- A block's holding is of the block's asset.
ALTER TABLE settlement_serialblock ADD CONSTRAINT serial_block_holding_of_its_asset
    FOREIGN KEY (holding_id, asset_id) REFERENCES settlement_holding (id, asset_id);
