"""Non-trade transfers, trusted accounts and reversals, with their guards.

Why:     credits change hands outside a trade on evidence, by two persons, after a wait; a mistake is undone by an entry.
Locks:   entry and holding, against writers, while a check and a few triggers are added; the tables are new otherwise.
Deploy:  before the code that writes them; older code posts none of the new kinds.
Reverse: drops the tables with what stands in them; the entries stay.
"""

from pathlib import Path

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

SQL = Path(__file__).resolve().parent.parent / "sql"
UNDO = """
DROP FUNCTION settlement_begins_proposed, settlement_transfer_steps, settlement_trusted_account_steps,
    settlement_transfer_is_whole, settlement_entry_of_a_transfer, settlement_in_transit_is_under_way,
    settlement_reversal_is_named, settlement_reversal_kinds, settlement_reversal_mirrors CASCADE;
DROP FUNCTION settlement_moved, settlement_serials_of;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0002_api_clients'),
        ('settlement', '0003_currency'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='EntryReversal',
            fields=[
                ('entry', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='+', serialize=False, to='settlement.entry')),
                ('reason', models.CharField(choices=[('wrong_receiver', 'wrong_receiver'), ('wrong_units', 'wrong_units'), ('basis_void', 'basis_void'), ('court_order', 'court_order'), ('posting_error', 'posting_error')], max_length=16)),
            ],
        ),
        migrations.CreateModel(
            name='Evidence',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(max_length=40)),
                ('name', models.CharField(max_length=160)),
                ('content_type', models.CharField(max_length=100)),
                ('size', models.BigIntegerField()),
                ('sha256', models.CharField(max_length=64)),
                ('at', models.DateTimeField()),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
        ),
        migrations.CreateModel(
            name='ReversalRequest',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reason', models.CharField(choices=[('wrong_receiver', 'wrong_receiver'), ('wrong_units', 'wrong_units'), ('basis_void', 'basis_void'), ('court_order', 'court_order'), ('posting_error', 'posting_error')], max_length=16)),
                ('note', models.CharField(max_length=300)),
                ('digest', models.CharField(max_length=64)),
                ('state', models.CharField(choices=[('proposed', 'Proposed'), ('done', 'Done'), ('refused', 'Refused')], default='proposed', max_length=10)),
                ('proposed_at', models.DateTimeField()),
                ('decided_at', models.DateTimeField(null=True)),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
        ),
        migrations.CreateModel(
            name='Transfer',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('inheritance', 'inheritance'), ('merger', 'merger'), ('court', 'court'), ('gift', 'gift')], max_length=12)),
                ('units', models.BigIntegerField()),
                ('basis_number', models.CharField(max_length=80)),
                ('reason', models.CharField(max_length=300)),
                ('digest', models.CharField(max_length=64)),
                ('state', models.CharField(choices=[('proposed', 'proposed'), ('approved', 'approved'), ('executed', 'executed'), ('cancelled', 'cancelled'), ('refused', 'refused'), ('reversed', 'reversed')], default='proposed', max_length=10)),
                ('proposed_at', models.DateTimeField()),
                ('confirmed_at', models.DateTimeField(null=True)),
                ('approved_at', models.DateTimeField(null=True)),
                ('is_trusted', models.BooleanField(null=True)),
                ('due_at', models.DateTimeField(null=True)),
                ('due_provisional', models.BooleanField(default=False)),
                ('ended_at', models.DateTimeField(null=True)),
                ('end_note', models.CharField(blank=True, max_length=300)),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
        ),
        migrations.CreateModel(
            name='TransferCheck',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('stage', models.CharField(choices=[('proposal', 'proposal'), ('approval', 'approval'), ('refusal', 'refusal'), ('execution', 'execution')], max_length=10)),
                ('number', models.CharField(max_length=4)),
                ('passed', models.BooleanField()),
                ('code', models.CharField(blank=True, max_length=40)),
                ('message', models.CharField(blank=True, max_length=300)),
                ('found', models.JSONField(default=dict)),
                ('at', models.DateTimeField()),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
        ),
        migrations.CreateModel(
            name='TrustedAccount',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reason', models.CharField(max_length=200)),
                ('state', models.CharField(choices=[('proposed', 'proposed'), ('approved', 'approved'), ('stopped', 'stopped'), ('revoked', 'revoked')], default='proposed', max_length=10)),
                ('proposed_at', models.DateTimeField()),
                ('approved_at', models.DateTimeField(null=True)),
                ('counts_from', models.DateTimeField(null=True)),
                ('counts_provisional', models.BooleanField(default=False)),
                ('ended_at', models.DateTimeField(null=True)),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
        ),
        migrations.AlterField(
            model_name='entry',
            name='kind',
            field=models.CharField(choices=[('issue', 'issue'), ('hold', 'hold'), ('release', 'release'), ('trade', 'trade'), ('retire', 'retire'), ('cancel', 'cancel'), ('deposit', 'deposit'), ('withdraw', 'withdraw'), ('withdrawal_paid', 'withdrawal_paid'), ('withdrawal_returned', 'withdrawal_returned'), ('suspense_explained', 'suspense_explained'), ('freeze', 'freeze'), ('unfreeze', 'unfreeze'), ('transfer_hold', 'transfer_hold'), ('transfer', 'transfer'), ('transfer_release', 'transfer_release'), ('reversal', 'reversal')], max_length=24),
        ),
        migrations.AddConstraint(
            model_name='entry',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('kind__in', ['transfer', 'reversal']), _negated=True), models.Q(('checker__isnull', False), ('maker__isnull', False)), _connector='OR'), name='transfer_needs_two_persons'),
        ),
        migrations.AddField(
            model_name='entryreversal',
            name='reverses',
            field=models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='settlement.entry'),
        ),
        migrations.AddField(
            model_name='evidence',
            name='organisation',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.organisation'),
        ),
        migrations.AddField(
            model_name='evidence',
            name='uploaded_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='reversalrequest',
            name='decided_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='reversalrequest',
            name='entry',
            field=models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='settlement.entry'),
        ),
        migrations.AddField(
            model_name='reversalrequest',
            name='proposed_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='reversalrequest',
            name='reverses',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='settlement.entry'),
        ),
        migrations.AddField(
            model_name='transfer',
            name='approved_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='transfer',
            name='asset',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='settlement.asset'),
        ),
        migrations.AddField(
            model_name='transfer',
            name='confirmed_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='transfer',
            name='end_entry',
            field=models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='settlement.entry'),
        ),
        migrations.AddField(
            model_name='transfer',
            name='ended_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='transfer',
            name='evidence',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='settlement.evidence'),
        ),
        migrations.AddField(
            model_name='transfer',
            name='from_organisation',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.organisation'),
        ),
        migrations.AddField(
            model_name='transfer',
            name='hold_entry',
            field=models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='settlement.entry'),
        ),
        migrations.AddField(
            model_name='transfer',
            name='proposed_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='transfer',
            name='proposed_by_client',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.apiclient'),
        ),
        migrations.AddField(
            model_name='transfer',
            name='return_entry',
            field=models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='settlement.entry'),
        ),
        migrations.AddField(
            model_name='transfer',
            name='to_organisation',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.organisation'),
        ),
        migrations.AddField(
            model_name='transfercheck',
            name='transfer',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='checks', to='settlement.transfer'),
        ),
        migrations.AddField(
            model_name='trustedaccount',
            name='approved_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='trustedaccount',
            name='ended_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='trustedaccount',
            name='organisation',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.organisation'),
        ),
        migrations.AddField(
            model_name='trustedaccount',
            name='proposed_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='trustedaccount',
            name='trusted',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.organisation'),
        ),
        migrations.AddConstraint(
            model_name='entryreversal',
            constraint=models.CheckConstraint(condition=models.Q(('reason__in', ['wrong_receiver', 'wrong_units', 'basis_void', 'court_order', 'posting_error'])), name='reversal_reason_is_known'),
        ),
        migrations.AddConstraint(
            model_name='evidence',
            constraint=models.CheckConstraint(condition=models.Q(('size__gt', 0), ('sha256__regex', '^[0-9a-f]{64}$')), name='evidence_has_content_and_hash'),
        ),
        migrations.AddConstraint(
            model_name='reversalrequest',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state', 'done'), _negated=True), models.Q(('decided_by__isnull', False), models.Q(('decided_by', models.F('proposed_by')), _negated=True)), _connector='OR'), name='reversal_has_two_persons'),
        ),
        migrations.AddConstraint(
            model_name='reversalrequest',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('decided_at', None), ('entry', None), ('state', 'proposed')), models.Q(('decided_at__isnull', False), ('entry__isnull', False), ('state', 'done')), models.Q(('decided_at__isnull', False), ('decided_by__isnull', False), ('entry', None), ('state', 'refused')), _connector='OR'), name='reversal_request_state_has_its_fields'),
        ),
        migrations.AddConstraint(
            model_name='reversalrequest',
            constraint=models.UniqueConstraint(condition=models.Q(('state', 'refused'), _negated=True), fields=('reverses',), name='reversal_request_is_open_once'),
        ),
        migrations.AddIndex(
            model_name='transfer',
            index=models.Index(condition=models.Q(('state', 'approved')), fields=['due_at'], name='transfer_due'),
        ),
        migrations.AddConstraint(
            model_name='transfer',
            constraint=models.CheckConstraint(condition=models.Q(('units__gt', 0)), name='transfer_units_positive'),
        ),
        migrations.AddConstraint(
            model_name='transfer',
            constraint=models.CheckConstraint(condition=models.Q(('from_organisation', models.F('to_organisation')), _negated=True), name='transfer_is_between_two_organisations'),
        ),
        migrations.AddConstraint(
            model_name='transfer',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('basis_number', ''), _negated=True), models.Q(('reason', ''), _negated=True)), name='transfer_names_its_document_and_reason'),
        ),
        migrations.AddConstraint(
            model_name='transfer',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('confirmed_by', models.F('proposed_by')), _negated=True), models.Q(('approved_by', models.F('proposed_by')), _negated=True), models.Q(('approved_by', models.F('confirmed_by')), _negated=True)), name='transfer_has_two_persons'),
        ),
        migrations.AddConstraint(
            model_name='transfer',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('approved_by', None), ('state__in', ['proposed', 'cancelled', 'refused'])), models.Q(('approved_by__isnull', False), ('kind', 'court'), ('proposed_by__isnull', False)), models.Q(('approved_by__isnull', False), ('confirmed_by__isnull', False), models.Q(('kind', 'court'), _negated=True)), _connector='OR'), name='approved_transfer_names_its_persons'),
        ),
        migrations.AddConstraint(
            model_name='transfer',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('approved_at', None), ('approved_by', None), ('due_at', None), ('end_entry', None), ('hold_entry', None), ('return_entry', None), ('state__in', ['proposed', 'cancelled', 'refused'])), models.Q(('approved_at__isnull', False), ('due_at__isnull', False), ('end_entry', None), ('hold_entry__isnull', False), ('return_entry', None), ('state', 'approved')), models.Q(('approved_at__isnull', False), ('due_at__isnull', False), ('end_entry__isnull', False), ('hold_entry__isnull', False), ('return_entry', None), ('state__in', ['executed', 'cancelled', 'refused'])), models.Q(('approved_at__isnull', False), ('due_at__isnull', False), ('end_entry__isnull', False), ('hold_entry__isnull', False), ('return_entry__isnull', False), ('state', 'reversed')), _connector='OR'), name='transfer_state_has_its_entries'),
        ),
        migrations.AddConstraint(
            model_name='transfer',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('ended_at', None), ('state__in', ['proposed', 'approved'])), models.Q(('ended_at__isnull', False), ('state__in', ['executed', 'cancelled', 'refused', 'reversed'])), _connector='OR'), name='transfer_end_has_its_time'),
        ),
        migrations.AddConstraint(
            model_name='transfer',
            constraint=models.CheckConstraint(condition=models.Q(('due_at', None), ('due_at__gte', models.F('approved_at')), _connector='OR'), name='transfer_is_due_after_its_approval'),
        ),
        migrations.AddConstraint(
            model_name='transfer',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state__in', ['executed', 'reversed']), _negated=True), models.Q(('due_provisional', False), ('ended_at__gte', models.F('due_at'))), _connector='OR'), name='transfer_waits_until_due'),
        ),
        migrations.AddConstraint(
            model_name='transfercheck',
            constraint=models.UniqueConstraint(fields=('transfer', 'stage', 'number'), name='transfer_check_is_answered_once'),
        ),
        migrations.AddConstraint(
            model_name='transfercheck',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('code', ''), ('passed', True)), models.Q(('passed', False), models.Q(('code', ''), _negated=True)), _connector='OR'), name='failed_answer_has_a_code'),
        ),
        migrations.AddConstraint(
            model_name='trustedaccount',
            constraint=models.CheckConstraint(condition=models.Q(('organisation', models.F('trusted')), _negated=True), name='trusted_account_is_anothers'),
        ),
        migrations.AddConstraint(
            model_name='trustedaccount',
            constraint=models.CheckConstraint(condition=models.Q(('approved_by', None), models.Q(('approved_by', models.F('proposed_by')), _negated=True), _connector='OR'), name='trusted_account_has_two_persons'),
        ),
        migrations.AddConstraint(
            model_name='trustedaccount',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('approved_at', None), ('approved_by', None), ('counts_from', None), ('state__in', ['proposed', 'stopped'])), models.Q(('approved_at__isnull', False), ('approved_by__isnull', False), ('counts_from__gt', models.F('approved_at')), ('state__in', ['approved', 'stopped', 'revoked'])), _connector='OR'), name='trusted_account_counts_after_its_approval'),
        ),
        migrations.AddConstraint(
            model_name='trustedaccount',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('ended_at', None), ('ended_by', None), ('state__in', ['proposed', 'approved'])), models.Q(('ended_at__isnull', False), ('ended_by__isnull', False), ('state__in', ['stopped', 'revoked'])), _connector='OR'), name='trusted_account_end_names_its_person'),
        ),
        migrations.AddConstraint(
            model_name='trustedaccount',
            constraint=models.UniqueConstraint(condition=models.Q(('state__in', ['proposed', 'approved'])), fields=('organisation', 'trusted'), name='trusted_account_is_open_once'),
        ),
        migrations.RunSQL((SQL / "0004_transfers.sql").read_text(), reverse_sql=UNDO),
    ]
