-- Every official decision of the registry leaves a leaf in the transparency log, whoever writes it. Persons are numbers in
-- it; what may be personal (opinions, beneficiaries) is there as a salted digest.
CREATE FUNCTION registry_logs_decision() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    CASE TG_TABLE_NAME
    WHEN 'registry_reviewstep' THEN
        PERFORM settlement_log_decision('review_step:' || NEW.id, json_build_object(
            'project', NEW.project_id, 'period', NEW.period_id, 'round', NEW.round, 'level', NEW.level, 'verb', NEW.verb,
            'role', NEW.role, 'reviewer', NEW.reviewer_id, 'organisation', NEW.organisation_id, 'at', NEW.at),
            ARRAY[['opinion', NEW.opinion], ['checklist', NEW.checklist::text]]);
    WHEN 'registry_validation' THEN
        PERFORM settlement_log_decision('validation:' || NEW.id, json_build_object(
            'project', NEW.project_id, 'round', NEW.round, 'organisation', NEW.organisation_id, 'document', NEW.document_id,
            'signed_by', NEW.signed_by_id, 'at', NEW.signed_at), ARRAY[['opinion', NEW.opinion]]);
    WHEN 'registry_verification' THEN
        PERFORM settlement_log_decision('verification:' || NEW.id, json_build_object(
            'period', NEW.period_id, 'record', NEW.record_id, 'organisation', NEW.organisation_id,
            'verified_tonnes', NEW.verified_tonnes, 'document', NEW.document_id, 'signed_by', NEW.signed_by_id,
            'at', NEW.signed_at), ARRAY[['opinion', NEW.opinion]]);
    WHEN 'registry_borderdecision' THEN
        PERFORM settlement_log_decision('border_decision:' || NEW.id, json_build_object(
            'parcel', NEW.parcel_id, 'decided_by', NEW.decided_by_id, 'at', NEW.at), ARRAY[['reason', NEW.reason]]);
    WHEN 'registry_parameterversion' THEN
        PERFORM settlement_log_decision('parameter_version:' || NEW.id, json_build_object(
            'set', NEW.set_id, 'version', NEW.version, 'number', NEW.number, 'keys', NEW.keys, 'basis', NEW.basis,
            'document', encode(sha256(convert_to(NEW.document::text, 'UTF8')), 'hex'), 'evidence', NEW.evidence_id,
            'confirmed_by', NEW.confirmed_by_id, 'at', NEW.at), NULL);
    WHEN 'registry_issuedvintage' THEN
        PERFORM settlement_log_decision('issued_vintage:' || NEW.id, json_build_object(
            'issuance', NEW.issuance_id, 'asset', NEW.asset_id, 'vintage_year', NEW.vintage_year, 'tonnes', NEW.tonnes,
            'buffer_tonnes', NEW.buffer_tonnes, 'serials', NEW.serial_text), NULL);
    WHEN 'registry_issuance' THEN
        PERFORM settlement_log_decision('issuance:' || NEW.id, json_build_object(
            'period', NEW.period_id, 'project', NEW.project_id, 'verified_tonnes', NEW.verified_tonnes,
            'buffer_tonnes', NEW.buffer_tonnes, 'buffer_percent', NEW.buffer_percent, 'vintages', NEW.vintages,
            'digest', NEW.digest, 'maker', NEW.maker_id, 'checker', NEW.checker_id, 'at', NEW.issued_at), NULL);
    WHEN 'registry_retirement' THEN
        PERFORM settlement_log_decision('retirement:' || NEW.number, json_build_object(
            'organisation', NEW.organisation_id, 'asset', NEW.asset_id, 'tonnes', NEW.tonnes, 'purpose', NEW.purpose,
            'period_first', NEW.period_first, 'period_last', NEW.period_last, 'serials', NEW.serials, 'entry', NEW.entry_id,
            'requested_by', NEW.requested_by_id, 'confirmed_by', NEW.confirmed_by_id, 'at', NEW.retired_at),
            ARRAY[['beneficiary', NEW.beneficiary], ['note', NEW.note]]);
    END CASE;
    RETURN NULL;
END $$;

CREATE TRIGGER review_step_is_logged AFTER INSERT ON registry_reviewstep FOR EACH ROW EXECUTE FUNCTION registry_logs_decision();
CREATE TRIGGER validation_is_logged AFTER INSERT ON registry_validation FOR EACH ROW EXECUTE FUNCTION registry_logs_decision();
CREATE TRIGGER verification_is_logged AFTER INSERT ON registry_verification FOR EACH ROW EXECUTE FUNCTION registry_logs_decision();
CREATE TRIGGER border_decision_is_logged AFTER INSERT ON registry_borderdecision FOR EACH ROW EXECUTE FUNCTION registry_logs_decision();
CREATE TRIGGER issued_vintage_is_logged AFTER INSERT ON registry_issuedvintage FOR EACH ROW EXECUTE FUNCTION registry_logs_decision();
CREATE TRIGGER issuance_is_logged AFTER UPDATE ON registry_issuance FOR EACH ROW
    WHEN (NEW.state = 'issued' AND OLD.state <> 'issued') EXECUTE FUNCTION registry_logs_decision();
CREATE TRIGGER parameter_version_is_logged AFTER INSERT ON registry_parameterversion FOR EACH ROW EXECUTE FUNCTION registry_logs_decision();
CREATE TRIGGER retirement_is_logged AFTER UPDATE ON registry_retirement FOR EACH ROW
    WHEN (NEW.state = 'retired' AND OLD.state <> 'retired') EXECUTE FUNCTION registry_logs_decision();
CREATE TRIGGER retirement_made_at_once_is_logged AFTER INSERT ON registry_retirement FOR EACH ROW
    WHEN (NEW.state = 'retired') EXECUTE FUNCTION registry_logs_decision();
