"""The nightly proofs: runs with their progress, second readings, proofs of the invariants.

Why:     what a proof has found must stand as it was found, also against the app's own role.
Locks:   none on existing tables but accounts, for a foreign key.
Deploy:  before the code.
Reverse: drops the tables.
"""

from pathlib import Path

import django.core.serializers.json
import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models


SQL = Path(__file__).resolve().parent.parent / "sql"


class Migration(migrations.Migration):

    dependencies = [
        ('settlement', '0004_transfers'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='ProofRun',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('second_reading', 'second_reading'), ('invariants', 'invariants')], max_length=16)),
                ('night', models.DateField(null=True)),
                ('state', models.CharField(choices=[('queued', 'queued'), ('running', 'running'), ('done', 'done'), ('failed', 'failed')], max_length=8)),
                ('at', models.DateTimeField()),
                ('done_steps', models.BigIntegerField(default=0)),
                ('all_steps', models.BigIntegerField(default=0)),
                ('error', models.CharField(blank=True, max_length=300)),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('asked_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='InvariantProof',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField()),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('seconds', models.DecimalField(decimal_places=3, max_digits=9)),
                ('proved', models.JSONField()),
                ('broken', models.JSONField(encoder=django.core.serializers.json.DjangoJSONEncoder)),
                ('run', models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='proof', to='settlement.proofrun')),
            ],
        ),
        migrations.CreateModel(
            name='SecondReading',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField()),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('snapshot', models.CharField(max_length=200)),
                ('last_entry_id', models.BigIntegerField()),
                ('legs_read', models.BigIntegerField()),
                ('moves_read', models.BigIntegerField()),
                ('seconds', models.DecimalField(decimal_places=3, max_digits=9)),
                ('found', models.BigIntegerField()),
                ('differences', models.JSONField(default=list)),
                ('run', models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='reading', to='settlement.proofrun')),
            ],
        ),
        migrations.AddConstraint(
            model_name='proofrun',
            constraint=models.UniqueConstraint(condition=models.Q(('night__isnull', False)), fields=('kind', 'night'), name='proof_runs_once_a_night'),
        ),
        migrations.AddConstraint(
            model_name='proofrun',
            constraint=models.UniqueConstraint(condition=models.Q(('state__in', ['queued', 'running'])), fields=('kind',), name='one_run_of_a_proof_waits'),
        ),
        migrations.AddConstraint(
            model_name='secondreading',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('found', models.Func(models.F('differences'), function='jsonb_array_length')), ('found__lte', 100)), ('found__gt', 100), _connector='OR'), name='reading_counts_its_differences'),
        ),
        migrations.RunSQL((SQL / "0005_proof_guards.sql").read_text(), reverse_sql=migrations.RunSQL.noop),
    ]
