"""Statements of the bank, their lines, and what explains each.

Why:     what the bank says moved must be what the ledger says moved, to the fen (I18).
Locks:   none on existing tables but accounts, for a foreign key.
Deploy:  before the code.
Reverse: drops the tables.
"""

from pathlib import Path

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

SQL = Path(__file__).resolve().parent.parent / "sql"
UNDO = """
DROP FUNCTION settlement_statement_adds_up, settlement_line_comes_with_its_statement,
    settlement_line_is_explained_to_the_fen CASCADE;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('settlement', '0008_log'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='StatementLine',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField()),
                ('bank_serial', models.CharField(max_length=64, unique=True)),
                ('fen', models.BigIntegerField()),
                ('booked_on', models.DateField()),
                ('name', models.CharField(blank=True, max_length=200)),
                ('account', models.CharField(blank=True, max_length=34)),
                ('reference', models.CharField(blank=True, max_length=140)),
                ('end_to_end', models.CharField(blank=True, max_length=35)),
            ],
        ),
        migrations.CreateModel(
            name='BankStatement',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('account', models.CharField(max_length=34)),
                ('statement_id', models.CharField(max_length=80)),
                ('sequence', models.BigIntegerField(null=True)),
                ('source', models.CharField(choices=[('camt053', 'camt053'), ('export', 'export')], max_length=8)),
                ('digest', models.CharField(max_length=64, unique=True)),
                ('business_date', models.DateField()),
                ('opening_fen', models.BigIntegerField()),
                ('closing_fen', models.BigIntegerField()),
                ('lines', models.PositiveIntegerField()),
                ('at', models.DateTimeField()),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('taken_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='LineExplained',
            fields=[
                ('line', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='explained', serialize=False, to='settlement.statementline')),
                ('at', models.DateTimeField()),
            ],
        ),
        migrations.AddField(
            model_name='statementline',
            name='statement',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='rows', to='settlement.bankstatement'),
        ),
        migrations.AddConstraint(
            model_name='bankstatement',
            constraint=models.UniqueConstraint(fields=('account', 'statement_id'), name='statement_is_taken_once'),
        ),
        migrations.AddField(
            model_name='lineexplained',
            name='notice',
            field=models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='settlement.banknotice'),
        ),
        migrations.AddField(
            model_name='lineexplained',
            name='withdrawal',
            field=models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='settlement.withdrawal'),
        ),
        migrations.AddConstraint(
            model_name='statementline',
            constraint=models.CheckConstraint(condition=models.Q(('fen', 0), _negated=True), name='statement_line_moves_something'),
        ),
        migrations.AddConstraint(
            model_name='statementline',
            constraint=models.UniqueConstraint(fields=('statement', 'number'), name='statement_line_number_is_one'),
        ),
        migrations.AddConstraint(
            model_name='lineexplained',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('notice__isnull', True), ('withdrawal__isnull', False)), models.Q(('notice__isnull', False), ('withdrawal__isnull', True)), _connector='OR'), name='line_is_explained_by_one_thing'),
        ),
        migrations.RunSQL((SQL / "0009_statements.sql").read_text(), reverse_sql=UNDO),
    ]
