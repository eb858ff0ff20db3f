"""What this room never lets happen: triggers, and the rights of the app's role.

Why:     a purchase is exactly the trades of its orders, and retires exactly what they brought.
Locks:   the room's tables, while its triggers are made.
Deploy:  with the first installation.
Reverse: drops the functions with their triggers.
"""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).resolve().parent.parent / "sql"
UNDO = "DROP FUNCTION inclusion_fixed, inclusion_quote_sums_up, inclusion_purchase_sums_up CASCADE;"


class Migration(migrations.Migration):
    dependencies = [("inclusion", "0001_offsets")]

    operations = [migrations.RunSQL((SQL / "0002_guards.sql").read_text(), reverse_sql=UNDO)]
