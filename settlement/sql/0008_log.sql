-- The transparency log: every entry and every official decision leaves a leaf in the transaction that makes it, whoever
-- makes it. The leaf is a text that says all of the act; leaves are sealed into a Merkle tree afterwards (services/log.py).
-- docs/decisions/0021-transparency-log.md.

-- Which transaction laid a leaf: it is sealed only when no earlier transaction can still lay one (never by `id > last`).
ALTER TABLE settlement_logleaf ADD COLUMN transaction_id xid8 NOT NULL DEFAULT pg_current_xact_id();
ALTER TABLE settlement_logleaf ADD CONSTRAINT leaf_of_an_entry FOREIGN KEY (entry_id) REFERENCES settlement_entrykey (entry_id);

-- What a leaf says of each of some entries: the act, its legs and the serials that moved, holders by number and purpose.
-- The salt keeps a leaf's hash from being guessed; persons are numbers here, never names.
CREATE FUNCTION settlement_entry_texts(entries bigint[], salts uuid[])
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

CREATE FUNCTION settlement_log_entries(entries bigint[]) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    WITH laid AS (
        INSERT INTO settlement_logleaf (subject, entry_id, salt, text)
        SELECT 'entry:' || t.entry_id, t.entry_id, t.salt, t.text
        FROM settlement_entry_texts(entries, ARRAY(SELECT gen_random_uuid() FROM unnest(entries))) t ORDER BY t.entry_id
        RETURNING id)
    INSERT INTO settlement_logqueue (leaf_id) SELECT id FROM laid;
END $$;

-- What the rooms above call from their own triggers: the leaf of an official act, as JSON that names no person.
-- `secrets` are texts that may be personal (an opinion, a beneficiary): of each only its salted digest is in the leaf, so
-- that it can be proved, and erased.
CREATE FUNCTION settlement_log_decision(about text, said json, secrets text[][]) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
    pinch uuid := gen_random_uuid(); hidden json; leaf bigint;
BEGIN
    SELECT json_object_agg(secrets[i][1], encode(sha256(convert_to(pinch::text || secrets[i][2], 'UTF8')), 'hex') ORDER BY i)
    INTO hidden FROM generate_series(1, coalesce(array_length(secrets, 1), 0)) AS i;
    INSERT INTO settlement_logleaf (subject, entry_id, salt, text)
    VALUES (about, NULL, pinch, json_build_object('decision', about, 'said', said, 'digests', hidden, 'salt', pinch)::text)
    RETURNING id INTO leaf;
    INSERT INTO settlement_logqueue (leaf_id) VALUES (leaf);
END $$;

-- The leaf is written when the act is judged, at commit.
CREATE OR REPLACE FUNCTION settlement_entry_is_whole() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    PERFORM settlement_entries_are_whole(ARRAY[NEW.id]);
    PERFORM settlement_log_entries(ARRAY[NEW.id]);
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION settlement_batch_is_whole() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
    members bigint[];
BEGIN
    SELECT coalesce(array_agg(id ORDER BY id), '{}') INTO members FROM settlement_entry WHERE settlement_id = NEW.id;
    IF cardinality(members) <> NEW.entries THEN
        RAISE 'a settlement has the entries it counts' USING ERRCODE = '23514', CONSTRAINT = 'settlement_counts_its_entries';
    END IF;
    PERFORM settlement_entries_are_whole(members);
    PERFORM settlement_log_entries(members);
    RETURN NULL;
END $$;

-- A transaction may have its deferred checks made early and then write on. Nothing is added to an act that has its leaf.
CREATE FUNCTION settlement_comes_before_the_leaf() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    IF EXISTS (SELECT FROM added a JOIN settlement_logleaf f ON f.entry_id = a.entry_id) THEN
        RAISE 'nothing is added to an entry that was judged and logged' USING ERRCODE = '23514', CONSTRAINT = TG_NAME;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER leg_comes_before_the_leaf AFTER INSERT ON settlement_leg REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION settlement_comes_before_the_leaf();
CREATE TRIGGER serial_move_comes_before_the_leaf AFTER INSERT ON settlement_serialmove REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION settlement_comes_before_the_leaf();

-- What was logged stays, and is sealed without gaps: a new leaf stands right after the last one.
CREATE FUNCTION settlement_log_has_no_gaps() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    IF EXISTS (SELECT FROM added a WHERE a.position > 0
               AND NOT EXISTS (SELECT FROM settlement_logposition p WHERE p.position = a.position - 1)) THEN
        RAISE 'a leaf is sealed right after the last one' USING ERRCODE = '23514', CONSTRAINT = 'log_has_no_gaps';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER log_has_no_gaps AFTER INSERT ON settlement_logposition REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION settlement_log_has_no_gaps();

-- A leaf leaves the queue when it has its place.
CREATE FUNCTION settlement_queued_leaf_is_sealed() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM settlement_logposition WHERE leaf_id = OLD.leaf_id) THEN
        RAISE 'a leaf leaves the queue when it has its place' USING ERRCODE = '23514', CONSTRAINT = 'queued_leaf_is_sealed';
    END IF;
    RETURN OLD;
END $$;
CREATE TRIGGER queued_leaf_is_sealed BEFORE DELETE ON settlement_logqueue FOR EACH ROW EXECUTE FUNCTION settlement_queued_leaf_is_sealed();
CREATE TRIGGER log_queue_is_not_truncated BEFORE TRUNCATE ON settlement_logqueue FOR EACH STATEMENT EXECUTE FUNCTION settlement_fixed();
CREATE TRIGGER log_queue_is_fixed BEFORE UPDATE ON settlement_logqueue FOR EACH ROW EXECUTE FUNCTION settlement_fixed();

-- A signed head is of a tree that is there, and never of a smaller one than the head before.
CREATE FUNCTION settlement_log_heads_only_grow() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    IF NEW.size < (SELECT coalesce(max(size), 0) FROM settlement_loghead WHERE id <> NEW.id)
       OR (NEW.size > 0 AND NOT EXISTS (SELECT FROM settlement_logposition WHERE position = NEW.size - 1)) THEN
        RAISE 'a head is of the tree that is there, and never of a smaller one' USING ERRCODE = '23514', CONSTRAINT = 'log_heads_only_grow';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER log_heads_only_grow AFTER INSERT ON settlement_loghead FOR EACH ROW EXECUTE FUNCTION settlement_log_heads_only_grow();

CREATE TRIGGER log_leaf_is_append_only BEFORE UPDATE OR DELETE ON settlement_logleaf FOR EACH ROW EXECUTE FUNCTION settlement_fixed();
CREATE TRIGGER log_leaf_is_not_truncated BEFORE TRUNCATE ON settlement_logleaf FOR EACH STATEMENT EXECUTE FUNCTION settlement_fixed();
CREATE TRIGGER log_position_is_append_only BEFORE UPDATE OR DELETE ON settlement_logposition FOR EACH ROW EXECUTE FUNCTION settlement_fixed();
CREATE TRIGGER log_position_is_not_truncated BEFORE TRUNCATE ON settlement_logposition FOR EACH STATEMENT EXECUTE FUNCTION settlement_fixed();
CREATE TRIGGER log_node_is_append_only BEFORE UPDATE OR DELETE ON settlement_lognode FOR EACH ROW EXECUTE FUNCTION settlement_fixed();
CREATE TRIGGER log_node_is_not_truncated BEFORE TRUNCATE ON settlement_lognode FOR EACH STATEMENT EXECUTE FUNCTION settlement_fixed();
CREATE TRIGGER log_head_is_append_only BEFORE UPDATE OR DELETE ON settlement_loghead FOR EACH ROW EXECUTE FUNCTION settlement_fixed();
CREATE TRIGGER log_head_is_not_truncated BEFORE TRUNCATE ON settlement_loghead FOR EACH STATEMENT EXECUTE FUNCTION settlement_fixed();
CREATE TRIGGER log_key_is_append_only BEFORE UPDATE OR DELETE ON settlement_logkey FOR EACH ROW EXECUTE FUNCTION settlement_fixed();
CREATE TRIGGER log_key_is_not_truncated BEFORE TRUNCATE ON settlement_logkey FOR EACH STATEMENT EXECUTE FUNCTION settlement_fixed();

REVOKE ALL ON settlement_logleaf, settlement_logqueue, settlement_logposition, settlement_lognode, settlement_loghead, settlement_logkey FROM tanhui_app;
GRANT SELECT ON settlement_logleaf, settlement_logqueue, settlement_logposition, settlement_lognode, settlement_loghead, settlement_logkey TO tanhui_app;
GRANT DELETE ON settlement_logqueue TO tanhui_app;
GRANT INSERT ON settlement_logposition, settlement_lognode, settlement_logkey TO tanhui_app;
GRANT INSERT (size, root, note, at) ON settlement_loghead TO tanhui_app;
-- Leaves are written by the triggers alone.
REVOKE ALL ON FUNCTION settlement_log_entries, settlement_log_decision FROM PUBLIC;

-- What was done before there was a log.
SELECT settlement_log_entries(array_agg(id ORDER BY id)) FROM settlement_entry HAVING count(*) > 0;
