-- Holds: pledged and frozen units stand still, and move only by an entry that names why (I16).

-- The release that an entry names is one of the hold it names.
ALTER TABLE settlement_holdentry ADD CONSTRAINT hold_entry_lift_of_its_hold
    FOREIGN KEY (lift_id, hold_id) REFERENCES settlement_holdlift (id, hold_id);

-- A leg out of `pledged` or `frozen` belongs to an entry that names a done release of such a hold of this holder and
-- asset, or the freeze that is laid over its pledge; the units stay with their holder. Trades touch neither purpose.
CREATE FUNCTION settlement_leg_names_its_hold() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    IF EXISTS (
        SELECT FROM added a JOIN settlement_holding d ON d.id = a.debited_id
        WHERE d.purpose IN ('pledged', 'frozen') AND NOT EXISTS (
            SELECT FROM settlement_holdentry n
            JOIN settlement_hold h ON h.id = n.hold_id
            JOIN settlement_holding c ON c.id = a.credited_id
            LEFT JOIN settlement_holdlift l ON l.id = n.lift_id
            WHERE n.entry_id = a.entry_id AND h.organisation_id = d.organisation_id AND h.asset_id = d.asset_id
              AND c.organisation_id = d.organisation_id
              AND CASE WHEN n.kind = 'released' THEN l.state = 'done' AND (h.reason = 'pledge') = (d.purpose = 'pledged')
                           AND c.purpose IN ('available', 'pledged')
                       ELSE n.kind = 'laid_over' AND h.reason <> 'pledge' AND d.purpose = 'pledged' AND c.purpose = 'frozen' END)
    ) THEN
        RAISE 'pledged and frozen units move only by an entry that names the release or the freeze laid over them'
            USING ERRCODE = '23514', CONSTRAINT = 'held_units_move_by_name';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER leg_names_its_hold AFTER INSERT ON settlement_leg REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION settlement_leg_names_its_hold();

-- At commit, for one holder and asset: the holds and their parts explain exactly what is pledged and frozen.
CREATE FUNCTION settlement_check_holds(holder bigint, batch bigint) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
    frozen bigint; pledged bigint; available bigint;
BEGIN
    SELECT coalesce(sum(units) FILTER (WHERE purpose = 'frozen'), 0), coalesce(sum(units) FILTER (WHERE purpose = 'pledged'), 0),
           coalesce(sum(units) FILTER (WHERE purpose = 'available'), 0)
    INTO frozen, pledged, available
    FROM settlement_holding WHERE organisation_id = holder AND asset_id = batch AND purpose IN ('frozen', 'pledged', 'available');

    -- Parts are of live holds, taken from live holds of the same place; a freeze waits only behind one before it.
    IF EXISTS (
        SELECT FROM settlement_hold h JOIN settlement_holdpart p ON p.hold_id = h.id AND p.units > 0
        LEFT JOIN settlement_hold f ON f.id = p.taken_from_id
        WHERE h.organisation_id = holder AND h.asset_id = batch
          AND (h.state <> 'live'
               OR (p.taken_from_id IS NOT NULL AND (h.reason = 'pledge' OR f.state <> 'live' OR f.organisation_id <> holder OR f.asset_id <> batch))
               OR (f.reason <> 'pledge' AND (f.rank, f.since, f.id) >= (h.rank, h.since, h.id)))
    ) OR EXISTS (
        SELECT FROM settlement_hold h
        CROSS JOIN LATERAL (
            SELECT coalesce(sum(p.units), 0) AS all_units,
                   coalesce(sum(p.units) FILTER (WHERE p.taken_from_id IS NULL OR f.reason = 'pledge'), 0) AS in_ledger
            FROM settlement_holdpart p LEFT JOIN settlement_hold f ON f.id = p.taken_from_id WHERE p.hold_id = h.id) own
        CROSS JOIN LATERAL (
            SELECT coalesce(sum(p.units), 0) AS units FROM settlement_holdpart p WHERE p.taken_from_id = h.id) laid_over
        WHERE h.organisation_id = holder AND h.asset_id = batch AND h.state = 'live'
          AND (laid_over.units > own.all_units OR own.all_units > h.units - h.released_units
               OR own.in_ledger + h.open_units <> h.units - h.released_units
               OR (h.reason = 'pledge' AND h.open_units <> 0))
    ) THEN
        RAISE 'the parts of the holds of holder % on asset % do not add up', holder, batch USING ERRCODE = '23514', CONSTRAINT = 'hold_parts_add_up';
    END IF;
    IF frozen <> (SELECT coalesce(sum(p.units), 0) FROM settlement_hold h JOIN settlement_holdpart p ON p.hold_id = h.id
                  LEFT JOIN settlement_hold f ON f.id = p.taken_from_id
                  WHERE h.organisation_id = holder AND h.asset_id = batch AND h.state = 'live' AND h.reason <> 'pledge'
                    AND (f.id IS NULL OR f.reason = 'pledge')) THEN
        RAISE 'what is frozen is what live freezes hold' USING ERRCODE = '23514', CONSTRAINT = 'frozen_units_are_of_live_freezes';
    END IF;
    IF pledged <> (SELECT coalesce(sum(CASE WHEN h.reason = 'pledge' THEN p.units END), 0)
                        - coalesce(sum(CASE WHEN f.reason = 'pledge' THEN p.units END), 0)
                   FROM settlement_hold h JOIN settlement_holdpart p ON p.hold_id = h.id
                   LEFT JOIN settlement_hold f ON f.id = p.taken_from_id
                   WHERE h.organisation_id = holder AND h.asset_id = batch AND h.state = 'live') THEN
        RAISE 'what is pledged is what live pledges hold and no freeze lies on' USING ERRCODE = '23514', CONSTRAINT = 'pledged_units_are_of_live_pledges';
    END IF;
    IF available > 0 AND EXISTS (SELECT FROM settlement_hold WHERE organisation_id = holder AND asset_id = batch AND open_units > 0) THEN
        RAISE 'while a freeze is open nothing is available' USING ERRCODE = '23514', CONSTRAINT = 'open_freeze_leaves_nothing_available';
    END IF;
    IF EXISTS (SELECT FROM settlement_hold h WHERE h.organisation_id = holder AND h.asset_id = batch AND h.released_units <>
               (SELECT coalesce(sum(l.units), 0) FROM settlement_holdlift l WHERE l.hold_id = h.id AND l.state = 'done')) THEN
        RAISE 'what a hold has released is the sum of its releases' USING ERRCODE = '23514', CONSTRAINT = 'hold_is_released_by_its_lifts';
    END IF;
END $$;

CREATE FUNCTION settlement_holding_fits_its_holds() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    PERFORM settlement_check_holds(NEW.organisation_id, NEW.asset_id);
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER holding_fits_its_holds AFTER UPDATE OF units ON settlement_holding DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (NEW.purpose IN ('pledged', 'frozen')) EXECUTE FUNCTION settlement_holding_fits_its_holds();
CREATE CONSTRAINT TRIGGER hold_fits_the_others AFTER INSERT OR UPDATE ON settlement_hold DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION settlement_holding_fits_its_holds();

CREATE FUNCTION settlement_part_fits_its_hold() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    PERFORM settlement_check_holds(h.organisation_id, h.asset_id) FROM settlement_hold h WHERE h.id = NEW.hold_id;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER hold_part_fits_its_hold AFTER INSERT OR UPDATE ON settlement_holdpart DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION settlement_part_fits_its_hold();
CREATE CONSTRAINT TRIGGER hold_lift_is_counted AFTER INSERT OR UPDATE ON settlement_holdlift DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION settlement_part_fits_its_hold();

-- An entry is named in the transaction that made it.
CREATE FUNCTION settlement_hold_entry_comes_with_its_entry() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM settlement_entry e WHERE e.id = NEW.entry_id AND e.transaction_id = pg_current_xact_id()
                   AND (e.kind, NEW.kind) IN (('freeze', 'placed'), ('freeze', 'laid_over'), ('unfreeze', 'released'), ('pledge', 'placed'), ('release_pledge', 'released'))) THEN
        RAISE 'an entry names its hold in the transaction that made it' USING ERRCODE = '23514', CONSTRAINT = TG_NAME;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER hold_entry_comes_with_its_entry BEFORE INSERT ON settlement_holdentry FOR EACH ROW
    EXECUTE FUNCTION settlement_hold_entry_comes_with_its_entry();

-- A freeze begins in force, a pledge and a release as a request; what was asked for is what is decided.
CREATE TRIGGER hold_begins_as_it_may BEFORE INSERT ON settlement_hold FOR EACH ROW
    WHEN (NEW.state <> CASE WHEN NEW.reason = 'pledge' THEN 'asked' ELSE 'live' END) EXECUTE FUNCTION settlement_fixed();
CREATE TRIGGER hold_lift_begins_asked BEFORE INSERT ON settlement_holdlift FOR EACH ROW
    WHEN (NEW.state <> 'asked') EXECUTE FUNCTION settlement_fixed();
CREATE TRIGGER hold_content_is_fixed BEFORE UPDATE ON settlement_hold FOR EACH ROW
    WHEN ((OLD.id, OLD.organisation_id, OLD.asset_id, OLD.units, OLD.reason, OLD.rank, OLD.basis_number, OLD.authority, OLD.note,
           OLD.evidence_id, OLD.digest, OLD.until, OLD.asked_by_id, OLD.asked_at)
          IS DISTINCT FROM
          (NEW.id, NEW.organisation_id, NEW.asset_id, NEW.units, NEW.reason, NEW.rank, NEW.basis_number, NEW.authority, NEW.note,
           NEW.evidence_id, NEW.digest, NEW.until, NEW.asked_by_id, NEW.asked_at))
    EXECUTE FUNCTION settlement_fixed();
CREATE TRIGGER hold_takes_its_steps BEFORE UPDATE ON settlement_hold FOR EACH ROW
    WHEN (OLD.state IN ('ended', 'refused') OR NEW.released_units < OLD.released_units
          OR (OLD.state, NEW.state) NOT IN (('asked', 'confirmed'), ('asked', 'refused'), ('confirmed', 'live'),
                                            ('confirmed', 'refused'), ('live', 'live'), ('live', 'ended'))
          OR (OLD.state <> 'asked' AND (OLD.confirmed_by_id, OLD.confirmed_at) IS DISTINCT FROM (NEW.confirmed_by_id, NEW.confirmed_at))
          OR (OLD.state = 'live' AND (OLD.set_by_id, OLD.since) IS DISTINCT FROM (NEW.set_by_id, NEW.since)))
    EXECUTE FUNCTION settlement_fixed();
CREATE TRIGGER hold_lift_takes_its_steps BEFORE UPDATE ON settlement_holdlift FOR EACH ROW
    WHEN (OLD.state <> 'asked' OR (OLD.id, OLD.hold_id, OLD.units, OLD.basis_number, OLD.note, OLD.evidence_id, OLD.digest, OLD.asked_by_id, OLD.asked_at)
          IS DISTINCT FROM (NEW.id, NEW.hold_id, NEW.units, NEW.basis_number, NEW.note, NEW.evidence_id, NEW.digest, NEW.asked_by_id, NEW.asked_at))
    EXECUTE FUNCTION settlement_fixed();
CREATE TRIGGER hold_part_keeps_its_place BEFORE UPDATE ON settlement_holdpart FOR EACH ROW
    WHEN ((OLD.id, OLD.hold_id, OLD.taken_from_id) IS DISTINCT FROM (NEW.id, NEW.hold_id, NEW.taken_from_id))
    EXECUTE FUNCTION settlement_fixed();

-- Nothing of this is removed.
CREATE TRIGGER hold_is_kept BEFORE DELETE ON settlement_hold FOR EACH ROW EXECUTE FUNCTION settlement_fixed();
CREATE TRIGGER hold_is_not_truncated BEFORE TRUNCATE ON settlement_hold FOR EACH STATEMENT EXECUTE FUNCTION settlement_fixed();
CREATE TRIGGER hold_part_is_kept BEFORE DELETE ON settlement_holdpart FOR EACH ROW EXECUTE FUNCTION settlement_fixed();
CREATE TRIGGER hold_part_is_not_truncated BEFORE TRUNCATE ON settlement_holdpart FOR EACH STATEMENT EXECUTE FUNCTION settlement_fixed();
CREATE TRIGGER hold_lift_is_kept BEFORE DELETE ON settlement_holdlift FOR EACH ROW EXECUTE FUNCTION settlement_fixed();
CREATE TRIGGER hold_lift_is_not_truncated BEFORE TRUNCATE ON settlement_holdlift FOR EACH STATEMENT EXECUTE FUNCTION settlement_fixed();
CREATE TRIGGER hold_entry_is_append_only BEFORE UPDATE OR DELETE ON settlement_holdentry FOR EACH ROW EXECUTE FUNCTION settlement_fixed();
CREATE TRIGGER hold_entry_is_not_truncated BEFORE TRUNCATE ON settlement_holdentry FOR EACH STATEMENT EXECUTE FUNCTION settlement_fixed();

-- What the app's role may write of all this.
REVOKE ALL ON settlement_hold, settlement_holdpart, settlement_holdlift, settlement_holdentry FROM tanhui_app;
GRANT SELECT, INSERT ON settlement_hold, settlement_holdpart, settlement_holdlift, settlement_holdentry TO tanhui_app;
GRANT UPDATE (state, confirmed_by_id, confirmed_at, set_by_id, since, released_units, open_units, ended_at, ended_by_id) ON settlement_hold TO tanhui_app;
GRANT UPDATE (units) ON settlement_holdpart TO tanhui_app;
GRANT UPDATE (state, decided_by_id, decided_at) ON settlement_holdlift TO tanhui_app;
