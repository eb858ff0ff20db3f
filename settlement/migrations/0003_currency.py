"""The one currency: its unit is a fen.

Why:     every installation has exactly one cash asset, and code finds it by its kind.
Locks:   none.
Deploy:  with the first installation.
Reverse: leaves it: an asset is never removed.
"""

from django.db import migrations

CURRENCY = """
INSERT INTO settlement_asset (kind, code, scheme, project_code, project_name, project_serial, credit_type, division_code,
    division_name, methodology, region_code, scheme_code)
SELECT 'cash', 'CNY', '', '', '', '', '', '', '', '', '', ''
WHERE NOT EXISTS (SELECT FROM settlement_asset WHERE kind = 'cash')
"""


class Migration(migrations.Migration):
    dependencies = [("settlement", "0002_guards")]

    operations = [migrations.RunSQL(CURRENCY, reverse_sql=migrations.RunSQL.noop)]
