-- A parcel never changes its shape or its project: a comparison is of the shapes as they were measured, and a parcel
-- that was set free, redrawn and bound again would stand on one of another shape.
DROP TRIGGER live_parcel_keeps_its_shape ON registry_parcel;
CREATE TRIGGER parcel_keeps_its_shape BEFORE UPDATE ON registry_parcel FOR EACH ROW
    WHEN ((OLD.geometry, OLD.area_ha, OLD.west, OLD.south, OLD.east, OLD.north, OLD.project_id)
          IS DISTINCT FROM (NEW.geometry, NEW.area_ha, NEW.west, NEW.south, NEW.east, NEW.north, NEW.project_id))
    EXECUTE FUNCTION registry_fixed();
