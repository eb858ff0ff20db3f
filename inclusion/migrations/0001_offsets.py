"""The tables of footprints, quotes and purchases that are retired at once.

Why:     this room's first tables.
Locks:   none on existing tables but accounts, settlement, exchange and registry, for the foreign keys.
Deploy:  first installation.
Reverse: drops the tables.
"""

import django.db.models.deletion
import django.db.models.expressions
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('accounts', '0002_api_clients'),
        ('exchange', '0002_guards'),
        ('registry', '0002_guards'),
        ('settlement', '0003_currency'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Footprint',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('event', models.CharField(max_length=120)),
                ('operation', models.CharField(max_length=32)),
                ('methodology_version', models.CharField(max_length=16)),
                ('inputs', models.JSONField()),
                ('outputs', models.JSONField()),
                ('warnings', models.JSONField()),
                ('trace', models.JSONField()),
                ('units_required', models.BigIntegerField()),
                ('at', models.DateTimeField()),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('made_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('organisation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.organisation')),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(condition=models.Q(('units_required__gte', 0)), name='units_required_not_negative'),
                ],
            },
        ),
        migrations.CreateModel(
            name='OffsetPurchase',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('units', models.BigIntegerField()),
                ('beneficiary', models.CharField(max_length=120)),
                ('beneficiary_is_person', models.BooleanField(default=False)),
                ('purpose', models.CharField(max_length=24)),
                ('period_first', models.DateField(null=True)),
                ('period_last', models.DateField(null=True)),
                ('note', models.CharField(blank=True, max_length=200)),
                ('state', models.CharField(choices=[('ordered', 'ordered'), ('bought', 'bought'), ('retired', 'retired'), ('partly', 'partly'), ('failed', 'failed')], default='ordered', max_length=8)),
                ('bought_units', models.BigIntegerField(default=0)),
                ('retired_units', models.BigIntegerField(default=0)),
                ('value_fen', models.BigIntegerField(default=0)),
                ('fee_fen', models.BigIntegerField(default=0)),
                ('problems', models.JSONField(default=list)),
                ('ordered_at', models.DateTimeField()),
                ('bought_at', models.DateTimeField(null=True)),
                ('ended_at', models.DateTimeField(null=True)),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('client', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.apiclient')),
                ('ordered_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('organisation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.organisation')),
            ],
            options={
                "indexes": [
                    models.Index(fields=['organisation', '-id'], name='purchase_of_organisation'),
                    models.Index(condition=models.Q(('state__in', ['ordered', 'bought'])), fields=['id'], name='purchase_under_way'),
                ],
                "constraints": [
                    models.CheckConstraint(condition=models.Q(('bought_units__gte', models.F('retired_units')), ('retired_units__gte', 0), ('units__gt', 0), ('units__gte', models.F('bought_units'))), name='retired_is_bought_and_bought_is_wanted'),
                    models.CheckConstraint(condition=models.Q(models.Q(('bought_units', 0), ('state', 'ordered')), models.Q(('bought_units__gt', 0), ('state', 'bought')), models.Q(('retired_units', models.F('units')), ('state', 'retired')), models.Q(('retired_units__gt', 0), ('retired_units__lt', models.F('units')), ('state', 'partly')), models.Q(('retired_units', 0), ('state', 'failed')), _connector='OR'), name='purchase_state_fits_its_units'),
                    models.CheckConstraint(condition=models.Q(models.Q(('ended_at__isnull', True), ('state__in', ['ordered', 'bought'])), models.Q(models.Q(('state__in', ['ordered', 'bought']), _negated=True), ('ended_at__isnull', False)), _connector='OR'), name='ended_purchase_has_its_time'),
                    models.CheckConstraint(condition=models.Q(models.Q(('client__isnull', True), ('ordered_by__isnull', False)), models.Q(('client__isnull', False), ('ordered_by__isnull', True)), _connector='OR'), name='purchase_is_of_a_person_or_a_client'),
                ],
            },
        ),
        migrations.CreateModel(
            name='Bought',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('instrument_code', models.CharField(max_length=24)),
                ('units', models.BigIntegerField()),
                ('price_fen', models.BigIntegerField()),
                ('value_fen', models.BigIntegerField()),
                ('fee_fen', models.BigIntegerField()),
                ('asset', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='settlement.asset')),
                ('trade', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='exchange.trade')),
                ('purchase', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='bought', to='inclusion.offsetpurchase')),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(condition=models.Q(('fee_fen__gte', 0), ('units__gt', 0), ('value_fen', django.db.models.expressions.CombinedExpression(models.F('units'), '*', models.F('price_fen')))), name='bought_value_is_units_times_price'),
                ],
            },
        ),
        migrations.CreateModel(
            name='OffsetQuote',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('units', models.BigIntegerField()),
                ('wanted', models.JSONField(default=dict)),
                ('value_fen', models.BigIntegerField()),
                ('fee_fen', models.BigIntegerField()),
                ('total_fen', models.BigIntegerField()),
                ('at', models.DateTimeField()),
                ('expires_at', models.DateTimeField()),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('footprint', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='quotes', to='inclusion.footprint')),
                ('made_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('organisation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.organisation')),
            ],
            options={
                "indexes": [
                    models.Index(fields=['organisation', '-id'], name='quote_of_organisation'),
                ],
                "constraints": [
                    models.CheckConstraint(condition=models.Q(('units__gt', 0)), name='quote_units_positive'),
                    models.CheckConstraint(condition=models.Q(('fee_fen__gte', 0), ('total_fen', django.db.models.expressions.CombinedExpression(models.F('value_fen'), '+', models.F('fee_fen'))), ('value_fen__gt', 0)), name='quote_total_is_value_and_fee'),
                    models.CheckConstraint(condition=models.Q(('expires_at__gt', models.F('at'))), name='quote_lasts'),
                ],
            },
        ),
        migrations.AddField(
            model_name='offsetpurchase',
            name='quote',
            field=models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='purchase', to='inclusion.offsetquote'),
        ),
        migrations.CreateModel(
            name='PurchaseRetirement',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.CharField(max_length=32)),
                ('units', models.BigIntegerField()),
                ('asset', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='settlement.asset')),
                ('purchase', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='retirements', to='inclusion.offsetpurchase')),
                ('retirement', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='registry.retirement')),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=('purchase', 'asset'), name='purchase_retires_a_batch_once'),
                    models.CheckConstraint(condition=models.Q(('units__gt', 0)), name='purchase_retires_something'),
                ],
            },
        ),
        migrations.CreateModel(
            name='QuoteLine',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveSmallIntegerField()),
                ('instrument_code', models.CharField(max_length=24)),
                ('project_name', models.CharField(max_length=200)),
                ('vintage_year', models.PositiveSmallIntegerField()),
                ('credit_type', models.CharField(max_length=1)),
                ('division_name', models.CharField(max_length=64)),
                ('price_fen', models.BigIntegerField()),
                ('quantity', models.BigIntegerField()),
                ('value_fen', models.BigIntegerField()),
                ('fee_rate', models.DecimalField(decimal_places=6, max_digits=9)),
                ('fee_fen', models.BigIntegerField()),
                ('instrument', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='exchange.instrument')),
                ('quote', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='lines', to='inclusion.offsetquote')),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=('quote', 'number'), name='quote_line_is_one'),
                    models.UniqueConstraint(fields=('quote', 'instrument', 'price_fen'), name='quote_takes_a_level_once'),
                    models.CheckConstraint(condition=models.Q(('fee_fen__gte', 0), ('price_fen__gt', 0), ('quantity__gt', 0), ('value_fen', django.db.models.expressions.CombinedExpression(models.F('price_fen'), '*', models.F('quantity')))), name='quote_line_value_is_price_times_quantity'),
                ],
            },
        ),
        migrations.CreateModel(
            name='PurchaseOrder',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('order', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='exchange.order')),
                ('purchase', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='orders', to='inclusion.offsetpurchase')),
                ('line', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='ordered', to='inclusion.quoteline')),
            ],
        ),
    ]
