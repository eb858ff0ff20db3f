-- What was held stays; a report is written once.
CREATE TRIGGER large_holding_is_reported_once BEFORE UPDATE ON exchange_largeholding FOR EACH ROW
    WHEN (OLD.reported_at IS NOT NULL OR (OLD.id, OLD.instrument_id, OLD.organisation_id, OLD.day, OLD.units, OLD.limit_units, OLD.due_on)
          IS DISTINCT FROM (NEW.id, NEW.instrument_id, NEW.organisation_id, NEW.day, NEW.units, NEW.limit_units, NEW.due_on))
    EXECUTE FUNCTION exchange_fixed();
CREATE TRIGGER large_holding_is_kept BEFORE DELETE ON exchange_largeholding FOR EACH ROW EXECUTE FUNCTION exchange_fixed();
REVOKE DELETE ON exchange_largeholding FROM tanhui_app;
