"""Give the trading day its phases, the call auction its events, and a halt its own end.

Why:     continuous trading opens with a call; a day is told apart by its phases; a halt may end by itself.
Locks:   order event, trade, halt, day, match state: against everyone for an instant, and while rows are checked.
Deploy:  before the code; older code writes rows that the new checks allow.
Reverse: refused by the database while there are events of a call; else puts the former checks back.
"""

from pathlib import Path

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


SQL = Path(__file__).resolve().parent.parent / "sql"
BEFORE = """
UPDATE exchange_instrumentday SET phase = CASE WHEN closed_at IS NULL THEN 'session' ELSE 'closed' END;
UPDATE exchange_halt SET ended_at = until, until = NULL WHERE lifted_by_id IS NOT NULL;
SET CONSTRAINTS ALL IMMEDIATE;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0002_api_clients'),
        ('exchange', '0006_trades_by_day'),
        ('settlement', '0015_checks_by_entry'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='halt',
            name='ended_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='instrumentday',
            name='phase',
            field=models.CharField(choices=[('closed', 'closed'), ('pre_open', 'pre_open'), ('call', 'call'), ('call_firm', 'call_firm'), ('pause', 'pause'), ('session', 'session'), ('break', 'break')], default='pre_open', max_length=10),
        ),
        migrations.AddField(
            model_name='matchstate',
            name='in_call',
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name='trade',
            name='at_call',
            field=models.BooleanField(default=False),
        ),
        migrations.AlterField(
            model_name='orderevent',
            name='kind',
            field=models.CharField(choices=[('order', 'order'), ('amend', 'amend'), ('cancel', 'cancel'), ('confirm', 'confirm'), ('expire', 'expire'), ('call', 'call'), ('uncross', 'uncross')], max_length=8),
        ),
        migrations.AlterField(
            model_name='orderevent',
            name='order',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='events', to='exchange.order'),
        ),
        migrations.RunSQL(BEFORE, reverse_sql="UPDATE exchange_halt SET until = ended_at WHERE ended_at IS NOT NULL"),
        migrations.AddConstraint(
            model_name='halt',
            constraint=models.CheckConstraint(condition=models.Q(('instrument__isnull', True), ('organisation__isnull', True), _connector='OR'), name='halt_is_of_one'),
        ),
        migrations.AddConstraint(
            model_name='halt',
            constraint=models.CheckConstraint(condition=models.Q(('until__isnull', True), ('until__gt', models.F('since')), _connector='OR'), name='halt_lasts'),
        ),
        migrations.AddConstraint(
            model_name='halt',
            constraint=models.CheckConstraint(condition=models.Q(('lifted_by__isnull', True), ('ended_at__isnull', False), _connector='OR'), name='lifted_halt_has_ended'),
        ),
        migrations.AddConstraint(
            model_name='orderevent',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('kind__in', ('order', 'amend', 'cancel', 'confirm', 'expire')), ('order__isnull', False)), models.Q(('kind__in', ('call', 'uncross')), ('order__isnull', True)), _connector='OR'), name='event_is_of_an_order_or_a_call'),
        ),
        migrations.AddConstraint(
            model_name='trade',
            constraint=models.CheckConstraint(condition=models.Q(('at_call', False), ('mode', 'continuous'), _connector='OR'), name='call_is_of_continuous_trading'),
        ),
        migrations.RunSQL(
            (SQL / "0007_trading_day.sql").read_text(),
            reverse_sql=(SQL / "0007_trading_day_undo.sql").read_text(),
        ),
    ]
