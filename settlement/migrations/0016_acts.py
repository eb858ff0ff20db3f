"""Hold an entry to what its kind says, and money to the act that is on record for it.

Why:     nothing kept the app's role from moving units between holders under a kind that never does, or money nobody told of.
Locks:   entry, leg, holding, withdrawal, payment order, deposit reference: against writers while their rows are checked.
Deploy:  before or after the code.
Reverse: drops the guards.
"""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).resolve().parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("settlement", "0015_checks_by_entry"), ("rulebook", "0003_business_clock")]

    operations = [
        migrations.RunSQL(
            (SQL / "0016_acts.sql").read_text(),
            reverse_sql=(SQL / "0016_acts_undo.sql").read_text(),
        ),
    ]
