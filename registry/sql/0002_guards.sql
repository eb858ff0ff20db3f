-- What the registry never lets happen, whoever writes.
CREATE SEQUENCE registry_project_serial AS integer MINVALUE 1 MAXVALUE 999999;
CREATE SEQUENCE registry_certificate_number;
GRANT USAGE, SELECT ON SEQUENCE registry_project_serial, registry_certificate_number TO tanhui_app;

CREATE FUNCTION registry_fixed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE '% of % is refused', lower(TG_OP), TG_TABLE_NAME USING ERRCODE = '23514', CONSTRAINT = TG_NAME;
END $$;

DO $$
DECLARE one text;
BEGIN
    FOREACH one IN ARRAY ARRAY['reviewstep', 'contribution', 'document', 'landcomparison', 'borderdecision', 'validation',
                               'observationfile', 'calculationrecord', 'parameterversion', 'checkresult', 'verification',
                               'issuedvintage'] LOOP
        EXECUTE format('CREATE TRIGGER %1$s_is_append_only BEFORE UPDATE OR DELETE ON registry_%1$s
                        FOR EACH ROW EXECUTE FUNCTION registry_fixed()', one);
        EXECUTE format('CREATE TRIGGER %1$s_is_not_truncated BEFORE TRUNCATE ON registry_%1$s
                        FOR EACH STATEMENT EXECUTE FUNCTION registry_fixed()', one);
        EXECUTE format('REVOKE UPDATE, DELETE, TRUNCATE ON registry_%1$s FROM tanhui_app', one);
    END LOOP;
    FOREACH one IN ARRAY ARRAY['project', 'parcel', 'monitoringperiod', 'issuance', 'retirement', 'publiccomment'] LOOP
        EXECUTE format('CREATE TRIGGER %1$s_is_kept BEFORE DELETE ON registry_%1$s
                        FOR EACH ROW EXECUTE FUNCTION registry_fixed()', one);
    END LOOP;
END $$;

-- The names of a project never change; a final state is final.
CREATE TRIGGER project_keeps_its_code BEFORE UPDATE ON registry_project FOR EACH ROW
    WHEN ((OLD.serial, OLD.code, OLD.scheme, OLD.owner_id) IS DISTINCT FROM (NEW.serial, NEW.code, NEW.scheme, NEW.owner_id))
    EXECUTE FUNCTION registry_fixed();
CREATE TRIGGER ended_project_stays_ended BEFORE UPDATE ON registry_project FOR EACH ROW
    WHEN (OLD.state IN ('rejected', 'withdrawn', 'lapsed', 'deregistered') AND NEW.state <> OLD.state)
    EXECUTE FUNCTION registry_fixed();
CREATE TRIGGER issued_amounts_stay BEFORE UPDATE ON registry_issuance FOR EACH ROW
    WHEN (OLD.state = 'issued' AND (OLD.state, OLD.verified_tonnes, OLD.buffer_tonnes, OLD.vintages, OLD.maker_id, OLD.checker_id)
          IS DISTINCT FROM (NEW.state, NEW.verified_tonnes, NEW.buffer_tonnes, NEW.vintages, NEW.maker_id, NEW.checker_id))
    EXECUTE FUNCTION registry_fixed();
CREATE TRIGGER retirement_is_final BEFORE UPDATE ON registry_retirement FOR EACH ROW
    WHEN (OLD.state = 'retired' AND (OLD.state, OLD.tonnes, OLD.asset_id, OLD.organisation_id, OLD.beneficiary, OLD.purpose,
                                     OLD.serials, OLD.entry_id, OLD.number)
          IS DISTINCT FROM (NEW.state, NEW.tonnes, NEW.asset_id, NEW.organisation_id, NEW.beneficiary, NEW.purpose,
                            NEW.serials, NEW.entry_id, NEW.number))
    EXECUTE FUNCTION registry_fixed();

-- Whoever entered anything takes no part in the review, and whoever reviewed enters nothing afterwards.
CREATE FUNCTION registry_reviewer_took_no_part() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('review of project ' || NEW.project_id, 0));
    IF EXISTS (SELECT FROM registry_contribution WHERE project_id = NEW.project_id AND user_id = NEW.reviewer_id) THEN
        RAISE 'person % entered something of project %', NEW.reviewer_id, NEW.project_id
            USING ERRCODE = '23514', CONSTRAINT = 'reviewer_took_no_part';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER reviewer_took_no_part BEFORE INSERT ON registry_reviewstep
    FOR EACH ROW EXECUTE FUNCTION registry_reviewer_took_no_part();

CREATE FUNCTION registry_contributor_reviewed_nothing() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('review of project ' || NEW.project_id, 0));
    IF EXISTS (SELECT FROM registry_reviewstep WHERE project_id = NEW.project_id AND reviewer_id = NEW.user_id) THEN
        RAISE 'person % reviewed project %', NEW.user_id, NEW.project_id
            USING ERRCODE = '23514', CONSTRAINT = 'contributor_reviewed_nothing';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER contributor_reviewed_nothing BEFORE INSERT ON registry_contribution
    FOR EACH ROW EXECUTE FUNCTION registry_contributor_reviewed_nothing();

-- Land is bound once. Boxes are the prefilter; where two of them meet, an exact comparison must stand in the table,
-- and its own constraint refuses shared land. The advisory lock makes registrations queue at their commit, and each
-- statement of this function sees what was committed before it: of two at once the second finds the first's land.
CREATE INDEX registry_parcel_box ON registry_parcel
    USING gist (box(point(east, north), point(west, south))) WHERE is_live;
CREATE FUNCTION registry_land_is_bound_once() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE other bigint;
BEGIN
    IF NOT NEW.is_live THEN RETURN NULL; END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended('registry land', 0));
    SELECT parcel.id INTO other FROM registry_parcel parcel
        WHERE parcel.is_live AND parcel.project_id <> NEW.project_id
          AND box(point(parcel.east, parcel.north), point(parcel.west, parcel.south))
              && box(point(NEW.east, NEW.north), point(NEW.west, NEW.south))
          AND NOT EXISTS (SELECT FROM registry_landcomparison pair
                          WHERE pair.first_id = least(parcel.id, NEW.id) AND pair.second_id = greatest(parcel.id, NEW.id))
        LIMIT 1;
    IF other IS NOT NULL THEN
        RAISE 'parcels % and % were never compared', NEW.id, other
            USING ERRCODE = '23514', CONSTRAINT = 'live_land_is_compared';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER live_land_is_compared AFTER INSERT OR UPDATE ON registry_parcel
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION registry_land_is_bound_once();
CREATE TRIGGER live_parcel_keeps_its_shape BEFORE UPDATE ON registry_parcel FOR EACH ROW
    WHEN (OLD.is_live AND NEW.is_live AND (OLD.geometry, OLD.area_ha, OLD.west, OLD.south, OLD.east, OLD.north, OLD.project_id)
          IS DISTINCT FROM (NEW.geometry, NEW.area_ha, NEW.west, NEW.south, NEW.east, NEW.north, NEW.project_id))
    EXECUTE FUNCTION registry_fixed();

-- A period carries the project's own validator, so that its check on the verifier compares the right two.
ALTER TABLE registry_monitoringperiod ADD CONSTRAINT period_has_the_projects_validator
    FOREIGN KEY (project_id, validator_id) REFERENCES registry_project (id, validator_id);

-- What is issued is what was verified, to the tonne: in the head by key, in the batches by sum at the commit.
ALTER TABLE registry_issuance ADD CONSTRAINT issuance_is_the_verified_amount
    FOREIGN KEY (period_id, verified_tonnes) REFERENCES registry_verification (period_id, verified_tonnes);
CREATE FUNCTION registry_issuance_sums_up() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE head registry_issuance; tonnes numeric; buffers numeric;
BEGIN
    SELECT * INTO head FROM registry_issuance
        WHERE id = CASE TG_TABLE_NAME WHEN 'registry_issuance' THEN (to_jsonb(NEW) ->> 'id')::bigint
                                      ELSE (to_jsonb(NEW) ->> 'issuance_id')::bigint END;
    SELECT coalesce(sum(batch.tonnes), 0), coalesce(sum(batch.buffer_tonnes), 0) INTO tonnes, buffers
        FROM registry_issuedvintage batch WHERE batch.issuance_id = head.id;
    IF (head.state = 'issued' AND (tonnes, buffers) IS DISTINCT FROM (head.verified_tonnes::numeric, head.buffer_tonnes::numeric))
       OR (head.state <> 'issued' AND tonnes <> 0) THEN
        RAISE 'issuance % has % t in batches, % t verified', head.id, tonnes, head.verified_tonnes
            USING ERRCODE = '23514', CONSTRAINT = 'issuance_sums_up';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER issuance_sums_up AFTER INSERT OR UPDATE ON registry_issuance
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION registry_issuance_sums_up();
CREATE CONSTRAINT TRIGGER batches_sum_up AFTER INSERT ON registry_issuedvintage
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION registry_issuance_sums_up();
