"""Keep what surveillance looked at and found, its cases with their measures, and the register of who is barred.

Why:     abnormal trading has to be found, looked into, and ended, by two persons where somebody is restricted.
Locks:   order, against everyone, for an instant, while its trigger is made; the tables are new.
Deploy:  before the code.
Reverse: refused where something was found or somebody was barred; else drops the tables.
"""

from pathlib import Path

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models



SQL = Path(__file__).resolve().parent.parent / "sql"
UNDO = """
DO $$ BEGIN
    IF EXISTS (SELECT FROM exchange_surveillancealert) OR EXISTS (SELECT FROM exchange_barredparty) THEN
        RAISE 'alerts and bars are kept';
    END IF;
END $$;
DROP FUNCTION exchange_case_goes_its_way, exchange_measure_goes_its_way, exchange_bar_goes_its_way, exchange_order_is_of_nobody_barred CASCADE;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0002_api_clients'),
        ('exchange', '0016_admissions'),
        ('settlement', '0016_acts'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='SurveillanceCase',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.CharField(max_length=24, unique=True)),
                ('title', models.CharField(max_length=200)),
                ('state', models.CharField(choices=[('open', 'Open'), ('explained', 'Explained'), ('measures', 'Measures'), ('closed', 'Closed')], default='open', max_length=10)),
                ('opened_at', models.DateTimeField()),
                ('outcome', models.CharField(blank=True, choices=[('dismissed', 'Dismissed'), ('concluded', 'Concluded')], max_length=10)),
                ('closing', models.CharField(blank=True, max_length=1000)),
                ('closed_at', models.DateTimeField(null=True)),
                ('closed_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('opened_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='SurveillanceAlert',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('day', models.DateField()),
                ('pattern', models.CharField(choices=[('before_disclosure', 'before_disclosure'), ('reverse_trades', 'reverse_trades'), ('far_orders', 'far_orders'), ('place_and_cancel', 'place_and_cancel'), ('buy_high_sell_low', 'buy_high_sell_low'), ('volume_share', 'volume_share'), ('closing_price', 'closing_price'), ('self_trades', 'self_trades')], max_length=20)),
                ('groups', models.CharField(max_length=140)),
                ('organisations', models.JSONField()),
                ('figures', models.JSONField()),
                ('evidence', models.JSONField()),
                ('since', models.DateTimeField()),
                ('until', models.DateTimeField()),
                ('edition', models.BigIntegerField()),
                ('at', models.DateTimeField()),
                ('dismissal', models.CharField(blank=True, max_length=500)),
                ('dismissed_at', models.DateTimeField(null=True)),
                ('dismissed_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('instrument', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='exchange.instrument')),
                ('case', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='alerts', to='exchange.surveillancecase')),
            ],
        ),
        migrations.CreateModel(
            name='CaseMeasure',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('oral_warning', 'Oral Warning'), ('written_warning', 'Written Warning'), ('explanation', 'Explanation'), ('restriction', 'Restriction'), ('report', 'Report')], max_length=16)),
                ('text', models.CharField(max_length=1000)),
                ('addressee', models.CharField(blank=True, max_length=200)),
                ('until', models.DateTimeField(null=True)),
                ('due_on', models.DateField(null=True)),
                ('state', models.CharField(choices=[('proposed', 'Proposed'), ('in_force', 'In Force'), ('refused', 'Refused')], max_length=10)),
                ('digest', models.CharField(max_length=64)),
                ('at', models.DateTimeField()),
                ('decided_at', models.DateTimeField(null=True)),
                ('answer', models.CharField(blank=True, max_length=2000)),
                ('answered_at', models.DateTimeField(null=True)),
                ('answered_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('checker', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('halt', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='exchange.halt')),
                ('maker', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('organisation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.organisation')),
                ('case', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='measures', to='exchange.surveillancecase')),
            ],
        ),
        migrations.CreateModel(
            name='WatchedDay',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('day', models.DateField()),
                ('last_sequence', models.BigIntegerField()),
                ('book', models.JSONField()),
                ('edition', models.BigIntegerField()),
                ('at', models.DateTimeField()),
                ('instrument', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='exchange.instrument')),
            ],
        ),
        migrations.CreateModel(
            name='BarredParty',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('organisation', 'Organisation'), ('person', 'Person')], max_length=12)),
                ('name', models.CharField(max_length=200)),
                ('identity', models.CharField(max_length=40)),
                ('since', models.DateField()),
                ('until', models.DateField()),
                ('basis', models.CharField(max_length=300)),
                ('authority', models.CharField(max_length=200)),
                ('document_number', models.CharField(max_length=100)),
                ('digest', models.CharField(max_length=64)),
                ('state', models.CharField(choices=[('proposed', 'Proposed'), ('approved', 'Approved'), ('refused', 'Refused')], default='proposed', max_length=12)),
                ('at', models.DateTimeField()),
                ('decided_at', models.DateTimeField(null=True)),
                ('ended_on', models.DateField(null=True)),
                ('end_reason', models.CharField(blank=True, max_length=300)),
                ('checker', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('ended_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('evidence', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='settlement.evidence')),
                ('maker', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('checker', None), models.Q(('maker', models.F('checker')), _negated=True), ('state', 'refused'), _connector='OR'), name='bar_has_two_persons'), models.CheckConstraint(condition=models.Q(models.Q(('checker', None), ('decided_at', None), ('ended_on', None), ('state', 'proposed')), models.Q(('checker__isnull', False), ('decided_at__isnull', False), ('state', 'approved')), models.Q(('checker__isnull', False), ('decided_at__isnull', False), ('ended_on', None), ('state', 'refused')), _connector='OR'), name='bar_state_has_its_fields'), models.CheckConstraint(condition=models.Q(('until__gte', models.F('since'))), name='bar_lasts_a_day'), models.CheckConstraint(condition=models.Q(models.Q(('end_reason', ''), ('ended_by', None), ('ended_on', None)), models.Q(('ended_by__isnull', False), ('ended_on__isnull', False), models.Q(('end_reason', ''), _negated=True)), _connector='OR'), name='bar_is_ended_with_a_reason'), models.CheckConstraint(condition=models.Q(('kind', 'person'), ('user', None), _connector='OR'), name='bar_of_a_user_is_of_a_person'), models.UniqueConstraint(condition=models.Q(('state', 'proposed')), fields=('kind', 'identity'), name='bar_is_proposed_once')],
            },
        ),
        migrations.AddConstraint(
            model_name='surveillancecase',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('closed_at__isnull', False), ('closed_by__isnull', False), ('state', 'closed'), models.Q(('outcome', ''), _negated=True), models.Q(('closing', ''), _negated=True)), models.Q(models.Q(('state', 'closed'), _negated=True), ('closed_at', None), ('closed_by', None), ('closing', ''), ('outcome', '')), _connector='OR'), name='case_ends_with_its_reason'),
        ),
        migrations.AddIndex(
            model_name='surveillancealert',
            index=models.Index(fields=['-day', '-id'], name='surveillance_alert_newest'),
        ),
        migrations.AddConstraint(
            model_name='surveillancealert',
            constraint=models.UniqueConstraint(fields=('instrument', 'day', 'pattern', 'groups'), name='surveillance_alert_is_one_a_day'),
        ),
        migrations.AddConstraint(
            model_name='surveillancealert',
            constraint=models.CheckConstraint(condition=models.Q(('until__gte', models.F('since'))), name='surveillance_alert_has_a_window'),
        ),
        migrations.AddConstraint(
            model_name='surveillancealert',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('dismissal', ''), ('dismissed_at', None), ('dismissed_by', None)), models.Q(('case', None), ('dismissed_at__isnull', False), ('dismissed_by__isnull', False), models.Q(('dismissal', ''), _negated=True)), _connector='OR'), name='surveillance_alert_is_dismissed_with_a_reason'),
        ),
        migrations.AddConstraint(
            model_name='casemeasure',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(models.Q(('kind', 'restriction'), _negated=True), ('checker', None), ('decided_at', None), ('halt', None), ('state', 'in_force')), models.Q(('checker', None), ('decided_at', None), ('halt', None), ('kind', 'restriction'), ('state', 'proposed')), models.Q(('checker__isnull', False), ('decided_at__isnull', False), ('halt', None), ('kind', 'restriction'), ('state', 'refused')), models.Q(('checker__isnull', False), ('decided_at__isnull', False), ('halt__isnull', False), ('kind', 'restriction'), ('state', 'in_force')), _connector='OR'), name='restriction_is_decided'),
        ),
        migrations.AddConstraint(
            model_name='casemeasure',
            constraint=models.CheckConstraint(condition=models.Q(('checker', None), models.Q(('checker', models.F('maker')), _negated=True), ('state', 'refused'), _connector='OR'), name='restriction_has_two_persons'),
        ),
        migrations.AddConstraint(
            model_name='casemeasure',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('answer', ''), ('answered_at', None), ('answered_by', None)), models.Q(('answered_at__isnull', False), ('answered_by__isnull', False), ('kind', 'explanation'), models.Q(('answer', ''), _negated=True)), _connector='OR'), name='explanation_answer_is_whole'),
        ),
        migrations.AddConstraint(
            model_name='casemeasure',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('kind', 'report'), models.Q(('addressee', ''), _negated=True)), models.Q(models.Q(('kind', 'report'), _negated=True), ('addressee', '')), _connector='OR'), name='report_has_an_addressee'),
        ),
        migrations.AddConstraint(
            model_name='casemeasure',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('until', None), ('kind', 'restriction'), _connector='OR'), models.Q(('due_on', None), ('kind', 'explanation'), _connector='OR')), name='measure_has_the_dates_of_its_kind'),
        ),
        migrations.AddConstraint(
            model_name='watchedday',
            constraint=models.UniqueConstraint(fields=('instrument', 'day'), name='day_is_watched_once'),
        ),
        migrations.RunSQL((SQL / "0017_surveillance.sql").read_text(), reverse_sql=UNDO),
    ]
