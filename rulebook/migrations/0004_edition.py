"""Number the editions of rules and calendar, so that they can be kept in memory.

Why:     an order asked for sixty rules and three calendars; reading them took most of its time.
Locks:   rulebook tables, against writers, for an instant.
Deploy:  before the code.
Reverse: drops the number.
"""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).resolve().parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("rulebook", "0003_business_clock")]

    operations = [
        migrations.RunSQL(
            (SQL / "0004_edition.sql").read_text(),
            reverse_sql=(
                "DROP FUNCTION rulebook_new_edition CASCADE; DROP TABLE rulebook_edition; DROP SEQUENCE rulebook_edition_seq"
            ),
        )
    ]
