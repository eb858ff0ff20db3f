-- What the ledger never lets happen, whoever writes.

-- Both ends of a leg are holdings of its asset, so no entry can be out of balance.
ALTER TABLE settlement_leg
    ADD CONSTRAINT leg_debits_its_asset FOREIGN KEY (debited_id, asset_id) REFERENCES settlement_holding (id, asset_id),
    ADD CONSTRAINT leg_credits_its_asset FOREIGN KEY (credited_id, asset_id) REFERENCES settlement_holding (id, asset_id);

-- Rows of the ledger stay as they were written.
CREATE FUNCTION settlement_fixed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE '% of % is refused', lower(TG_OP), TG_TABLE_NAME USING ERRCODE = '23514', CONSTRAINT = TG_NAME;
END $$;

CREATE TRIGGER entry_is_append_only BEFORE UPDATE OR DELETE ON settlement_entry FOR EACH ROW EXECUTE FUNCTION settlement_fixed();
CREATE TRIGGER entry_is_not_truncated BEFORE TRUNCATE ON settlement_entry FOR EACH STATEMENT EXECUTE FUNCTION settlement_fixed();
CREATE TRIGGER leg_is_append_only BEFORE UPDATE OR DELETE ON settlement_leg FOR EACH ROW EXECUTE FUNCTION settlement_fixed();
CREATE TRIGGER leg_is_not_truncated BEFORE TRUNCATE ON settlement_leg FOR EACH STATEMENT EXECUTE FUNCTION settlement_fixed();
CREATE TRIGGER entry_key_is_append_only BEFORE UPDATE OR DELETE ON settlement_entrykey FOR EACH ROW EXECUTE FUNCTION settlement_fixed();
CREATE TRIGGER entry_key_is_not_truncated BEFORE TRUNCATE ON settlement_entrykey FOR EACH STATEMENT EXECUTE FUNCTION settlement_fixed();
CREATE TRIGGER settlement_batch_is_append_only BEFORE UPDATE OR DELETE ON settlement_settlementbatch FOR EACH ROW EXECUTE FUNCTION settlement_fixed();
CREATE TRIGGER settlement_batch_is_not_truncated BEFORE TRUNCATE ON settlement_settlementbatch FOR EACH STATEMENT EXECUTE FUNCTION settlement_fixed();
CREATE TRIGGER bank_notice_is_append_only BEFORE UPDATE OR DELETE ON settlement_banknotice FOR EACH ROW EXECUTE FUNCTION settlement_fixed();
CREATE TRIGGER bank_notice_is_not_truncated BEFORE TRUNCATE ON settlement_banknotice FOR EACH STATEMENT EXECUTE FUNCTION settlement_fixed();
-- The issued number and what describes a credit never change.
CREATE TRIGGER asset_is_fixed BEFORE UPDATE OR DELETE ON settlement_asset FOR EACH ROW EXECUTE FUNCTION settlement_fixed();
CREATE TRIGGER asset_is_not_truncated BEFORE TRUNCATE ON settlement_asset FOR EACH STATEMENT EXECUTE FUNCTION settlement_fixed();

-- A holding opens empty, keeps its holder, asset and purpose, and is never removed.
CREATE FUNCTION settlement_holding_opens_empty() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE 'a holding opens empty' USING ERRCODE = '23514', CONSTRAINT = 'holding_opens_empty';
END $$;
CREATE TRIGGER holding_opens_empty BEFORE INSERT ON settlement_holding FOR EACH ROW WHEN (NEW.units <> 0)
    EXECUTE FUNCTION settlement_holding_opens_empty();
CREATE TRIGGER holding_keeps_its_place BEFORE UPDATE ON settlement_holding FOR EACH ROW
    WHEN ((OLD.id, OLD.organisation_id, OLD.asset_id, OLD.purpose) IS DISTINCT FROM (NEW.id, NEW.organisation_id, NEW.asset_id, NEW.purpose))
    EXECUTE FUNCTION settlement_fixed();
CREATE TRIGGER holding_is_kept BEFORE DELETE ON settlement_holding FOR EACH ROW EXECUTE FUNCTION settlement_fixed();
CREATE TRIGGER holding_is_not_truncated BEFORE TRUNCATE ON settlement_holding FOR EACH STATEMENT EXECUTE FUNCTION settlement_fixed();

-- Legs move the units of their holdings. This is the only writer of `units`.
CREATE FUNCTION settlement_leg_moves_units() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
    expected integer; moved integer;
BEGIN
    IF EXISTS (SELECT FROM added a JOIN settlement_entry e ON e.id = a.entry_id WHERE e.transaction_id <> pg_current_xact_id()) THEN
        RAISE 'legs are added only by the transaction that made the entry'
            USING ERRCODE = '23514', CONSTRAINT = 'leg_comes_with_its_entry';
    END IF;
    IF EXISTS (SELECT FROM added a JOIN settlement_holding h ON h.id = a.debited_id
               WHERE h.purpose IN ('retired', 'cancelled', 'exported')) THEN
        RAISE 'retired, cancelled and exported units are final' USING ERRCODE = '23514', CONSTRAINT = 'ended_units_are_final';
    END IF;
    IF EXISTS (SELECT FROM added a JOIN settlement_holding h ON h.id IN (a.debited_id, a.credited_id)
               JOIN settlement_entry e ON e.id = a.entry_id
               WHERE h.purpose = 'issuance' AND (h.id = a.credited_id OR e.kind <> 'issue')) THEN
        RAISE 'only an issuance creates credits, and nothing goes back to the source'
            USING ERRCODE = '23514', CONSTRAINT = 'only_issuance_creates_credits';
    END IF;
    WITH change AS (
        SELECT holding_id, asset_id, sum(units)::bigint AS units
        FROM (SELECT debited_id AS holding_id, asset_id, -units AS units FROM added
              UNION ALL SELECT credited_id, asset_id, units FROM added) ends
        GROUP BY holding_id, asset_id ORDER BY holding_id
    ), written AS (
        UPDATE settlement_holding h SET units = h.units + c.units FROM change c
        WHERE h.id = c.holding_id AND h.asset_id = c.asset_id RETURNING h.id
    )
    SELECT (SELECT count(*) FROM change), (SELECT count(*) FROM written) INTO expected, moved;
    IF expected <> moved THEN
        RAISE 'a leg names a holding that is not there, or one of another asset'
            USING ERRCODE = '23503', CONSTRAINT = 'leg_names_its_holdings';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER leg_moves_units AFTER INSERT ON settlement_leg REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION settlement_leg_moves_units();

-- At commit: an entry has a key and legs, its credits moved with their serials, and a batch was issued exactly once.
CREATE FUNCTION settlement_entries_are_whole(entries bigint[]) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    IF EXISTS (SELECT FROM unnest(entries) AS e(id) WHERE NOT EXISTS (SELECT FROM settlement_leg l WHERE l.entry_id = e.id)) THEN
        RAISE 'an entry has at least one leg' USING ERRCODE = '23514', CONSTRAINT = 'entry_has_legs';
    END IF;
    IF EXISTS (SELECT FROM unnest(entries) AS e(id) WHERE NOT EXISTS (SELECT FROM settlement_entrykey k WHERE k.entry_id = e.id)) THEN
        RAISE 'an entry has a key' USING ERRCODE = '23514', CONSTRAINT = 'entry_has_a_key';
    END IF;
    IF EXISTS (
        SELECT FROM (
            SELECT l.entry_id, l.asset_id, l.debited_id, l.credited_id, sum(l.units) AS units
            FROM settlement_leg l JOIN settlement_asset a ON a.id = l.asset_id AND a.kind = 'credit'
            WHERE l.entry_id = ANY (entries) GROUP BY 1, 2, 3, 4
        ) legs FULL JOIN (
            SELECT m.entry_id, m.asset_id, m.debited_id, m.credited_id, sum(m.last_serial - m.first_serial + 1) AS units
            FROM settlement_serialmove m WHERE m.entry_id = ANY (entries) GROUP BY 1, 2, 3, 4
        ) moves USING (entry_id, asset_id, debited_id, credited_id)
        WHERE legs.units IS DISTINCT FROM moves.units
    ) THEN
        RAISE 'credits move with exactly their serials' USING ERRCODE = '23514', CONSTRAINT = 'serials_follow_legs';
    END IF;
    IF EXISTS (
        SELECT FROM settlement_leg l
        JOIN settlement_holding h ON h.id = l.debited_id AND h.purpose = 'issuance'
        JOIN settlement_asset a ON a.id = l.asset_id
        WHERE l.entry_id = ANY (entries) AND h.units <> -(a.last_serial - a.first_serial + 1)
    ) THEN
        RAISE 'a batch is issued once, and whole' USING ERRCODE = '23514', CONSTRAINT = 'batch_is_issued_whole';
    END IF;
END $$;

CREATE FUNCTION settlement_entry_is_whole() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM settlement_entries_are_whole(ARRAY[NEW.id]);
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER entry_is_whole AFTER INSERT ON settlement_entry DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (NEW.settlement_id IS NULL) EXECUTE FUNCTION settlement_entry_is_whole();

CREATE FUNCTION settlement_batch_is_whole() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
    members bigint[];
BEGIN
    SELECT coalesce(array_agg(id), '{}') INTO members FROM settlement_entry WHERE settlement_id = NEW.id;
    IF cardinality(members) <> NEW.entries THEN
        RAISE 'a settlement has the entries it counts' USING ERRCODE = '23514', CONSTRAINT = 'settlement_counts_its_entries';
    END IF;
    PERFORM settlement_entries_are_whole(members);
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER settlement_is_whole AFTER INSERT ON settlement_settlementbatch DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION settlement_batch_is_whole();

-- An entry joins a settlement only in the transaction that made the settlement; else its check would never run.
CREATE FUNCTION settlement_entry_joins() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    IF EXISTS (SELECT FROM added a JOIN settlement_settlementbatch b ON b.id = a.settlement_id
               WHERE b.transaction_id <> pg_current_xact_id()) THEN
        RAISE 'an entry joins a settlement only in its own transaction'
            USING ERRCODE = '23514', CONSTRAINT = 'entry_comes_with_its_settlement';
    END IF;
    RETURN NULL;
END $$;
ALTER TABLE settlement_settlementbatch ADD COLUMN transaction_id xid8 NOT NULL DEFAULT pg_current_xact_id();
CREATE TRIGGER entry_joins AFTER INSERT ON settlement_entry REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION settlement_entry_joins();
