"""Refuse a limit order without a price.

Why:     the check compared an absent price with 0, which is unknown, and what is unknown a check lets pass.
Locks:   exchange_order, against everyone, while its rows are read once.
Deploy:  before or after the code, which never writes such an order.
Reverse: puts the weaker check back.
"""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('exchange', '0002_guards'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='order',
            name='limit_order_has_a_price',
        ),
        migrations.AddConstraint(
            model_name='order',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('price_fen__isnull', True), ('type', 'market')), models.Q(('price_fen__gt', 0), ('price_fen__isnull', False), ('type', 'limit')), _connector='OR'), name='limit_order_has_a_price'),
        ),
    ]
