"""Keep the figures of each day, reference prices, and the bulletins as they were published.

Why:     what was published must be found again as it was, and candles of years must not read every trade.
Locks:   trade, against writers, for an instant, while its trigger is made; the tables are new.
Deploy:  before the code.
Reverse: drops what was published.
"""

from pathlib import Path

import django.db.models.deletion
from django.db import migrations, models

SQL = Path(__file__).resolve().parent.parent / "sql"
UNDO = "DROP FUNCTION exchange_trade_is_before_its_bulletin CASCADE"


class Migration(migrations.Migration):

    dependencies = [
        ('exchange', '0017_surveillance'),
    ]

    operations = [
        migrations.CreateModel(
            name='Bulletin',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('day', models.DateField(unique=True)),
                ('body', models.JSONField()),
                ('sha256', models.CharField(max_length=64)),
                ('published_at', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='ReferencePrice',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('credit_type', models.CharField(max_length=1)),
                ('vintage_year', models.PositiveSmallIntegerField()),
                ('day', models.DateField()),
                ('method', models.CharField(choices=[('trades', 'trades'), ('carried', 'carried'), ('none', 'none')], max_length=8)),
                ('price_fen', models.BigIntegerField(null=True)),
                ('age', models.PositiveSmallIntegerField()),
                ('quantity', models.BigIntegerField()),
                ('value_fen', models.BigIntegerField()),
                ('trades', models.PositiveIntegerField()),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('credit_type', 'vintage_year', 'day'), name='reference_price_is_one'), models.CheckConstraint(condition=models.Q(models.Q(('method', 'none'), ('price_fen', None)), models.Q(('age', 0), ('method', 'trades'), ('price_fen__isnull', False), ('quantity__gt', 0)), models.Q(('age__gt', 0), ('method', 'carried'), ('price_fen__isnull', False)), _connector='OR'), name='reference_price_is_of_its_method')],
            },
        ),
        migrations.CreateModel(
            name='DailyFigure',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('day', models.DateField()),
                ('mode', models.CharField(max_length=20)),
                ('base_price_fen', models.BigIntegerField()),
                ('lower_fen', models.BigIntegerField(null=True)),
                ('upper_fen', models.BigIntegerField(null=True)),
                ('open_fen', models.BigIntegerField(null=True)),
                ('high_fen', models.BigIntegerField(null=True)),
                ('low_fen', models.BigIntegerField(null=True)),
                ('close_fen', models.BigIntegerField(null=True)),
                ('vwap_fen', models.BigIntegerField(null=True)),
                ('trades', models.PositiveIntegerField()),
                ('quantity', models.BigIntegerField()),
                ('value_fen', models.BigIntegerField()),
                ('block_quantity', models.BigIntegerField()),
                ('block_value_fen', models.BigIntegerField()),
                ('auction_quantity', models.BigIntegerField()),
                ('auction_value_fen', models.BigIntegerField()),
                ('instrument', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='exchange.instrument')),
            ],
            options={
                'indexes': [models.Index(fields=['day'], name='daily_figure_of_day')],
                'constraints': [models.UniqueConstraint(fields=('instrument', 'day'), name='daily_figure_is_one'), models.CheckConstraint(condition=models.Q(models.Q(('close_fen', None), ('open_fen', None), ('quantity', 0), ('trades', 0), ('value_fen', 0), ('vwap_fen', None)), models.Q(('close_fen__isnull', False), ('open_fen__isnull', False), ('quantity__gt', 0), ('trades__gt', 0)), _connector='OR'), name='daily_figure_has_prices_of_its_trades')],
            },
        ),
        migrations.RunSQL((SQL / "0018_bulletins.sql").read_text(), reverse_sql=UNDO),
    ]
