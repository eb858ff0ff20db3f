"""Count what each organisation has asked to buy of an instrument, and what of it is done: for holder cap and position limit.

Why:     both limits count open purchases, which no index on orders may find (a match changes those columns).
Locks:   order, event and trade, against everyone, for an instant and while two indexes of trades are built.
Deploy:  before the code, with the queues matched to their ends and orders stopped: older code does not count.
Reverse: drops the counts.
"""

from pathlib import Path

import django.db.models.deletion
from django.db import migrations, models


SQL = Path(__file__).resolve().parent.parent / "sql"
UNDO = "DROP FUNCTION exchange_purchases_within_limits, exchange_rule_number CASCADE"


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0002_api_clients'),
        ('exchange', '0008_trades_are_settled'),
        ('settlement', '0016_acts'),
    ]

    operations = [
        migrations.CreateModel(
            name='PurchasesAsked',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('units', models.BigIntegerField()),
                ('day', models.DateField()),
            ],
        ),
        migrations.CreateModel(
            name='PurchasesDone',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('units', models.BigIntegerField()),
            ],
        ),
        migrations.AddField(
            model_name='order',
            name='retires',
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name='orderevent',
            name='adds',
            field=models.BigIntegerField(default=0),
        ),
        migrations.AlterField(
            model_name='trade',
            name='buyer',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.organisation'),
        ),
        migrations.AlterField(
            model_name='trade',
            name='seller',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.organisation'),
        ),
        migrations.AddIndex(
            model_name='trade',
            index=models.Index(fields=['buyer', 'business_date'], name='trade_of_buyer'),
        ),
        migrations.AddIndex(
            model_name='trade',
            index=models.Index(fields=['seller', 'business_date'], name='trade_of_seller'),
        ),
        migrations.AddField(
            model_name='purchasesasked',
            name='instrument',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='exchange.instrument'),
        ),
        migrations.AddField(
            model_name='purchasesasked',
            name='organisation',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.organisation'),
        ),
        migrations.AddField(
            model_name='purchasesdone',
            name='instrument',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='exchange.instrument'),
        ),
        migrations.AddField(
            model_name='purchasesdone',
            name='organisation',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.organisation'),
        ),
        migrations.AddConstraint(
            model_name='purchasesasked',
            constraint=models.UniqueConstraint(fields=('instrument', 'organisation'), name='purchases_asked_are_one'),
        ),
        migrations.AddConstraint(
            model_name='purchasesdone',
            constraint=models.UniqueConstraint(fields=('instrument', 'organisation'), name='purchases_done_are_one'),
        ),
        migrations.RunSQL((SQL / "0009_purchases.sql").read_text(), reverse_sql=UNDO),
    ]
