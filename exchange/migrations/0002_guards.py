"""What the market never lets happen: triggers, constraints Django cannot say, and the rights of the app's role.

Why:     trades, order states and settlement belong together; no shell or bulk write may part them.
Locks:   the exchange's tables, while its triggers are made.
Deploy:  with the first installation.
Reverse: drops the functions with their triggers.
"""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).resolve().parent.parent / "sql"
UNDO = """
DROP FUNCTION exchange_fixed, exchange_trade_fits_its_orders, exchange_batch_is_whole, exchange_trade_joins,
    exchange_market_event_rings CASCADE;
ALTER TABLE exchange_matchbatch DROP COLUMN transaction_id;
ALTER TABLE exchange_order DROP CONSTRAINT purchase_holds_what_it_needs;
"""


class Migration(migrations.Migration):
    dependencies = [("exchange", "0001_market"), ("settlement", "0003_currency")]

    operations = [migrations.RunSQL((SQL / "0002_guards.sql").read_text(), reverse_sql=UNDO)]
