"""Holds: freezes and pledges by reason, their parts, releases and the entries that name them, with their guards.

Why:     pledged and frozen units move only by an entry that names the release (I16); reasons queue up behind each other.
Locks:   leg and holding, against writers, while a trigger each is added; the tables are new.
Deploy:  before the code that writes them; older code moves neither pledged nor frozen units.
Reverse: drops the tables with what stands in them; the entries stay.
"""

from pathlib import Path

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

SQL = Path(__file__).resolve().parent.parent / "sql"
UNDO = """
DROP FUNCTION settlement_leg_names_its_hold, settlement_holding_fits_its_holds, settlement_part_fits_its_hold,
    settlement_hold_entry_comes_with_its_entry CASCADE;
DROP FUNCTION settlement_check_holds;
ALTER TABLE settlement_holdentry DROP CONSTRAINT hold_entry_lift_of_its_hold;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0002_api_clients'),
        ('settlement', '0005_proofs'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterField(
            model_name='entry',
            name='kind',
            field=models.CharField(choices=[('issue', 'issue'), ('hold', 'hold'), ('release', 'release'), ('trade', 'trade'), ('retire', 'retire'), ('cancel', 'cancel'), ('deposit', 'deposit'), ('withdraw', 'withdraw'), ('withdrawal_paid', 'withdrawal_paid'), ('withdrawal_returned', 'withdrawal_returned'), ('suspense_explained', 'suspense_explained'), ('freeze', 'freeze'), ('unfreeze', 'unfreeze'), ('pledge', 'pledge'), ('release_pledge', 'release_pledge'), ('transfer_hold', 'transfer_hold'), ('transfer', 'transfer'), ('transfer_release', 'transfer_release'), ('reversal', 'reversal')], max_length=24),
        ),
        migrations.CreateModel(
            name='Hold',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('units', models.BigIntegerField()),
                ('reason', models.CharField(choices=[('judicial', 'judicial'), ('disturbance', 'disturbance'), ('suspension', 'suspension'), ('inquiry', 'inquiry'), ('pledge', 'pledge')], max_length=12)),
                ('rank', models.PositiveSmallIntegerField()),
                ('basis_number', models.CharField(max_length=80)),
                ('authority', models.CharField(max_length=120)),
                ('note', models.CharField(blank=True, max_length=300)),
                ('digest', models.CharField(max_length=64)),
                ('until', models.DateField(null=True)),
                ('state', models.CharField(choices=[('asked', 'asked'), ('confirmed', 'confirmed'), ('live', 'live'), ('ended', 'ended'), ('refused', 'refused')], max_length=10)),
                ('asked_at', models.DateTimeField()),
                ('confirmed_at', models.DateTimeField(null=True)),
                ('since', models.DateTimeField(null=True)),
                ('released_units', models.BigIntegerField(default=0)),
                ('open_units', models.BigIntegerField(default=0)),
                ('ended_at', models.DateTimeField(null=True)),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('asked_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('asset', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='settlement.asset')),
                ('confirmed_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('ended_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('evidence', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='settlement.evidence')),
                ('organisation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.organisation')),
                ('set_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'indexes': [
                    models.Index(condition=models.Q(('state', 'live')), fields=['organisation', 'asset'], name='hold_live'),
                    models.Index(condition=models.Q(('open_units__gt', 0)), fields=['asset', 'organisation'], name='hold_open'),
                ],
                'constraints': [
                    models.CheckConstraint(condition=models.Q(('units__gt', 0)), name='hold_units_positive'),
                    models.CheckConstraint(condition=models.Q(('open_units__gte', 0), ('released_units__gte', 0), ('units__gte', django.db.models.expressions.CombinedExpression(models.F('released_units'), '+', models.F('open_units')))), name='hold_has_no_more_than_it_was_for'),
                    models.CheckConstraint(condition=models.Q(models.Q(('rank', 1), ('reason', 'judicial')), models.Q(('rank', 2), ('reason', 'disturbance')), models.Q(('rank', 2), ('reason', 'suspension')), models.Q(('rank', 2), ('reason', 'inquiry')), models.Q(('rank', 3), ('reason', 'pledge')), _connector='OR'), name='hold_rank_is_of_its_reason'),
                    models.CheckConstraint(condition=models.Q(models.Q(('basis_number', ''), _negated=True), models.Q(('authority', ''), _negated=True)), name='hold_names_its_document'),
                    models.CheckConstraint(condition=models.Q(models.Q(('reason__in', ['judicial', 'pledge']), _negated=True), ('evidence__isnull', False), _connector='OR'), name='court_freeze_and_pledge_have_evidence'),
                    models.CheckConstraint(condition=models.Q(('reason', 'pledge'), models.Q(('asked_by__isnull', False), ('confirmed_by', None), ('set_by', models.F('asked_by')), ('set_by__isnull', False), ('since__isnull', False), ('state__in', ['live', 'ended'])), _connector='OR'), name='freeze_works_at_once'),
                    models.CheckConstraint(condition=models.Q(models.Q(('reason', 'pledge'), _negated=True), models.Q(('confirmed_by', None), ('set_by', None), ('since', None), ('state__in', ['asked', 'refused'])), models.Q(('confirmed_by__isnull', False), ('set_by', None), ('since', None), ('state__in', ['confirmed', 'refused'])), models.Q(('set_by__isnull', False), ('since__isnull', False), ('state__in', ['live', 'ended']), ('asked_by__isnull', False), ('confirmed_by__isnull', False), models.Q(('confirmed_by', models.F('asked_by')), _negated=True), models.Q(('set_by', models.F('asked_by')), _negated=True), models.Q(('set_by', models.F('confirmed_by')), _negated=True)), _connector='OR'), name='pledge_is_registered_for_two_persons_of_the_holder'),
                    models.CheckConstraint(condition=models.Q(models.Q(('ended_at', None), ('open_units', 0), ('released_units', 0), ('state__in', ['asked', 'confirmed'])), models.Q(('ended_at__isnull', False), ('open_units', 0), ('released_units', 0), ('state', 'refused')), models.Q(('ended_at', None), ('released_units__lt', models.F('units')), ('state', 'live')), models.Q(('ended_at__isnull', False), ('released_units', models.F('units')), ('state', 'ended')), _connector='OR'), name='hold_ends_when_it_is_released'),
                ],
            },
        ),
        migrations.CreateModel(
            name='HoldLift',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('units', models.BigIntegerField()),
                ('basis_number', models.CharField(max_length=80)),
                ('note', models.CharField(blank=True, max_length=300)),
                ('digest', models.CharField(max_length=64)),
                ('state', models.CharField(choices=[('asked', 'asked'), ('done', 'done'), ('refused', 'refused')], default='asked', max_length=10)),
                ('asked_at', models.DateTimeField()),
                ('decided_at', models.DateTimeField(null=True)),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('asked_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('decided_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('evidence', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='settlement.evidence')),
                ('hold', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='lifts', to='settlement.hold')),
            ],
            options={
                'constraints': [
                    models.CheckConstraint(condition=models.Q(('units__gt', 0)), name='hold_lift_units_positive'),
                    models.CheckConstraint(condition=models.Q(('basis_number', ''), _negated=True), name='hold_lift_names_its_document'),
                    models.CheckConstraint(condition=models.Q(models.Q(('state', 'done'), _negated=True), models.Q(('decided_by__isnull', False), models.Q(('decided_by', models.F('asked_by')), _negated=True)), _connector='OR'), name='hold_is_lifted_by_two_persons'),
                    models.CheckConstraint(condition=models.Q(models.Q(('decided_at', None), ('decided_by', None), ('state', 'asked')), models.Q(('decided_at__isnull', False), ('decided_by__isnull', False), ('state__in', ['done', 'refused'])), _connector='OR'), name='hold_lift_state_has_its_fields'),
                    models.UniqueConstraint(condition=models.Q(('state', 'asked')), fields=('hold',), name='hold_lift_is_open_once'),
                    models.UniqueConstraint(fields=('id', 'hold'), name='hold_lift_with_its_hold'),
                ],
            },
        ),
        migrations.CreateModel(
            name='HoldEntry',
            fields=[
                ('entry', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='+', serialize=False, to='settlement.entry')),
                ('kind', models.CharField(choices=[('placed', 'placed'), ('laid_over', 'laid_over'), ('released', 'released')], max_length=10)),
                ('hold', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='entries', to='settlement.hold')),
                ('lift', models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='settlement.holdlift')),
            ],
            options={
                'constraints': [
                    models.CheckConstraint(condition=models.Q(models.Q(('kind', 'released'), ('lift__isnull', False)), models.Q(('kind__in', ['placed', 'laid_over']), ('lift', None)), _connector='OR'), name='release_names_its_lift'),
                ],
            },
        ),
        migrations.CreateModel(
            name='HoldPart',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('units', models.BigIntegerField()),
                ('hold', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='parts', to='settlement.hold')),
                ('taken_from', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='covers', to='settlement.hold')),
            ],
            options={
                'constraints': [
                    models.CheckConstraint(condition=models.Q(('units__gte', 0)), name='hold_part_not_below_zero'),
                    models.CheckConstraint(condition=models.Q(('hold', models.F('taken_from')), _negated=True), name='hold_part_is_taken_from_another'),
                    models.UniqueConstraint(fields=('hold', 'taken_from'), name='hold_part_is_one', nulls_distinct=False),
                ],
            },
        ),
        migrations.RunSQL((SQL / "0006_holds.sql").read_text(), reverse_sql=UNDO),
    ]
