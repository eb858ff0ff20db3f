-- A leg belongs to an entry that has a key. The constraint stands on the key's table, which is not partitioned: looking up
-- a row of a partitioned table costs 17 µs a leg, of this one under 3 (docs/decisions/0020-foreign-keys-through-the-key.md).
ALTER TABLE settlement_leg DROP CONSTRAINT leg_of_an_entry;
ALTER TABLE settlement_leg ADD CONSTRAINT leg_of_an_entry FOREIGN KEY (entry_id) REFERENCES settlement_entrykey (entry_id);

-- At commit: an entry has legs (and so a key, without which it could have none), its credits moved with their serials, and a batch was issued exactly once.
CREATE OR REPLACE FUNCTION settlement_entries_are_whole(entries bigint[]) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    IF EXISTS (SELECT FROM unnest(entries) AS e(id) WHERE NOT EXISTS (SELECT FROM settlement_leg l WHERE l.entry_id = e.id)) THEN
        RAISE 'an entry has at least one leg' USING ERRCODE = '23514', CONSTRAINT = 'entry_has_legs';
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
