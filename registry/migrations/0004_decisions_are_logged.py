"""Let every official decision leave a leaf in the transparency log.

Why:     what was decided on a case stands in a log that outsiders watch, and cannot be written differently later.
Locks:   the tables of decisions, against writers, while a trigger each is made.
Deploy:  before or after the code. Decisions of before are not logged: nobody could say that they were made so.
Reverse: drops the triggers.
"""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).resolve().parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("registry", "0003_parcels_keep_their_shape"), ("settlement", "0008_log")]

    operations = [
        migrations.RunSQL(
            (SQL / "0004_decisions_are_logged.sql").read_text(),
            reverse_sql="DROP FUNCTION registry_logs_decision CASCADE",
        ),
    ]
