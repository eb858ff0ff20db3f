"""What the registry never lets happen: triggers, keys Django cannot say, and the rights of the app's role.

Why:     review, land, verified amounts and issuance belong together; no shell or bulk write may part them.
Locks:   the registry's tables, while its triggers are made.
Deploy:  with the first installation.
Reverse: drops the functions with their triggers, the two keys and the two sequences.
"""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).resolve().parent.parent / "sql"
UNDO = """
ALTER TABLE registry_issuance DROP CONSTRAINT issuance_is_the_verified_amount;
ALTER TABLE registry_monitoringperiod DROP CONSTRAINT period_has_the_projects_validator;
DROP INDEX registry_parcel_box;
DROP FUNCTION registry_fixed, registry_reviewer_took_no_part, registry_contributor_reviewed_nothing,
    registry_land_is_bound_once, registry_issuance_sums_up CASCADE;
DROP SEQUENCE registry_project_serial, registry_certificate_number;
"""


class Migration(migrations.Migration):
    dependencies = [("registry", "0001_cases")]

    operations = [migrations.RunSQL((SQL / "0002_guards.sql").read_text(), reverse_sql=UNDO)]
