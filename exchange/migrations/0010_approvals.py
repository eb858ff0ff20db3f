"""Let an approval of continuous trading come with its paper, be checked by a second person, and be ended early.

Why:     an approval was one act that named two persons; the second never saw it.
Locks:   approval and day, against everyone, for an instant.
Deploy:  with the code; approvals from before are taken as checked by the checker they name, on the day they were entered.
Reverse: refused where an approval waits or was refused; else drops paper, state and end.
"""

import datetime
from pathlib import Path

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


SQL = Path(__file__).resolve().parent.parent / "sql"
BEFORE = """
UPDATE exchange_approvalrecord SET state = 'approved', decided_at = at, document_date = valid_from, scope = document_number;
SET CONSTRAINTS ALL IMMEDIATE;
"""
UNDO = "DROP FUNCTION exchange_approval_goes_its_way, exchange_continuous_day_is_approved CASCADE; DROP TRIGGER approval_is_kept ON exchange_approvalrecord"


class Migration(migrations.Migration):

    dependencies = [
        ('exchange', '0009_purchases'),
        ('settlement', '0016_acts'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='approvalrecord',
            name='approval_has_two_persons',
        ),
        migrations.AddField(
            model_name='approvalrecord',
            name='decided_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='approvalrecord',
            name='digest',
            field=models.CharField(default='', max_length=64),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='approvalrecord',
            name='document_date',
            field=models.DateField(default=datetime.date(2026, 1, 1)),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='approvalrecord',
            name='ended_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='approvalrecord',
            name='ended_on',
            field=models.DateField(null=True),
        ),
        migrations.AddField(
            model_name='approvalrecord',
            name='evidence',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='settlement.evidence'),
        ),
        migrations.AddField(
            model_name='approvalrecord',
            name='scope',
            field=models.CharField(default='', max_length=300),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='approvalrecord',
            name='state',
            field=models.CharField(choices=[('proposed', 'Proposed'), ('approved', 'Approved'), ('refused', 'Refused')], default='proposed', max_length=12),
        ),
        migrations.AlterField(
            model_name='approvalrecord',
            name='checker',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.RunSQL(BEFORE, reverse_sql=migrations.RunSQL.noop),
        migrations.AddConstraint(
            model_name='approvalrecord',
            constraint=models.CheckConstraint(condition=models.Q(('checker__isnull', True), models.Q(('maker', models.F('checker')), _negated=True), ('state', 'refused'), _connector='OR'), name='approval_has_two_persons'),
        ),
        migrations.AddConstraint(
            model_name='approvalrecord',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('checker', None), ('decided_at', None), ('ended_on', None), ('state', 'proposed')), models.Q(('checker__isnull', False), ('decided_at__isnull', False), ('state', 'approved')), models.Q(('checker__isnull', False), ('decided_at__isnull', False), ('ended_on', None), ('state', 'refused')), _connector='OR'), name='approval_state_has_its_fields'),
        ),
        migrations.AddConstraint(
            model_name='approvalrecord',
            constraint=models.CheckConstraint(condition=models.Q(('ended_on__isnull', True), ('ended_by__isnull', False), _connector='OR'), name='approval_is_ended_by_somebody'),
        ),
        migrations.AddConstraint(
            model_name='approvalrecord',
            constraint=models.UniqueConstraint(condition=models.Q(('state', 'proposed')), fields=('instrument',), name='approval_is_proposed_once'),
        ),
        migrations.RunSQL((SQL / "0010_approvals.sql").read_text(), reverse_sql=UNDO),
    ]
