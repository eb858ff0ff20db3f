"""Find entries by what they rest on and by their day.

Why:     whoever searches the ledger would otherwise read all of it.
Locks:   entries against writers while the indexes are made.
Deploy:  before the code.
Reverse: drops the indexes.
"""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("settlement", "0013_day")]

    operations = [
        migrations.RunSQL(
            # Trades and holds of orders rest on nothing, so that most entries do not write into the first one; entries
            # come in the order of their days, so that a BRIN of a few pages finds a day.
            """CREATE INDEX entry_basis ON settlement_entry (basis) WHERE basis <> '';
               CREATE INDEX entry_day ON settlement_entry USING brin (business_date)""",
            reverse_sql="DROP INDEX entry_basis, entry_day",
        ),
    ]
