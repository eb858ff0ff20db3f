"""The transparency log: leaves laid by triggers, their places, the tree's nodes, signed heads and keys.

Why:     an outsider can prove that nothing of the ledger was changed, dropped or added behind its back.
Locks:   leg and serial move, against writers, while a trigger each is added; the tables are new. Entries that are there
         already get their leaves in one statement: some 30 µs each.
Deploy:  before the code that seals; until then leaves wait in the queue.
Reverse: drops the tables, and the checks lay no leaf any more.
"""

from pathlib import Path

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

SQL = Path(__file__).resolve().parent.parent / "sql"
GUARDS = (SQL / "0002_ledger_guards.sql").read_text()


def before(name: str) -> str:
    """Return a function as 0002 made it."""
    begins = GUARDS.index(f"CREATE FUNCTION {name}()")
    return GUARDS[begins : GUARDS.index("END $$;", begins) + 7].replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")


UNDO = f"""
{before("settlement_entry_is_whole")}
{before("settlement_batch_is_whole")}
DROP FUNCTION settlement_comes_before_the_leaf, settlement_log_has_no_gaps, settlement_queued_leaf_is_sealed,
    settlement_log_heads_only_grow CASCADE;
DROP FUNCTION settlement_log_entries, settlement_log_decision, settlement_entry_texts;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('settlement', '0007_entry_keys'),
    ]

    operations = [
        migrations.CreateModel(
            name='LogKey',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('verifier_key', models.CharField(max_length=300, unique=True)),
                ('at', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='LogLeaf',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('subject', models.CharField(max_length=80, unique=True)),
                ('salt', models.UUIDField()),
                ('text', models.TextField()),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('entry', models.OneToOneField(db_constraint=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='settlement.entry')),
            ],
        ),
        migrations.CreateModel(
            name='LogHead',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('size', models.BigIntegerField()),
                ('root', models.BinaryField()),
                ('note', models.TextField()),
                ('at', models.DateTimeField()),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('size__gte', 0)), name='log_head_size_not_below_zero')],
            },
        ),
        migrations.CreateModel(
            name='LogQueue',
            fields=[
                ('leaf', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='+', serialize=False, to='settlement.logleaf')),
            ],
        ),
        migrations.CreateModel(
            name='LogNode',
            fields=[
                ('pk', models.CompositePrimaryKey('level', 'index', blank=True, editable=False, primary_key=True, serialize=False)),
                ('level', models.SmallIntegerField()),
                ('index', models.BigIntegerField()),
                ('hash', models.BinaryField()),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('index__gte', 0), ('level__gte', 1)), name='log_node_has_a_place')],
            },
        ),
        migrations.CreateModel(
            name='LogPosition',
            fields=[
                ('position', models.BigIntegerField(primary_key=True, serialize=False)),
                ('hash', models.BinaryField()),
                ('leaf', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='settlement.logleaf')),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('position__gte', 0)), name='log_position_not_below_zero')],
            },
        ),
        migrations.RunSQL((SQL / "0008_log.sql").read_text(), reverse_sql=UNDO),
    ]
