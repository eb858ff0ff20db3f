"""Let legs reach their entry through its key.

Why:     the foreign key to the partitioned table of entries was more than half of what writing legs cost.
Locks:   entry key, leg, against writers, while the unique index and the foreign key are built.
Deploy:  before or after the code, which writes the key first.
Reverse: puts the foreign key to entry back, and the check that an entry has a key.
"""

from pathlib import Path

import django.db.models.deletion
from django.db import migrations, models

SQL = Path(__file__).resolve().parent.parent / "sql"
CHECKS = (SQL / "0002_ledger_guards.sql").read_text()
BEGINS, ENDS = "CREATE FUNCTION settlement_entries_are_whole", "CREATE FUNCTION settlement_entry_is_whole"
UNDO = """
ALTER TABLE settlement_leg DROP CONSTRAINT leg_of_an_entry;
ALTER TABLE settlement_leg ADD CONSTRAINT leg_of_an_entry FOREIGN KEY (entry_id) REFERENCES settlement_entry;
""" + CHECKS[CHECKS.index(BEGINS) : CHECKS.index(ENDS)].replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")


class Migration(migrations.Migration):
    dependencies = [("settlement", "0006_holds")]

    operations = [
        migrations.SeparateDatabaseAndState(  # Django does not see through the constraints of a partitioned table.
            database_operations=[
                migrations.RunSQL(
                    "DROP INDEX settlement_entrykey_entry_id_a4e07f94",
                    reverse_sql="CREATE INDEX settlement_entrykey_entry_id_a4e07f94 ON settlement_entrykey (entry_id)",
                )
            ],
            state_operations=[
                migrations.AlterField(
                    model_name="entrykey",
                    name="entry",
                    field=models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="settlement.entry",
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="entrykey",
            constraint=models.UniqueConstraint(fields=("entry",), name="entry_has_one_key"),
        ),
        migrations.RunSQL((SQL / "0007_entry_keys.sql").read_text(), reverse_sql=UNDO),
    ]
