"""The day of the ledger: its steps and what they found, objections, and the risk reserve.

Why:     a day with an unexplained fen must not close, and sale money waits for the close.
Locks:   entries against writers for a moment: one more trigger.
Deploy:  with the code: what the withdrawal page asks for has a new name, withdrawals stand still in between.
Reverse: drops the guards and the tables; sale money waits for midnight alone again.
"""

from pathlib import Path

import django.core.serializers.json
import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

SQL = Path(__file__).resolve().parent.parent / "sql"


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0002_api_clients'),
        ('settlement', '0012_invoices'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterField(
            model_name='entry',
            name='kind',
            field=models.CharField(choices=[('issue', 'issue'), ('hold', 'hold'), ('release', 'release'), ('trade', 'trade'), ('retire', 'retire'), ('cancel', 'cancel'), ('deposit', 'deposit'), ('withdraw', 'withdraw'), ('withdrawal_paid', 'withdrawal_paid'), ('withdrawal_returned', 'withdrawal_returned'), ('suspense_explained', 'suspense_explained'), ('freeze', 'freeze'), ('unfreeze', 'unfreeze'), ('pledge', 'pledge'), ('release_pledge', 'release_pledge'), ('transfer_hold', 'transfer_hold'), ('transfer', 'transfer'), ('transfer_release', 'transfer_release'), ('reversal', 'reversal'), ('reserve', 'reserve'), ('compensation', 'compensation')], max_length=24),
        ),
        migrations.CreateModel(
            name='SettlementDay',
            fields=[
                ('day', models.DateField(primary_key=True, serialize=False)),
                ('covers_from', models.DateField()),
                ('opened_at', models.DateTimeField()),
                ('sealed_at', models.DateTimeField(null=True)),
                ('closed_at', models.DateTimeField(null=True)),
                ('reserve_fen', models.BigIntegerField(null=True)),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('reserve_entry', models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='settlement.entry')),
            ],
        ),
        migrations.CreateModel(
            name='DayRun',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('step', models.CharField(choices=[('opening', 'opening'), ('clearing', 'clearing'), ('reconciliation', 'reconciliation')], max_length=16)),
                ('at', models.DateTimeField()),
                ('figures', models.JSONField(default=dict, encoder=django.core.serializers.json.DjangoJSONEncoder)),
                ('differences', models.JSONField(default=list, encoder=django.core.serializers.json.DjangoJSONEncoder)),
                ('found', models.IntegerField()),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('run_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('day', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='runs', to='settlement.settlementday')),
            ],
        ),
        migrations.CreateModel(
            name='Objection',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('claimed_fen', models.BigIntegerField()),
                ('reason', models.CharField(max_length=300)),
                ('state', models.CharField(choices=[('raised', 'raised'), ('proposed', 'proposed'), ('dismissed', 'dismissed'), ('compensated', 'compensated'), ('withdrawn', 'withdrawn')], default='raised', max_length=12)),
                ('raised_at', models.DateTimeField()),
                ('finding', models.CharField(blank=True, max_length=300)),
                ('compensation_fen', models.BigIntegerField(null=True)),
                ('paid_from', models.CharField(blank=True, choices=[('', ''), ('counterparty', 'counterparty'), ('risk_reserve', 'risk_reserve')], max_length=12)),
                ('digest', models.CharField(blank=True, max_length=64)),
                ('proposed_at', models.DateTimeField(null=True)),
                ('decided_at', models.DateTimeField(null=True)),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('against', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.organisation')),
                ('compensation', models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='settlement.entry')),
                ('decided_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('entry', models.ForeignKey(db_column='entry_id', db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='settlement.entrykey', to_field='entry')),
                ('organisation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.organisation')),
                ('proposed_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('raised_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('state__in', ['raised', 'proposed'])), fields=['against'], name='objection_open_against')],
                'constraints': [models.CheckConstraint(condition=models.Q(('claimed_fen__gt', 0)), name='objection_claims_something'), models.CheckConstraint(condition=models.Q(models.Q(('state__in', ['dismissed', 'compensated']), _negated=True), models.Q(('decided_by__isnull', False), ('proposed_by__isnull', False), models.Q(('decided_by', models.F('proposed_by')), _negated=True)), _connector='OR'), name='objection_has_two_persons'), models.CheckConstraint(condition=models.Q(models.Q(('compensation', None), ('compensation_fen', None), ('decided_at', None), ('proposed_by', None), ('state', 'raised')), models.Q(('compensation', None), ('compensation_fen__gte', 0), ('decided_at', None), ('proposed_by__isnull', False), ('state', 'proposed')), models.Q(('compensation', None), ('decided_at__isnull', False), ('state', 'withdrawn')), models.Q(('compensation', None), ('compensation_fen', 0), ('decided_at__isnull', False), ('state', 'dismissed')), models.Q(('compensation__isnull', False), ('compensation_fen__gt', 0), ('decided_at__isnull', False), ('state', 'compensated')), _connector='OR'), name='objection_state_has_its_fields'), models.CheckConstraint(condition=models.Q(('compensation_fen__isnull', True), ('compensation_fen__lte', models.F('claimed_fen')), _connector='OR'), name='compensation_is_within_the_claim'), models.UniqueConstraint(condition=models.Q(('state__in', ['raised', 'proposed'])), fields=('entry', 'organisation'), name='objection_is_open_once')],
            },
        ),
        migrations.AddConstraint(
            model_name='settlementday',
            constraint=models.CheckConstraint(condition=models.Q(('covers_from__lte', models.F('day'))), name='day_covers_itself'),
        ),
        migrations.AddConstraint(
            model_name='settlementday',
            constraint=models.CheckConstraint(condition=models.Q(('closed_at__isnull', True), ('sealed_at__isnull', False), _connector='OR'), name='day_is_sealed_before_it_closes'),
        ),
        migrations.AddConstraint(
            model_name='settlementday',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('reserve_entry', None), ('reserve_fen', None)), models.Q(('closed_at__isnull', False), ('reserve_entry', None), ('reserve_fen', 0)), models.Q(('closed_at__isnull', False), ('reserve_entry__isnull', False), ('reserve_fen__gt', 0)), _connector='OR'), name='day_reserve_has_its_entry'),
        ),
        migrations.AddConstraint(
            model_name='dayrun',
            constraint=models.CheckConstraint(condition=models.Q(('step__in', ['opening', 'clearing', 'reconciliation'])), name='day_run_step_is_known'),
        ),
        migrations.AddConstraint(
            model_name='dayrun',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('differences', []), ('found', 0)), models.Q(('found__gt', 0), models.Q(('differences', []), _negated=True)), _connector='OR'), name='day_run_tells_what_it_found'),
        ),
        migrations.RunSQL(
            (SQL / "0013_day.sql").read_text(), reverse_sql=(SQL / "0013_day_undo.sql").read_text()
        ),
    ]
