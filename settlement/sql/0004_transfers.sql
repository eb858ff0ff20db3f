-- Non-trade transfers and reversals: what never happens, whoever writes.

-- A record begins at its first state; the row that is written first is the proposal and nothing else.
CREATE FUNCTION settlement_begins_proposed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE 'a record of % begins as a proposal', TG_TABLE_NAME USING ERRCODE = '23514', CONSTRAINT = TG_NAME;
END $$;
CREATE TRIGGER transfer_begins_proposed BEFORE INSERT ON settlement_transfer FOR EACH ROW
    WHEN (NEW.state <> 'proposed' OR NEW.confirmed_by_id IS NOT NULL OR NEW.approved_by_id IS NOT NULL)
    EXECUTE FUNCTION settlement_begins_proposed();
CREATE TRIGGER trusted_account_begins_proposed BEFORE INSERT ON settlement_trustedaccount FOR EACH ROW
    WHEN (NEW.state <> 'proposed') EXECUTE FUNCTION settlement_begins_proposed();
CREATE TRIGGER reversal_request_begins_proposed BEFORE INSERT ON settlement_reversalrequest FOR EACH ROW
    WHEN (NEW.state <> 'proposed') EXECUTE FUNCTION settlement_begins_proposed();

-- What was proposed is what is approved.
CREATE TRIGGER transfer_content_is_fixed BEFORE UPDATE ON settlement_transfer FOR EACH ROW
    WHEN ((OLD.id, OLD.kind, OLD.from_organisation_id, OLD.to_organisation_id, OLD.asset_id, OLD.units, OLD.basis_number,
           OLD.evidence_id, OLD.reason, OLD.digest, OLD.proposed_by_id, OLD.proposed_by_client_id, OLD.proposed_at)
          IS DISTINCT FROM
          (NEW.id, NEW.kind, NEW.from_organisation_id, NEW.to_organisation_id, NEW.asset_id, NEW.units, NEW.basis_number,
           NEW.evidence_id, NEW.reason, NEW.digest, NEW.proposed_by_id, NEW.proposed_by_client_id, NEW.proposed_at))
    EXECUTE FUNCTION settlement_fixed();
CREATE TRIGGER trusted_account_content_is_fixed BEFORE UPDATE ON settlement_trustedaccount FOR EACH ROW
    WHEN ((OLD.id, OLD.organisation_id, OLD.trusted_id, OLD.reason, OLD.proposed_by_id, OLD.proposed_at)
          IS DISTINCT FROM (NEW.id, NEW.organisation_id, NEW.trusted_id, NEW.reason, NEW.proposed_by_id, NEW.proposed_at))
    EXECUTE FUNCTION settlement_fixed();
CREATE TRIGGER reversal_request_content_is_fixed BEFORE UPDATE ON settlement_reversalrequest FOR EACH ROW
    WHEN (OLD.state <> 'proposed' OR (OLD.id, OLD.reverses_id, OLD.reason, OLD.note, OLD.digest, OLD.proposed_by_id, OLD.proposed_at)
          IS DISTINCT FROM (NEW.id, NEW.reverses_id, NEW.reason, NEW.note, NEW.digest, NEW.proposed_by_id, NEW.proposed_at))
    EXECUTE FUNCTION settlement_fixed();

-- Only these steps, each with what it writes. A due time changes only while it is provisional.
CREATE FUNCTION settlement_transfer_steps() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT (
        (OLD.state, NEW.state) IN (('proposed', 'proposed'), ('proposed', 'approved'), ('proposed', 'cancelled'),
            ('proposed', 'refused'), ('approved', 'approved'), ('approved', 'executed'), ('approved', 'cancelled'),
            ('approved', 'refused'), ('executed', 'reversed'))
        AND (OLD.state = 'proposed' AND OLD.confirmed_by_id IS NULL
             OR (OLD.confirmed_by_id, OLD.confirmed_at) IS NOT DISTINCT FROM (NEW.confirmed_by_id, NEW.confirmed_at))
        AND (OLD.state = 'proposed'
             OR (OLD.approved_by_id, OLD.approved_at, OLD.is_trusted, OLD.hold_entry_id)
                IS NOT DISTINCT FROM (NEW.approved_by_id, NEW.approved_at, NEW.is_trusted, NEW.hold_entry_id))
        AND (OLD.state = 'proposed' OR OLD.due_provisional AND OLD.state = 'approved'
             OR (OLD.due_at, OLD.due_provisional) IS NOT DISTINCT FROM (NEW.due_at, NEW.due_provisional))
        AND (OLD.ended_at IS NULL
             OR (OLD.ended_at, OLD.ended_by_id, OLD.end_note, OLD.end_entry_id)
                IS NOT DISTINCT FROM (NEW.ended_at, NEW.ended_by_id, NEW.end_note, NEW.end_entry_id))
    ) THEN
        RAISE 'no such step of a transfer: % to %', OLD.state, NEW.state USING ERRCODE = '23514', CONSTRAINT = TG_NAME;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER transfer_takes_its_steps BEFORE UPDATE ON settlement_transfer FOR EACH ROW EXECUTE FUNCTION settlement_transfer_steps();

CREATE FUNCTION settlement_trusted_account_steps() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT (
        (OLD.state, NEW.state) IN (('proposed', 'approved'), ('proposed', 'stopped'), ('approved', 'approved'),
            ('approved', 'stopped'), ('approved', 'revoked'))
        AND (OLD.state = 'proposed'
             OR (OLD.approved_by_id, OLD.approved_at) IS NOT DISTINCT FROM (NEW.approved_by_id, NEW.approved_at))
        AND (OLD.state = 'proposed' OR OLD.counts_provisional AND NEW.state = 'approved'
             OR (OLD.counts_from, OLD.counts_provisional) IS NOT DISTINCT FROM (NEW.counts_from, NEW.counts_provisional))
    ) THEN
        RAISE 'no such step of a trusted account: % to %', OLD.state, NEW.state USING ERRCODE = '23514', CONSTRAINT = TG_NAME;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER trusted_account_takes_its_steps BEFORE UPDATE ON settlement_trustedaccount FOR EACH ROW
    EXECUTE FUNCTION settlement_trusted_account_steps();

-- Nothing of this is removed; papers, answers of checks and reversals are never changed either.
CREATE TRIGGER transfer_is_kept BEFORE DELETE ON settlement_transfer FOR EACH ROW EXECUTE FUNCTION settlement_fixed();
CREATE TRIGGER transfer_is_not_truncated BEFORE TRUNCATE ON settlement_transfer FOR EACH STATEMENT EXECUTE FUNCTION settlement_fixed();
CREATE TRIGGER trusted_account_is_kept BEFORE DELETE ON settlement_trustedaccount FOR EACH ROW EXECUTE FUNCTION settlement_fixed();
CREATE TRIGGER trusted_account_is_not_truncated BEFORE TRUNCATE ON settlement_trustedaccount FOR EACH STATEMENT EXECUTE FUNCTION settlement_fixed();
CREATE TRIGGER reversal_request_is_kept BEFORE DELETE ON settlement_reversalrequest FOR EACH ROW EXECUTE FUNCTION settlement_fixed();
CREATE TRIGGER reversal_request_is_not_truncated BEFORE TRUNCATE ON settlement_reversalrequest FOR EACH STATEMENT EXECUTE FUNCTION settlement_fixed();
CREATE TRIGGER evidence_is_append_only BEFORE UPDATE OR DELETE ON settlement_evidence FOR EACH ROW EXECUTE FUNCTION settlement_fixed();
CREATE TRIGGER evidence_is_not_truncated BEFORE TRUNCATE ON settlement_evidence FOR EACH STATEMENT EXECUTE FUNCTION settlement_fixed();
CREATE TRIGGER transfer_check_is_append_only BEFORE UPDATE OR DELETE ON settlement_transfercheck FOR EACH ROW EXECUTE FUNCTION settlement_fixed();
CREATE TRIGGER transfer_check_is_not_truncated BEFORE TRUNCATE ON settlement_transfercheck FOR EACH STATEMENT EXECUTE FUNCTION settlement_fixed();
CREATE TRIGGER reversal_is_append_only BEFORE UPDATE OR DELETE ON settlement_entryreversal FOR EACH ROW EXECUTE FUNCTION settlement_fixed();
CREATE TRIGGER reversal_is_not_truncated BEFORE TRUNCATE ON settlement_entryreversal FOR EACH STATEMENT EXECUTE FUNCTION settlement_fixed();

-- Whether an entry is exactly one movement of such units between two holdings of such holders and purposes.
CREATE FUNCTION settlement_moved(entry bigint, of_kind text, asset bigint, moved bigint, giver bigint, giver_purpose text,
                                 receiver bigint, receiver_purpose text)
RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
    SELECT count(*) = 1 AND bool_and(e.kind = of_kind AND l.asset_id = asset AND l.units = moved
        AND d.organisation_id = giver AND d.purpose = giver_purpose
        AND c.organisation_id = receiver AND c.purpose = receiver_purpose)
    FROM settlement_leg l JOIN settlement_entry e ON e.id = l.entry_id
    JOIN settlement_holding d ON d.id = l.debited_id JOIN settlement_holding c ON c.id = l.credited_id
    WHERE l.entry_id = entry
$$;

-- The serials that an entry moved, as ranges.
CREATE FUNCTION settlement_serials_of(entry bigint)
RETURNS int8multirange LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
    SELECT range_agg(int8range(first_serial, last_serial, '[]')) FROM settlement_serialmove WHERE entry_id = entry
$$;

-- At commit: the entries a transfer names moved its very units, by its persons, and always the same serials.
CREATE FUNCTION settlement_transfer_is_whole() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
    t settlement_transfer;
BEGIN
    SELECT * INTO t FROM settlement_transfer WHERE id = NEW.id;
    IF t.hold_entry_id IS NOT NULL AND NOT settlement_moved(t.hold_entry_id, 'transfer_hold', t.asset_id, t.units,
            t.from_organisation_id, 'available', t.from_organisation_id, 'in_transit')
       OR t.end_entry_id IS NOT NULL AND t.state IN ('executed', 'reversed') AND NOT settlement_moved(t.end_entry_id, 'transfer',
            t.asset_id, t.units, t.from_organisation_id, 'in_transit', t.to_organisation_id, 'available')
       OR t.end_entry_id IS NOT NULL AND t.state IN ('cancelled', 'refused') AND NOT settlement_moved(t.end_entry_id,
            'transfer_release', t.asset_id, t.units, t.from_organisation_id, 'in_transit', t.from_organisation_id, 'available')
       OR t.return_entry_id IS NOT NULL AND NOT (settlement_moved(t.return_entry_id, 'transfer_release', t.asset_id, t.units,
            t.from_organisation_id, 'in_transit', t.from_organisation_id, 'available')
            AND EXISTS (SELECT FROM settlement_entryreversal r WHERE r.reverses_id = t.end_entry_id))
    THEN
        RAISE 'the entries of a transfer move its units between its ends' USING ERRCODE = '23514', CONSTRAINT = 'transfer_moves_what_it_names';
    END IF;
    IF t.end_entry_id IS NOT NULL AND settlement_serials_of(t.end_entry_id) <> settlement_serials_of(t.hold_entry_id)
       OR t.return_entry_id IS NOT NULL AND settlement_serials_of(t.return_entry_id) <> settlement_serials_of(t.hold_entry_id)
    THEN
        RAISE 'a transfer moves the serials that it held' USING ERRCODE = '23514', CONSTRAINT = 'transfer_moves_the_serials_it_held';
    END IF;
    IF t.state IN ('executed', 'reversed') AND NOT EXISTS (SELECT FROM settlement_entry e WHERE e.id = t.end_entry_id
            AND e.maker_id = coalesce(t.proposed_by_id, t.confirmed_by_id) AND e.checker_id = t.approved_by_id) THEN
        RAISE 'a transfer is posted by those who proposed and approved it' USING ERRCODE = '23514', CONSTRAINT = 'transfer_is_posted_by_its_persons';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER transfer_is_whole AFTER UPDATE ON settlement_transfer DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION settlement_transfer_is_whole();

-- At commit: an entry of these kinds is one that a transfer names. Trades and holds for orders never come here.
CREATE FUNCTION settlement_entry_of_a_transfer() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM settlement_transfer WHERE hold_entry_id = NEW.id)
       AND NOT EXISTS (SELECT FROM settlement_transfer WHERE end_entry_id = NEW.id)
       AND NOT EXISTS (SELECT FROM settlement_transfer WHERE return_entry_id = NEW.id) THEN
        RAISE 'credits in transit move by an entry that names its transfer' USING ERRCODE = '23514', CONSTRAINT = TG_NAME;
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER entry_names_its_transfer AFTER INSERT ON settlement_entry DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (NEW.kind IN ('transfer_hold', 'transfer', 'transfer_release')) EXECUTE FUNCTION settlement_entry_of_a_transfer();

-- At commit: what a holder has in transit of a batch is what its transfers under way are of, no more and no less.
CREATE FUNCTION settlement_in_transit_is_under_way() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    IF (SELECT kind FROM settlement_asset WHERE id = NEW.asset_id) = 'credit'
       AND (SELECT units FROM settlement_holding WHERE id = NEW.id) <>
           (SELECT coalesce(sum(units), 0) FROM settlement_transfer
            WHERE from_organisation_id = NEW.organisation_id AND asset_id = NEW.asset_id AND state = 'approved') THEN
        RAISE 'credits in transit belong to one transfer under way' USING ERRCODE = '23514', CONSTRAINT = TG_NAME;
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER in_transit_is_of_a_transfer AFTER UPDATE OF units ON settlement_holding DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (NEW.purpose = 'in_transit') EXECUTE FUNCTION settlement_in_transit_is_under_way();

-- At commit: a reversal names the entry it undoes, that entry may be undone, and legs and serials are exactly mirrored.
CREATE FUNCTION settlement_reversal_is_named() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM settlement_entryreversal WHERE entry_id = NEW.id) THEN
        RAISE 'a reversal names the entry it reverses' USING ERRCODE = '23514', CONSTRAINT = TG_NAME;
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER reversal_names_its_entry AFTER INSERT ON settlement_entry DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (NEW.kind = 'reversal') EXECUTE FUNCTION settlement_reversal_is_named();

CREATE FUNCTION settlement_reversal_kinds() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM settlement_entry WHERE id = NEW.entry_id AND kind = 'reversal')
       OR NOT EXISTS (SELECT FROM settlement_entry WHERE id = NEW.reverses_id AND kind IN ('transfer', 'suspense_explained')) THEN
        RAISE 'only transfers and corrections are reversed' USING ERRCODE = '23514', CONSTRAINT = TG_NAME;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER reversal_is_of_a_kind_that_can_be BEFORE INSERT ON settlement_entryreversal FOR EACH ROW
    EXECUTE FUNCTION settlement_reversal_kinds();

CREATE FUNCTION settlement_reversal_mirrors() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    IF EXISTS (
        (SELECT asset_id, debited_id, credited_id, units, count(*) FROM settlement_leg WHERE entry_id = NEW.entry_id GROUP BY 1, 2, 3, 4)
        EXCEPT
        (SELECT asset_id, credited_id, debited_id, units, count(*) FROM settlement_leg WHERE entry_id = NEW.reverses_id GROUP BY 1, 2, 3, 4)
    ) OR (SELECT count(*) FROM settlement_leg WHERE entry_id = NEW.entry_id)
         <> (SELECT count(*) FROM settlement_leg WHERE entry_id = NEW.reverses_id)
      OR EXISTS (
        SELECT FROM (
            SELECT asset_id, debited_id, credited_id, range_agg(int8range(first_serial, last_serial, '[]')) AS serials
            FROM settlement_serialmove WHERE entry_id = NEW.entry_id GROUP BY 1, 2, 3
        ) back FULL JOIN (
            SELECT asset_id, credited_id AS debited_id, debited_id AS credited_id, range_agg(int8range(first_serial, last_serial, '[]')) AS serials
            FROM settlement_serialmove WHERE entry_id = NEW.reverses_id GROUP BY 1, 2, 3
        ) there USING (asset_id, debited_id, credited_id)
        WHERE back.serials IS DISTINCT FROM there.serials
    ) THEN
        RAISE 'a reversal has the legs and the serials of its entry, the ends swapped' USING ERRCODE = '23514', CONSTRAINT = TG_NAME;
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER reversal_mirrors_its_entry AFTER INSERT ON settlement_entryreversal DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION settlement_reversal_mirrors();

-- What the app's role may write of all this: it owns nothing, removes nothing, and sets no column beside its verbs.
REVOKE ALL ON settlement_evidence, settlement_trustedaccount, settlement_transfer, settlement_transfercheck,
    settlement_entryreversal, settlement_reversalrequest FROM tanhui_app;
GRANT SELECT ON settlement_evidence, settlement_trustedaccount, settlement_transfer, settlement_transfercheck,
    settlement_entryreversal, settlement_reversalrequest TO tanhui_app;
GRANT INSERT ON settlement_evidence, settlement_trustedaccount, settlement_transfer, settlement_transfercheck,
    settlement_entryreversal, settlement_reversalrequest TO tanhui_app;
GRANT UPDATE (state, approved_by_id, approved_at, counts_from, counts_provisional, ended_by_id, ended_at)
    ON settlement_trustedaccount TO tanhui_app;
GRANT UPDATE (state, confirmed_by_id, confirmed_at, approved_by_id, approved_at, is_trusted, due_at, due_provisional,
    ended_by_id, ended_at, end_note, hold_entry_id, end_entry_id, return_entry_id) ON settlement_transfer TO tanhui_app;
GRANT UPDATE (state, decided_by_id, decided_at, entry_id) ON settlement_reversalrequest TO tanhui_app;
