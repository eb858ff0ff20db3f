"""Keep block agreements: proposed, accepted, confirmed by the exchange.

Why:     a large trade between two named parties needs its own steps, and the exchange's word.
Locks:   none: a new table.
Deploy:  before the code.
Reverse: drops the agreements; their trades stay.
"""

from pathlib import Path

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

SQL = Path(__file__).resolve().parent.parent / "sql"
UNDO = "DROP FUNCTION exchange_block_goes_its_way, exchange_block_has_its_orders CASCADE"


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0002_api_clients'),
        ('exchange', '0013_replay'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='BlockTrade',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('side', models.CharField(choices=[('buy', 'buy'), ('sell', 'sell')], max_length=4)),
                ('price_fen', models.BigIntegerField()),
                ('quantity', models.BigIntegerField()),
                ('note', models.CharField(blank=True, max_length=200)),
                ('state', models.CharField(choices=[('proposed', 'proposed'), ('accepted', 'accepted'), ('confirmed', 'confirmed'), ('declined', 'declined'), ('withdrawn', 'withdrawn'), ('refused', 'refused'), ('lapsed', 'lapsed')], default='proposed', max_length=10)),
                ('digest', models.CharField(max_length=64)),
                ('reason', models.CharField(blank=True, max_length=200)),
                ('at', models.DateTimeField()),
                ('ended_at', models.DateTimeField(null=True)),
                ('acceptance', models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='exchange.order')),
                ('answered_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('counterparty', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.organisation')),
                ('decided_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('instrument', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='exchange.instrument')),
                ('proposal', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='exchange.order')),
                ('proposed_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('proposer', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.organisation')),
                ('trade', models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='exchange.trade')),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('state__in', ('proposed', 'accepted'))), fields=['instrument'], name='block_open')],
                'constraints': [models.CheckConstraint(condition=models.Q(('proposer', models.F('counterparty')), _negated=True), name='block_is_between_two'), models.CheckConstraint(condition=models.Q(models.Q(('acceptance', None), ('decided_by', None), ('ended_at', None), ('state', 'proposed'), ('trade', None)), models.Q(('acceptance__isnull', False), ('decided_by', None), ('ended_at', None), ('state', 'accepted'), ('trade', None)), models.Q(('acceptance__isnull', False), ('decided_by__isnull', False), ('ended_at__isnull', False), ('state', 'confirmed'), ('trade__isnull', False)), models.Q(('decided_by__isnull', False), ('ended_at__isnull', False), ('state', 'refused'), ('trade', None)), models.Q(('decided_by', None), ('ended_at__isnull', False), ('state__in', ['declined', 'withdrawn', 'lapsed']), ('trade', None)), _connector='OR'), name='block_state_has_its_fields'), models.CheckConstraint(condition=models.Q(('decided_by', None), models.Q(models.Q(('decided_by', models.F('proposed_by')), _negated=True), models.Q(('decided_by', models.F('answered_by')), _negated=True)), _connector='OR'), name='block_is_decided_by_a_third')],
            },
        ),
        migrations.RunSQL((SQL / "0014_blocks.sql").read_text(), reverse_sql=UNDO),
    ]
