"""Fix the shape of every parcel, not of bound ones alone.

Why:     a compared parcel could be set free, redrawn and bound again on its old comparison.
Locks:   registry_parcel, against writers, while a trigger is exchanged.
Deploy:  before or after the code, which never redraws a parcel.
Reverse: brings back the narrower trigger; no data is lost.
"""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).resolve().parent.parent / "sql"
UNDO = """
DROP TRIGGER parcel_keeps_its_shape ON registry_parcel;
CREATE TRIGGER live_parcel_keeps_its_shape BEFORE UPDATE ON registry_parcel FOR EACH ROW
    WHEN (OLD.is_live AND NEW.is_live AND (OLD.geometry, OLD.area_ha, OLD.west, OLD.south, OLD.east, OLD.north, OLD.project_id)
          IS DISTINCT FROM (NEW.geometry, NEW.area_ha, NEW.west, NEW.south, NEW.east, NEW.north, NEW.project_id))
    EXECUTE FUNCTION registry_fixed();
"""


class Migration(migrations.Migration):
    dependencies = [("registry", "0002_guards")]

    operations = [
        migrations.RunSQL((SQL / "0003_parcels_keep_their_shape.sql").read_text(), reverse_sql=UNDO),
    ]
