-- What is judged and logged at commit concerns a few entries, however long the ledger is. A planner that thinks an entry has
-- hundreds of legs, by statistics of when the ledger was young, reads all of it for each batch: so the way is said, entry by
-- entry through the index (OFFSET 0 keeps each look-up by itself), holdings and assets by their keys.
CREATE OR REPLACE FUNCTION settlement_entry_texts(entries bigint[], salts uuid[])
RETURNS TABLE (entry_id bigint, salt uuid, text text) LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
    SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
    SELECT e.id, given.salt, json_build_object(
        'entry', e.id, 'kind', e.kind, 'key', k.key, 'digest', k.digest,
        'at', to_char(e.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), 'date', e.business_date,
        'recorded_at', to_char(e.recorded_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
        'maker', e.maker_id, 'checker', e.checker_id, 'basis', e.basis, 'settlement', e.settlement_id,
        'legs', legs.said, 'serials', coalesce(moves.said, '[]'), 'salt', given.salt)::text
    FROM unnest(entries, salts) AS given (id, salt)
    JOIN settlement_entry e ON e.id = given.id LEFT JOIN settlement_entrykey k ON k.entry_id = e.id
    CROSS JOIN LATERAL (
        SELECT json_agg(json_build_array(l.asset_id, coalesce(d.organisation_id, 0), d.purpose, coalesce(c.organisation_id, 0), c.purpose,
                                         l.units) ORDER BY l.id) AS said
        FROM (SELECT * FROM settlement_leg WHERE settlement_leg.entry_id = given.id OFFSET 0) l
        JOIN settlement_holding d ON d.id = l.debited_id JOIN settlement_holding c ON c.id = l.credited_id) legs
    CROSS JOIN LATERAL (
        SELECT json_agg(json_build_array(m.asset_id, coalesce(d.organisation_id, 0), d.purpose, coalesce(c.organisation_id, 0), c.purpose,
                                         m.first_serial, m.last_serial) ORDER BY m.id) AS said
        FROM (SELECT * FROM settlement_serialmove WHERE settlement_serialmove.entry_id = given.id OFFSET 0) m
        JOIN settlement_holding d ON d.id = m.debited_id JOIN settlement_holding c ON c.id = m.credited_id) moves
$$;

CREATE OR REPLACE FUNCTION settlement_entries_are_whole(entries bigint[]) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, public SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE
    legless boolean; stray boolean; partly boolean;
BEGIN
    WITH legs AS MATERIALIZED (
        SELECT e.id AS entry_id, l.asset_id, l.debited_id, l.credited_id, l.units
        FROM unnest(entries) AS e (id) LEFT JOIN LATERAL (SELECT * FROM settlement_leg WHERE settlement_leg.entry_id = e.id OFFSET 0) l ON true
    ), moves AS MATERIALIZED (
        SELECT e.id AS entry_id, m.asset_id, m.debited_id, m.credited_id, m.last_serial - m.first_serial + 1 AS units
        FROM unnest(entries) AS e (id)
        CROSS JOIN LATERAL (SELECT * FROM settlement_serialmove WHERE settlement_serialmove.entry_id = e.id OFFSET 0) m
    ), moved AS (
        SELECT entry_id, asset_id, debited_id, credited_id, sum(by_legs) AS by_legs, sum(by_serials) AS by_serials FROM (
            SELECT l.entry_id, l.asset_id, l.debited_id, l.credited_id, l.units AS by_legs, NULL::bigint AS by_serials
            FROM legs l JOIN settlement_asset a ON a.id = l.asset_id AND a.kind = 'credit'
            UNION ALL SELECT entry_id, asset_id, debited_id, credited_id, NULL, units FROM moves) both_sides GROUP BY 1, 2, 3, 4
    )
    SELECT EXISTS (SELECT FROM legs WHERE asset_id IS NULL), EXISTS (SELECT FROM moved WHERE by_legs IS DISTINCT FROM by_serials),
           EXISTS (SELECT FROM legs l JOIN settlement_holding h ON h.id = l.debited_id AND h.purpose = 'issuance'
                   JOIN settlement_asset a ON a.id = l.asset_id WHERE h.units <> -(a.last_serial - a.first_serial + 1))
    INTO legless, stray, partly;
    IF legless THEN
        RAISE 'an entry has at least one leg' USING ERRCODE = '23514', CONSTRAINT = 'entry_has_legs';
    END IF;
    IF stray THEN
        RAISE 'credits move with exactly their serials' USING ERRCODE = '23514', CONSTRAINT = 'serials_follow_legs';
    END IF;
    IF partly THEN
        RAISE 'a batch is issued once, and whole' USING ERRCODE = '23514', CONSTRAINT = 'batch_is_issued_whole';
    END IF;
END $$;
