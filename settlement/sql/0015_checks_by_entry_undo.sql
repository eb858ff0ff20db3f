-- The same as before 0015: right, and slow where statistics mislead.
CREATE OR REPLACE FUNCTION settlement_entry_texts(entries bigint[], salts uuid[])
RETURNS TABLE (entry_id bigint, salt uuid, text text) LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
    SELECT e.id, given.salt, json_build_object(
        'entry', e.id, 'kind', e.kind, 'key', k.key, 'digest', k.digest,
        'at', to_char(e.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), 'date', e.business_date,
        'recorded_at', to_char(e.recorded_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
        'maker', e.maker_id, 'checker', e.checker_id, 'basis', e.basis, 'settlement', e.settlement_id,
        'legs', (SELECT json_agg(json_build_array(l.asset_id, coalesce(d.organisation_id, 0), d.purpose,
                                                  coalesce(c.organisation_id, 0), c.purpose, l.units) ORDER BY l.id)
                 FROM settlement_leg l JOIN settlement_holding d ON d.id = l.debited_id
                 JOIN settlement_holding c ON c.id = l.credited_id WHERE l.entry_id = e.id),
        'serials', (SELECT coalesce(json_agg(json_build_array(m.asset_id, coalesce(d.organisation_id, 0), d.purpose,
                                                     coalesce(c.organisation_id, 0), c.purpose, m.first_serial, m.last_serial)
                                             ORDER BY m.id), '[]')
                    FROM settlement_serialmove m JOIN settlement_holding d ON d.id = m.debited_id
                    JOIN settlement_holding c ON c.id = m.credited_id WHERE m.entry_id = e.id),
        'salt', given.salt)::text
    FROM unnest(entries, salts) AS given (id, salt)
    JOIN settlement_entry e ON e.id = given.id LEFT JOIN settlement_entrykey k ON k.entry_id = e.id
$$;

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
