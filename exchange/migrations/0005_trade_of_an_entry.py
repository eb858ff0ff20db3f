"""Let a trade reach its entry through the entry's key, as legs do.

Why:     a foreign key to the partitioned table of entries costs six times as much a row.
Locks:   trade, against writers, while the foreign key is checked.
Deploy:  before or after the code.
Reverse: puts the foreign key to entry back.
"""

import django.db.models.deletion
from django.db import migrations, models

FIRST = "exchange_trade_entry_id_2089aaa5_fk_settlement_entry_id"
FOREIGN_KEY = "ALTER TABLE exchange_trade ADD CONSTRAINT {} FOREIGN KEY (entry_id) REFERENCES {}"


class Migration(migrations.Migration):
    dependencies = [("exchange", "0004_freezes"), ("settlement", "0007_entry_keys")]

    operations = [
        migrations.SeparateDatabaseAndState(  # Django does not see through the constraints of a partitioned table.
            database_operations=[
                migrations.RunSQL(
                    [
                        f"ALTER TABLE exchange_trade DROP CONSTRAINT {FIRST}",
                        FOREIGN_KEY.format("trade_of_an_entry", "settlement_entrykey (entry_id)"),
                    ],
                    reverse_sql=[
                        "ALTER TABLE exchange_trade DROP CONSTRAINT trade_of_an_entry",
                        FOREIGN_KEY.format(FIRST, "settlement_entry (id) DEFERRABLE INITIALLY DEFERRED"),
                    ],
                )
            ],
            state_operations=[
                migrations.AlterField(
                    model_name="trade",
                    name="entry",
                    field=models.OneToOneField(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="settlement.entry",
                    ),
                )
            ],
        ),
        migrations.RunSQL(
            # A worker keeps the plan it made; one made while the tables were small reads them whole, for ever.
            "ALTER FUNCTION exchange_batch_is_whole SET enable_seqscan = off",
            reverse_sql="ALTER FUNCTION exchange_batch_is_whole RESET enable_seqscan",
        ),
    ]
