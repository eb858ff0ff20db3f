"""Keep auctions, who applies to them, and their bids.

Why:     a lot that one side competes for needs notice, deposits, bids in time, and a winner by rule.
Locks:   none: new tables.
Deploy:  before the code.
Reverse: drops them; what was traded stays.
"""

from pathlib import Path

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

SQL = Path(__file__).resolve().parent.parent / "sql"
UNDO = "DROP FUNCTION exchange_auction_goes_its_way, exchange_bid_is_of_its_auction CASCADE"


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0002_api_clients'),
        ('exchange', '0014_blocks'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Auction',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('side', models.CharField(choices=[('buy', 'buy'), ('sell', 'sell')], max_length=4)),
                ('format', models.CharField(choices=[('open', 'open'), ('sealed', 'sealed')], max_length=6)),
                ('quantity', models.BigIntegerField()),
                ('start_price_fen', models.BigIntegerField()),
                ('reserve_price_fen', models.BigIntegerField()),
                ('step_fen', models.BigIntegerField()),
                ('deposit_fen', models.BigIntegerField()),
                ('qualification', models.CharField(blank=True, max_length=300)),
                ('begins_at', models.DateTimeField()),
                ('ends_at', models.DateTimeField()),
                ('latest_end', models.DateTimeField()),
                ('state', models.CharField(choices=[('proposed', 'proposed'), ('announced', 'announced'), ('traded', 'traded'), ('failed', 'failed'), ('refused', 'refused'), ('withdrawn', 'withdrawn'), ('cancelled', 'cancelled')], default='proposed', max_length=10)),
                ('digest', models.CharField(max_length=64)),
                ('reason', models.CharField(blank=True, max_length=200)),
                ('at', models.DateTimeField()),
                ('announced_at', models.DateTimeField(null=True)),
                ('ended_at', models.DateTimeField(null=True)),
                ('decided_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('instrument', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='exchange.instrument')),
                ('lot', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='exchange.order')),
                ('organisation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.organisation')),
                ('proposed_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('trade', models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='exchange.trade')),
            ],
        ),
        migrations.CreateModel(
            name='AuctionEntrant',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('state', models.CharField(choices=[('applied', 'applied'), ('admitted', 'admitted'), ('refused', 'refused')], default='applied', max_length=8)),
                ('deposit_fen', models.BigIntegerField()),
                ('statement', models.CharField(blank=True, max_length=300)),
                ('at', models.DateTimeField()),
                ('returned_at', models.DateTimeField(null=True)),
                ('applied_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('auction', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='entrants', to='exchange.auction')),
                ('decided_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('organisation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.organisation')),
            ],
        ),
        migrations.CreateModel(
            name='AuctionBid',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('place', models.PositiveIntegerField()),
                ('price_fen', models.BigIntegerField()),
                ('at', models.DateTimeField()),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('auction', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='bids', to='exchange.auction')),
                ('order', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='exchange.order')),
                ('entrant', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='bids', to='exchange.auctionentrant')),
            ],
        ),
        migrations.AddConstraint(
            model_name='auction',
            constraint=models.CheckConstraint(condition=models.Q(('deposit_fen__gte', 0), ('quantity__gt', 0), ('start_price_fen__gt', 0), ('step_fen__gt', 0), models.Q(models.Q(('reserve_price_fen__gte', models.F('start_price_fen')), ('side', 'sell')), models.Q(('reserve_price_fen__gt', 0), ('reserve_price_fen__lte', models.F('start_price_fen')), ('side', 'buy')), _connector='OR')), name='auction_prices_fit'),
        ),
        migrations.AddConstraint(
            model_name='auction',
            constraint=models.CheckConstraint(condition=models.Q(('begins_at__gt', models.F('at')), ('ends_at__gt', models.F('begins_at')), ('latest_end__gte', models.F('ends_at'))), name='auction_times_fit'),
        ),
        migrations.AddConstraint(
            model_name='auction',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('announced_at', None), ('ended_at', None), ('state', 'proposed'), ('trade', None)), models.Q(('announced_at__isnull', False), ('ended_at', None), ('state', 'announced'), ('trade', None)), models.Q(('announced_at__isnull', False), ('ended_at__isnull', False), ('state', 'traded'), ('trade__isnull', False)), models.Q(('announced_at__isnull', False), ('ended_at__isnull', False), ('state__in', ['failed', 'cancelled']), ('trade', None)), models.Q(('announced_at', None), ('ended_at__isnull', False), ('state__in', ['refused', 'withdrawn']), ('trade', None)), _connector='OR'), name='auction_state_has_its_fields'),
        ),
        migrations.AddConstraint(
            model_name='auction',
            constraint=models.CheckConstraint(condition=models.Q(('announced_at', None), models.Q(('decided_by__isnull', False), models.Q(('decided_by', models.F('proposed_by')), _negated=True)), _connector='OR'), name='auction_is_announced_by_another'),
        ),
        migrations.AddConstraint(
            model_name='auctionentrant',
            constraint=models.UniqueConstraint(fields=('auction', 'organisation'), name='entrant_applies_once'),
        ),
        migrations.AddConstraint(
            model_name='auctionentrant',
            constraint=models.CheckConstraint(condition=models.Q(('deposit_fen__gte', 0)), name='deposit_not_negative'),
        ),
        migrations.AddConstraint(
            model_name='auctionentrant',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('decided_by', None), ('state', 'applied')), models.Q(models.Q(('state', 'applied'), _negated=True), ('decided_by__isnull', False), models.Q(('decided_by', models.F('applied_by')), _negated=True)), _connector='OR'), name='entrant_is_decided_by_another'),
        ),
        migrations.AddConstraint(
            model_name='auctionbid',
            constraint=models.UniqueConstraint(fields=('auction', 'place'), name='bid_place_is_one'),
        ),
        migrations.RunSQL((SQL / "0015_auctions.sql").read_text(), reverse_sql=UNDO),
    ]
