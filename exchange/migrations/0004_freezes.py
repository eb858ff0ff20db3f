"""Let an order name the freeze for which it was cancelled.

Why:     a judicial freeze outranks orders; the holder is told by which document the order ended.
Locks:   order and hold, against everyone, for an instant: the column is empty and nothing is rewritten.
Deploy:  before the code that writes it; older code leaves it empty.
Reverse: drops the column.
"""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("exchange", "0003_limit_orders_have_a_price"), ("settlement", "0006_holds")]

    operations = [
        migrations.AddField(
            model_name="order",
            name="freeze",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="settlement.hold",
            ),
        ),
    ]
