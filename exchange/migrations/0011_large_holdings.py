"""Note who holds so much of a product that he has to report, and the report.

Why:     a position limit without reports below it is found out at the limit alone.
Locks:   none: a new table.
Deploy:  before the code.
Reverse: drops notes and reports.
"""

from pathlib import Path

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


SQL = Path(__file__).resolve().parent.parent / "sql"


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0002_api_clients'),
        ('exchange', '0010_approvals'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='LargeHolding',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('day', models.DateField()),
                ('units', models.BigIntegerField()),
                ('limit_units', models.BigIntegerField()),
                ('due_on', models.DateField(null=True)),
                ('purpose', models.CharField(blank=True, max_length=300)),
                ('source_of_money', models.CharField(blank=True, max_length=300)),
                ('related', models.CharField(blank=True, max_length=300)),
                ('reported_at', models.DateTimeField(null=True)),
                ('instrument', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='exchange.instrument')),
                ('organisation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.organisation')),
                ('reported_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('instrument', 'organisation', 'day'), name='large_holding_is_one_a_day'), models.CheckConstraint(condition=models.Q(models.Q(('purpose', ''), ('related', ''), ('reported_at', None), ('reported_by', None), ('source_of_money', '')), models.Q(('reported_at__isnull', False), ('reported_by__isnull', False), models.Q(('purpose', ''), _negated=True), models.Q(('source_of_money', ''), _negated=True)), _connector='OR'), name='large_holding_report_is_whole')],
            },
        ),
        migrations.RunSQL((SQL / "0011_large_holdings.sql").read_text(), reverse_sql=migrations.RunSQL.noop),
    ]
