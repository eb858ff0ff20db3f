"""Keep the requests to admit a product.

Why:     a product is admitted on its first seller's word and by two operators, not by one operator alone.
Locks:   none: a new table.
Deploy:  before the code.
Reverse: drops the requests; what was admitted stays.
"""

from pathlib import Path

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

SQL = Path(__file__).resolve().parent.parent / "sql"
UNDO = "DROP FUNCTION exchange_admission_goes_its_way CASCADE"


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0002_api_clients'),
        ('exchange', '0015_auctions'),
        ('settlement', '0016_acts'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Admission',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('project_code', models.CharField(max_length=32)),
                ('vintage_year', models.PositiveSmallIntegerField()),
                ('initial_price_fen', models.BigIntegerField()),
                ('note', models.CharField(blank=True, max_length=300)),
                ('state', models.CharField(choices=[('requested', 'requested'), ('reviewed', 'reviewed'), ('admitted', 'admitted'), ('refused', 'refused'), ('withdrawn', 'withdrawn')], default='requested', max_length=10)),
                ('digest', models.CharField(max_length=64)),
                ('opinion', models.CharField(blank=True, max_length=300)),
                ('at', models.DateTimeField()),
                ('ended_at', models.DateTimeField(null=True)),
                ('asset', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='settlement.asset')),
                ('decided_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('instrument', models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='exchange.instrument')),
                ('organisation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.organisation')),
                ('requested_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('reviewed_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('initial_price_fen__gt', 0)), name='admission_price_positive'), models.CheckConstraint(condition=models.Q(models.Q(('decided_by', None), ('ended_at', None), ('instrument', None), ('reviewed_by', None), ('state', 'requested')), models.Q(('decided_by', None), ('ended_at', None), ('instrument', None), ('reviewed_by__isnull', False), ('state', 'reviewed')), models.Q(('decided_by__isnull', False), ('ended_at__isnull', False), ('instrument__isnull', False), ('reviewed_by__isnull', False), ('state', 'admitted')), models.Q(('decided_by__isnull', False), ('ended_at__isnull', False), ('instrument', None), ('state', 'refused')), models.Q(('decided_by', None), ('ended_at__isnull', False), ('instrument', None), ('state', 'withdrawn')), _connector='OR'), name='admission_state_has_its_fields'), models.CheckConstraint(condition=models.Q(models.Q(('state', 'admitted'), _negated=True), models.Q(models.Q(('decided_by', models.F('reviewed_by')), _negated=True), models.Q(('decided_by', models.F('requested_by')), _negated=True), models.Q(('reviewed_by', models.F('requested_by')), _negated=True)), _connector='OR'), name='admission_has_three_persons'), models.UniqueConstraint(condition=models.Q(('state__in', ('requested', 'reviewed'))), fields=('project_code', 'vintage_year'), name='admission_is_open_once')],
            },
        ),
        migrations.RunSQL((SQL / "0016_admissions.sql").read_text(), reverse_sql=UNDO),
    ]
