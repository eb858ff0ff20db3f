"""Whose unknown money is: proposals and decisions of two persons, with their guards.

Why:     money left suspense by nobody's hand until now, and must not by one person's.
Locks:   none on existing tables but accounts, for foreign keys.
Deploy:  before the code.
Reverse: drops the table; the entries stay.
"""

from pathlib import Path

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

SQL = Path(__file__).resolve().parent.parent / "sql"


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0002_api_clients'),
        ('settlement', '0009_statements'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='SuspenseExplanation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reason', models.CharField(max_length=300)),
                ('digest', models.CharField(max_length=64)),
                ('state', models.CharField(choices=[('proposed', 'Proposed'), ('done', 'Done'), ('refused', 'Refused'), ('reversed', 'Reversed')], default='proposed', max_length=10)),
                ('proposed_at', models.DateTimeField()),
                ('decided_at', models.DateTimeField(null=True)),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('decided_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('entry', models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='settlement.entry')),
                ('notice', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='explanations', to='settlement.banknotice')),
                ('organisation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.organisation')),
                ('proposed_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('state__in', ['done', 'reversed']), _negated=True), models.Q(('decided_by__isnull', False), models.Q(('decided_by', models.F('proposed_by')), _negated=True)), _connector='OR'), name='explanation_has_two_persons'), models.CheckConstraint(condition=models.Q(models.Q(('decided_at', None), ('entry', None), ('state', 'proposed')), models.Q(('decided_at__isnull', False), ('entry__isnull', False), ('state__in', ['done', 'reversed'])), models.Q(('decided_at__isnull', False), ('decided_by__isnull', False), ('entry', None), ('state', 'refused')), _connector='OR'), name='explanation_state_has_its_fields'), models.UniqueConstraint(condition=models.Q(('state__in', ['proposed', 'done'])), fields=('notice',), name='money_is_explained_once')],
            },
        ),
        migrations.RunSQL(
            (SQL / "0010_suspense.sql").read_text(),
            reverse_sql="DROP FUNCTION settlement_explanation_moves_its_money CASCADE",
        ),
    ]
