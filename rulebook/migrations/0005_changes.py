"""Let rules be changed by two persons, on a day to come.

Why:     a rule that only a release can change makes every fee and limit wait for one.
Locks:   none: a new table.
Deploy:  before the code.
Reverse: drops the proposals; values that were approved stay.
"""

from pathlib import Path

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


SQL = Path(__file__).resolve().parent.parent / "sql"


class Migration(migrations.Migration):

    dependencies = [
        ('rulebook', '0004_edition'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='RuleChange',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('scheme', models.CharField(max_length=32)),
                ('key', models.CharField(max_length=100)),
                ('value', models.JSONField()),
                ('in_force_from', models.DateField()),
                ('reason', models.CharField(max_length=300)),
                ('digest', models.CharField(max_length=64)),
                ('state', models.CharField(choices=[('proposed', 'Proposed'), ('approved', 'Approved'), ('refused', 'Refused'), ('withdrawn', 'Withdrawn')], default='proposed', max_length=12)),
                ('proposed_at', models.DateTimeField()),
                ('decided_at', models.DateTimeField(null=True)),
                ('basis', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='rulebook.legalbasis')),
                ('decided_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('proposed_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('rule_value', models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='change', to='rulebook.rulevalue')),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('decided_at', None), ('decided_by', None), ('rule_value', None), ('state', 'proposed')), models.Q(('decided_at__isnull', False), ('decided_by__isnull', False), ('rule_value__isnull', False), ('state', 'approved')), models.Q(('decided_at__isnull', False), ('rule_value', None), ('state__in', ['refused', 'withdrawn'])), _connector='OR'), name='rule_change_state_has_its_fields'), models.CheckConstraint(condition=models.Q(models.Q(('state', 'approved'), _negated=True), models.Q(('decided_by', models.F('proposed_by')), _negated=True), _connector='OR'), name='rule_change_has_two_persons'), models.UniqueConstraint(condition=models.Q(('state', 'proposed')), fields=('scheme', 'key'), name='rule_change_is_open_once')],
            },
        ),
        migrations.RunSQL(
            (SQL / "0005_changes.sql").read_text(), reverse_sql="DROP FUNCTION rulebook_change_goes_its_way CASCADE"
        ),
    ]
