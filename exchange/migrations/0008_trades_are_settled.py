"""Hold a settlement to the trades of the exchange, and a trade to what its entry moves.

Why:     an entry could call itself a trade that the exchange has not, and a trade's entry could move other money.
Locks:   settlement batch, against writers, for an instant.
Deploy:  before or after the code.
Reverse: puts the former check back.
"""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).resolve().parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("exchange", "0007_trading_day"), ("settlement", "0016_acts")]

    operations = [
        migrations.RunSQL(
            (SQL / "0008_trades_are_settled.sql").read_text(),
            reverse_sql=(SQL / "0008_trades_are_settled_undo.sql").read_text(),
        ),
    ]
