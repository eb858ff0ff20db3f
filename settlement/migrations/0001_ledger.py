"""The tables of the ledger, of serial blocks and of money in and out.

Why:     entries and legs are range-partitioned by id from the first day; Django cannot say that, so their tables are
         made by SQL and the models only described to it.
Locks:   none on existing tables but accounts, for the foreign keys.
Deploy:  first installation.
Reverse: drops the tables.
"""

from pathlib import Path

import django.contrib.postgres.constraints
import django.db.models.deletion
import django.db.models.functions.comparison
from django.conf import settings
from django.db import migrations, models


SQL = Path(__file__).resolve().parent.parent / "sql"


def sql(name: str, reverse: str) -> migrations.RunSQL:
    return migrations.RunSQL((SQL / name).read_text(), reverse_sql=reverse)


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('accounts', '0002_api_clients'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='SettlementBatch',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField()),
                ('entries', models.PositiveIntegerField()),
            ],
        ),
        migrations.CreateModel(
            name='Asset',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('cash', 'cash'), ('credit', 'credit')], max_length=8)),
                ('code', models.CharField(max_length=160, unique=True)),
                ('scheme', models.CharField(blank=True, max_length=32)),
                ('project_code', models.CharField(blank=True, max_length=32)),
                ('project_name', models.CharField(blank=True, max_length=200)),
                ('project_serial', models.CharField(blank=True, max_length=6)),
                ('vintage_year', models.PositiveSmallIntegerField(null=True)),
                ('credit_type', models.CharField(blank=True, max_length=1)),
                ('division_code', models.CharField(blank=True, max_length=6)),
                ('division_name', models.CharField(blank=True, max_length=64)),
                ('methodology', models.CharField(blank=True, max_length=32)),
                ('region_code', models.CharField(blank=True, max_length=2)),
                ('scheme_code', models.CharField(blank=True, max_length=2)),
                ('first_serial', models.BigIntegerField(null=True)),
                ('last_serial', models.BigIntegerField(null=True)),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('first_serial__isnull', True), ('kind', 'cash'), ('last_serial__isnull', True), ('project_code', '')), models.Q(('first_serial__gte', 1), ('kind', 'credit'), ('last_serial__gte', models.F('first_serial')), ('vintage_year__isnull', False), models.Q(('project_code', ''), _negated=True)), _connector='OR'), name='asset_is_cash_or_a_batch'), django.contrib.postgres.constraints.ExclusionConstraint(condition=models.Q(('kind', 'credit')), expressions=[('project_code', '='), ('vintage_year', '='), (models.Func(models.F('first_serial'), models.F('last_serial'), models.Value('[]'), function='int8range'), '&&')], name='batches_of_a_vintage_do_not_overlap')],
            },
        ),
        migrations.CreateModel(
            name='BankAccount',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('bank_name', models.CharField(max_length=100)),
                ('account_name', models.CharField(max_length=200)),
                ('account_number', models.CharField(max_length=34)),
                ('bound_at', models.DateTimeField()),
                ('released_at', models.DateTimeField(null=True)),
                ('organisation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.organisation')),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(condition=models.Q(('released_at__isnull', True)), fields=('organisation',), name='one_bound_bank_account'),
                ],
            },
        ),
        migrations.CreateModel(
            name='DepositReference',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reference', models.CharField(max_length=20, unique=True)),
                ('expected_fen', models.BigIntegerField(null=True)),
                ('created_at', models.DateTimeField()),
                ('asked_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('organisation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.organisation')),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(condition=models.Q(('expected_fen__isnull', True), ('expected_fen__gt', 0), _connector='OR'), name='expected_deposit_positive'),
                ],
            },
        ),
        migrations.SeparateDatabaseAndState(
            database_operations=[sql('0001_entries.sql', reverse='DROP TABLE settlement_entry')],
            state_operations=[
                migrations.CreateModel(
                    name='Entry',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('kind', models.CharField(choices=[('issue', 'issue'), ('hold', 'hold'), ('release', 'release'), ('trade', 'trade'), ('retire', 'retire'), ('cancel', 'cancel'), ('deposit', 'deposit'), ('withdraw', 'withdraw'), ('withdrawal_paid', 'withdrawal_paid'), ('withdrawal_returned', 'withdrawal_returned'), ('suspense_explained', 'suspense_explained'), ('freeze', 'freeze'), ('unfreeze', 'unfreeze')], max_length=24)),
                        ('at', models.DateTimeField()),
                        ('business_date', models.DateField()),
                        ('basis', models.CharField(blank=True, max_length=200)),
                        ('recorded_at', models.DateTimeField()),
                        ('checker', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('maker', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('settlement', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='settlement.settlementbatch')),
                    ],
                ),
            ],
        ),
        migrations.CreateModel(
            name='BankNotice',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('bank_serial', models.CharField(max_length=64, unique=True)),
                ('digest', models.CharField(max_length=64)),
                ('amount_fen', models.BigIntegerField()),
                ('reference', models.CharField(blank=True, max_length=64)),
                ('payer_name', models.CharField(blank=True, max_length=200)),
                ('payer_account', models.CharField(blank=True, max_length=34)),
                ('at', models.DateTimeField()),
                ('organisation', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.organisation')),
                ('entry', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='settlement.entry')),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(condition=models.Q(('amount_fen__gt', 0)), name='bank_notice_amount_positive'),
                ],
            },
        ),
        migrations.CreateModel(
            name='EntryKey',
            fields=[
                ('key', models.CharField(max_length=120, primary_key=True, serialize=False)),
                ('digest', models.CharField(max_length=64)),
                ('entry', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='settlement.entry')),
            ],
        ),
        migrations.CreateModel(
            name='Holding',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('purpose', models.CharField(choices=[('available', 'available'), ('held_for_orders', 'held_for_orders'), ('pledged', 'pledged'), ('frozen', 'frozen'), ('buffer', 'buffer'), ('in_transit', 'in_transit'), ('retired', 'retired'), ('cancelled', 'cancelled'), ('exported', 'exported'), ('issuance', 'issuance'), ('bank', 'bank'), ('suspense', 'suspense'), ('fees', 'fees'), ('risk_reserve', 'risk_reserve')], max_length=16)),
                ('units', models.BigIntegerField(default=0)),
                ('may_be_posted', models.BooleanField(default=True)),
                ('asset', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='settlement.asset')),
                ('organisation', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.organisation')),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=('organisation', 'asset', 'purpose'), name='holding_is_one', nulls_distinct=False),
                    models.UniqueConstraint(fields=('id', 'asset'), name='holding_with_its_asset'),
                    models.CheckConstraint(condition=models.Q(('units__gte', 0), ('purpose__in', ['issuance', 'bank']), _connector='OR'), name='holding_not_below_zero'),
                    models.CheckConstraint(condition=models.Q(models.Q(('purpose__in', ['issuance', 'bank']), _negated=True), models.Q(('organisation__isnull', True), ('units__lte', 0)), _connector='OR'), name='source_is_the_systems'),
                ],
            },
        ),
        migrations.SeparateDatabaseAndState(
            database_operations=[sql('0001_legs.sql', reverse='DROP TABLE settlement_leg; DROP FUNCTION settlement_make_room')],
            state_operations=[
                migrations.CreateModel(
                    name='Leg',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('units', models.BigIntegerField()),
                        ('asset', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='settlement.asset')),
                        ('credited', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='credits', to='settlement.holding')),
                        ('debited', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='debits', to='settlement.holding')),
                        ('entry', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='legs', to='settlement.entry')),
                    ],
                ),
            ],
        ),
        migrations.CreateModel(
            name='SerialBlock',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('first_serial', models.BigIntegerField()),
                ('last_serial', models.BigIntegerField()),
                ('asset', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='blocks', to='settlement.asset')),
                ('entry', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='settlement.entry')),
                ('holding', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, related_name='blocks', to='settlement.holding')),
                ('parent', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='pieces', to='settlement.serialblock')),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(condition=models.Q(('first_serial__gte', 1), ('first_serial__lte', models.F('last_serial'))), name='serial_block_not_empty'),
                    models.UniqueConstraint(fields=('asset', 'first_serial'), name='serial_block_starts_once'),
                    models.UniqueConstraint(condition=models.Q(('parent__isnull', True)), fields=('asset',), name='serial_block_one_root'),
                ],
            },
        ),
        migrations.CreateModel(
            name='SerialMove',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('first_serial', models.BigIntegerField()),
                ('last_serial', models.BigIntegerField()),
                ('asset', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='settlement.asset')),
                ('credited', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='settlement.holding')),
                ('debited', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='settlement.holding')),
                ('entry', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='settlement.entry')),
            ],
            options={
                "indexes": [
                    models.Index(fields=['asset', 'first_serial'], name='serial_move_first'),
                ],
            },
        ),
        migrations.CreateModel(
            name='Withdrawal',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('amount_fen', models.BigIntegerField()),
                ('state', models.CharField(choices=[('asked', 'Asked'), ('sent', 'Sent'), ('paid', 'Paid'), ('returned', 'Returned')], default='asked', max_length=12)),
                ('asked_at', models.DateTimeField()),
                ('closed_at', models.DateTimeField(null=True)),
                ('approved_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('asked_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('bank_account', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='settlement.bankaccount')),
                ('organisation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.organisation')),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(condition=models.Q(('amount_fen__gt', 0)), name='withdrawal_amount_positive'),
                    models.CheckConstraint(condition=models.Q(('approved_by__isnull', True), models.Q(('approved_by', models.F('asked_by')), _negated=True), _connector='OR'), name='withdrawal_has_two_persons'),
                ],
            },
        ),
        migrations.CreateModel(
            name='PaymentOrder',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('attempts', models.PositiveIntegerField(default=0)),
                ('next_at', models.DateTimeField()),
                ('done_at', models.DateTimeField(null=True)),
                ('last_error', models.CharField(blank=True, max_length=300)),
                ('withdrawal', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='settlement.withdrawal')),
            ],
            options={
                "indexes": [
                    models.Index(condition=models.Q(('done_at__isnull', True)), fields=['next_at'], name='payment_order_due'),
                ],
            },
        ),
        migrations.CreateModel(
            name='AssetFreeze',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reason', models.CharField(max_length=200)),
                ('order_number', models.CharField(max_length=64)),
                ('since', models.DateTimeField()),
                ('lifted_at', models.DateTimeField(null=True)),
                ('asset', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='freezes', to='settlement.asset')),
                ('lift_asked_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('lifted_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('set_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('lifted_at__isnull', True)), fields=['asset'], name='asset_freeze_live')],
                'constraints': [models.CheckConstraint(condition=models.Q(('lifted_at__isnull', True), models.Q(('lift_asked_by__isnull', False), ('lifted_by__isnull', False), models.Q(('lift_asked_by', django.db.models.functions.comparison.Coalesce(models.F('lifted_by'), models.F('lift_asked_by'))), _negated=True)), _connector='OR'), name='asset_freeze_is_lifted_by_two_persons')],
            },
        ),
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AddConstraint(
                    model_name='leg',
                    constraint=models.CheckConstraint(condition=models.Q(('units__gt', 0)), name='leg_units_positive'),
                ),
            ],
        ),
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AddConstraint(
                    model_name='leg',
                    constraint=models.CheckConstraint(condition=models.Q(('debited', models.F('credited')), _negated=True), name='leg_has_two_ends'),
                ),
            ],
        ),
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AddConstraint(
                    model_name='entry',
                    constraint=models.CheckConstraint(condition=models.Q(('maker__isnull', True), ('checker__isnull', True), models.Q(('maker', models.F('checker')), _negated=True), _connector='OR'), name='entry_has_two_persons'),
                ),
            ],
        ),
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AddConstraint(
                    model_name='entry',
                    constraint=models.CheckConstraint(condition=models.Q(models.Q(('kind', 'issue'), _negated=True), models.Q(('checker__isnull', False), ('maker__isnull', False)), _connector='OR'), name='issue_needs_two_persons'),
                ),
            ],
        ),
    ]
