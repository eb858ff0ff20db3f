"""Let orders hold what they need beside the book, and trade by a deal in the queue.

Why:     block agreements and auctions settle through the same queue, job and guards as the book's trades.
Locks:   instrument, day, order and event, against everyone, while the new checks are proved.
Deploy:  before the code.
Reverse: puts the former checks back; refused once there are orders beside the book.
"""

from pathlib import Path

from django.conf import settings
from django.db import migrations, models

SQL = Path(__file__).resolve().parent.parent / "sql"


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0002_api_clients'),
        ('exchange', '0011_large_holdings'),
        ('settlement', '0016_acts'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='orderevent',
            name='event_is_of_an_order_or_a_call',
        ),
        migrations.AlterField(
            model_name='order',
            name='kind',
            field=models.CharField(choices=[('place', 'place'), ('accept', 'accept'), ('pick', 'pick'), ('block', 'block'), ('auction', 'auction')], max_length=8),
        ),
        migrations.AlterField(
            model_name='orderevent',
            name='kind',
            field=models.CharField(choices=[('order', 'order'), ('amend', 'amend'), ('cancel', 'cancel'), ('confirm', 'confirm'), ('expire', 'expire'), ('deal', 'deal'), ('call', 'call'), ('uncross', 'uncross')], max_length=8),
        ),
        migrations.AddConstraint(
            model_name='instrument',
            constraint=models.CheckConstraint(condition=models.Q(('mode__in', ['listed_agreement', 'continuous'])), name='instrument_has_a_book'),
        ),
        migrations.AddConstraint(
            model_name='instrumentday',
            constraint=models.CheckConstraint(condition=models.Q(('mode__in', ['listed_agreement', 'continuous'])), name='day_has_a_book'),
        ),
        migrations.AddConstraint(
            model_name='order',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['block', 'auction']), ('status__in', ['live', 'partially_filled']), _negated=True), name='order_beside_the_book_never_rests'),
        ),
        migrations.AddConstraint(
            model_name='orderevent',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('kind__in', ('order', 'amend', 'cancel', 'confirm', 'expire', 'deal')), ('order__isnull', False)), models.Q(('kind__in', ('call', 'uncross')), ('order__isnull', True)), _connector='OR'), name='event_is_of_an_order_or_a_call'),
        ),
        migrations.AddConstraint(
            model_name='orderevent',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('kind', 'deal'), _negated=True), models.Q(('counterpart__isnull', False), ('quantity__gt', 0), ('quantity__isnull', False)), _connector='OR'), name='deal_has_two_orders'),
        ),
        migrations.RunSQL(
            (SQL / "0012_deals.sql").read_text(), reverse_sql=(SQL / "0012_deals_undo.sql").read_text()
        ),
    ]
