"""What the ledger never lets happen: triggers, and the rights of the app's role.

Why:     no shell, task or bulk write may unbalance an entry, change a written row or break the tiling of a batch.
Locks:   the tables of settlement, while its triggers are made.
Deploy:  with the first installation.
Reverse: drops the functions with their triggers; the rights stay as they are.
"""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).resolve().parent.parent / "sql"
UNDO = """
DROP FUNCTION settlement_fixed, settlement_holding_opens_empty, settlement_leg_moves_units, settlement_entry_is_whole,
    settlement_batch_is_whole, settlement_entry_joins, serial_block_carve, serial_block_given CASCADE;
DROP FUNCTION settlement_entries_are_whole;
ALTER TABLE settlement_settlementbatch DROP COLUMN transaction_id;
ALTER TABLE settlement_serialblock DROP CONSTRAINT serial_block_holding_of_its_asset;
"""


class Migration(migrations.Migration):
    dependencies = [("settlement", "0001_ledger")]

    operations = [
        migrations.RunSQL((SQL / "0002_ledger_guards.sql").read_text(), reverse_sql=UNDO),
        migrations.RunSQL((SQL / "0002_serial_guards.sql").read_text(), reverse_sql=migrations.RunSQL.noop),
        migrations.RunSQL((SQL / "0002_rights.sql").read_text(), reverse_sql=migrations.RunSQL.noop),
    ]
