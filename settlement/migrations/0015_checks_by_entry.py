"""Judge and log entries by their own rows alone, whatever the planner thinks of the ledger.

Why:     with statistics of a young ledger the checks at commit read all legs for each batch: half of a settlement's time.
Locks:   none; functions are replaced.
Deploy:  before or after the code.
Reverse: puts the functions of before back.
"""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).resolve().parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("settlement", "0014_ledger_search")]

    operations = [
        migrations.RunSQL(
            (SQL / "0015_checks_by_entry.sql").read_text(),
            reverse_sql=(SQL / "0015_checks_by_entry_undo.sql").read_text(),
        ),
    ]
