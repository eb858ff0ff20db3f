"""Let two persons bind and release a bank account, ask the bank in whose name it stands, and send unknown money back.

Why:     money left to whatever account one call had bound; the venue could not give back what nobody claims.
Locks:   bank account and withdrawal against everyone, for moments: both are small.
Deploy:  after the code, which asks for the new fields. Accounts bound before were bound by nobody in particular: they
         are closed, and each holder proposes its account anew.
Reverse: drops the guards; what was proposed, and unknown money on its way back, could no longer be told.
"""

from pathlib import Path

import django.db.models.deletion
import django.db.models.functions.datetime
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

SQL = Path(__file__).resolve().parent.parent / "sql"


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0002_api_clients'),
        ('settlement', '0010_suspense'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='bankaccount',
            name='one_bound_bank_account',
        ),
        migrations.RemoveConstraint(
            model_name='suspenseexplanation',
            name='explanation_has_two_persons',
        ),
        migrations.RemoveConstraint(
            model_name='suspenseexplanation',
            name='explanation_state_has_its_fields',
        ),
        migrations.RemoveField(
            model_name='bankaccount',
            name='released_at',
        ),
        migrations.AddField(
            model_name='bankaccount',
            name='approved_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='bankaccount',
            name='approved_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='bankaccount',
            name='attempts',
            field=models.PositiveIntegerField(default=0),
        ),
        migrations.AddField(
            model_name='bankaccount',
            name='ended_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='bankaccount',
            name='ended_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='bankaccount',
            name='last_error',
            field=models.CharField(blank=True, max_length=300),
        ),
        migrations.AddField(
            model_name='bankaccount',
            name='next_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='bankaccount',
            name='proposed_at',
            field=models.DateTimeField(default=django.utils.timezone.now),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='bankaccount',
            name='proposed_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='bankaccount',
            name='recorded_at',
            field=models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
        ),
        migrations.AddField(
            model_name='bankaccount',
            name='release_asked_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='bankaccount',
            name='release_asked_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='bankaccount',
            name='state',
            field=models.CharField(choices=[('proposed', 'Proposed'), ('asked', 'Asked'), ('bound', 'Bound'), ('refused', 'Refused'), ('released', 'Released')], default='proposed', max_length=10),
        ),
        migrations.AddField(
            model_name='bankaccount',
            name='usable_from',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='withdrawal',
            name='returns',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='settlement.banknotice'),
        ),
        migrations.AlterField(
            model_name='bankaccount',
            name='bound_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AlterField(
            model_name='suspenseexplanation',
            name='organisation',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.organisation'),
        ),
        migrations.AlterField(
            model_name='suspenseexplanation',
            name='state',
            field=models.CharField(choices=[('proposed', 'Proposed'), ('done', 'Done'), ('refused', 'Refused'), ('reversed', 'Reversed'), ('failed', 'Failed')], default='proposed', max_length=10),
        ),
        migrations.AlterField(
            model_name='withdrawal',
            name='bank_account',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='settlement.bankaccount'),
        ),
        migrations.AlterField(
            model_name='withdrawal',
            name='organisation',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.organisation'),
        ),
        migrations.RunSQL(
            "UPDATE settlement_bankaccount SET state = 'refused', ended_at = now(), bound_at = NULL,"
            " last_error = 'to be proposed anew'",
            reverse_sql=migrations.RunSQL.noop,
        ),
        migrations.AddIndex(
            model_name='settlementbatch',
            index=models.Index(fields=['at'], name='settlement_batch_at'),
        ),
        migrations.AddIndex(
            model_name='bankaccount',
            index=models.Index(condition=models.Q(('state', 'asked')), fields=['next_at'], name='bank_account_to_ask'),
        ),
        migrations.AddConstraint(
            model_name='bankaccount',
            constraint=models.UniqueConstraint(condition=models.Q(('state', 'bound')), fields=('organisation',), name='one_bound_bank_account'),
        ),
        migrations.AddConstraint(
            model_name='bankaccount',
            constraint=models.UniqueConstraint(condition=models.Q(('state__in', ['proposed', 'asked'])), fields=('organisation',), name='one_bank_account_under_way'),
        ),
        migrations.AddConstraint(
            model_name='bankaccount',
            constraint=models.UniqueConstraint(condition=models.Q(('state', 'bound')), fields=('account_number',), name='bank_account_serves_one_holder'),
        ),
        migrations.AddConstraint(
            model_name='bankaccount',
            constraint=models.UniqueConstraint(fields=('id', 'organisation'), name='bank_account_with_its_holder'),
        ),
        migrations.AddConstraint(
            model_name='bankaccount',
            constraint=models.CheckConstraint(condition=models.Q(('account_number__regex', '^[0-9]{8,32}$')), name='bank_account_number_is_digits'),
        ),
        migrations.AddConstraint(
            model_name='bankaccount',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('approved_by', None), models.Q(('approved_by', models.F('proposed_by')), _negated=True), _connector='OR'), models.Q(('release_asked_by', None), ('ended_by', None), models.Q(('ended_by', models.F('release_asked_by')), _negated=True), _connector='OR')), name='bank_account_has_two_persons'),
        ),
        migrations.AddConstraint(
            model_name='bankaccount',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('approved_by', None), ('bound_at', None), ('ended_at', None), ('state', 'proposed')), models.Q(('bound_at', None), ('ended_at__isnull', False), ('state', 'refused')), models.Q(('approved_by__isnull', False), ('bound_at', None), ('ended_at', None), ('proposed_by__isnull', False), ('state', 'asked')), models.Q(('approved_by__isnull', False), ('bound_at__isnull', False), ('ended_at', None), ('proposed_by__isnull', False), ('state', 'bound'), ('usable_from__gte', models.F('bound_at'))), models.Q(('bound_at__isnull', False), ('ended_at__isnull', False), ('ended_by__isnull', False), ('release_asked_by__isnull', False), ('state', 'released')), _connector='OR'), name='bank_account_state_has_its_fields'),
        ),
        migrations.AddConstraint(
            model_name='suspenseexplanation',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state__in', ['done', 'reversed', 'failed']), _negated=True), models.Q(('decided_by__isnull', False), models.Q(('decided_by', models.F('proposed_by')), _negated=True)), _connector='OR'), name='explanation_has_two_persons'),
        ),
        migrations.AddConstraint(
            model_name='suspenseexplanation',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('decided_at', None), ('entry', None), ('state', 'proposed')), models.Q(('decided_at__isnull', False), ('entry__isnull', False), ('state', 'done')), models.Q(('decided_at__isnull', False), ('entry__isnull', False), ('organisation__isnull', False), ('state', 'reversed')), models.Q(('decided_at__isnull', False), ('entry__isnull', False), ('organisation', None), ('state', 'failed')), models.Q(('decided_at__isnull', False), ('decided_by__isnull', False), ('entry', None), ('state', 'refused')), _connector='OR'), name='explanation_state_has_its_fields'),
        ),
        migrations.AddConstraint(
            model_name='withdrawal',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('bank_account__isnull', False), ('organisation__isnull', False), ('returns', None)), models.Q(('approved_by__isnull', False), ('asked_by__isnull', False), ('bank_account', None), ('organisation', None), ('returns__isnull', False)), _connector='OR'), name='withdrawal_names_its_receiver'),
        ),
        migrations.AddConstraint(
            model_name='withdrawal',
            constraint=models.UniqueConstraint(condition=models.Q(('state__in', ['asked', 'sent', 'paid'])), fields=('returns',), name='unknown_money_is_returned_once'),
        ),
        migrations.RunSQL(
            (SQL / "0011_bank_accounts.sql").read_text(),
            reverse_sql=[
                "ALTER TABLE settlement_withdrawal DROP CONSTRAINT withdrawal_goes_to_its_holders_account",
                "DROP FUNCTION settlement_bank_account_steps CASCADE",
                "DROP FUNCTION settlement_withdrawal_leaves_sales CASCADE",
                "DROP FUNCTION settlement_sales_of_day",
                "DROP FUNCTION settlement_withdrawal_goes_to_a_bound_account CASCADE",
            ],
        ),
    ]
