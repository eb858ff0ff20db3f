"""The tables of projects, land, monitoring, issuance and retirement.

Why:     the registry's first tables.
Locks:   none on existing tables but accounts and settlement, for the foreign keys.
Deploy:  first installation.
Reverse: drops the tables.
"""

import django.contrib.postgres.constraints
import django.contrib.postgres.fields.ranges
import django.db.models.deletion
import django.db.models.functions.datetime
import registry.models.monitoring
import registry.rules.states
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('accounts', '0002_api_clients'),
        ('settlement', '0003_currency'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='CalculationRecord',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('methodology', models.CharField(max_length=4)),
                ('methodology_version', models.CharField(max_length=12)),
                ('parameter_versions', models.JSONField()),
                ('files', models.JSONField()),
                ('stated', models.JSONField()),
                ('design', models.JSONField()),
                ('previous', models.JSONField(null=True)),
                ('parts', models.JSONField()),
                ('provisional', models.JSONField()),
                ('credits', models.BigIntegerField()),
                ('net_tco2e', models.FloatField()),
                ('stock_part_tco2e', models.FloatField(null=True)),
                ('uncertainty', models.FloatField(null=True)),
                ('code_version', models.CharField(max_length=64)),
                ('sha256', models.CharField(max_length=64)),
                ('at', models.DateTimeField()),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(condition=models.Q(('credits__gte', 0)), name='calculated_credits_not_negative'),
                ],
            },
        ),
        migrations.CreateModel(
            name='Document',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(max_length=24)),
                ('name', models.CharField(max_length=160)),
                ('content_type', models.CharField(max_length=100)),
                ('size', models.BigIntegerField()),
                ('sha256', models.CharField(db_index=True, max_length=64)),
                ('is_public', models.BooleanField(default=False)),
                ('at', models.DateTimeField()),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('uploaded_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(condition=models.Q(('size__gt', 0)), name='document_is_not_empty'),
                ],
            },
        ),
        migrations.CreateModel(
            name='MonitoringPeriod',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('first', models.DateField()),
                ('last', models.DateField()),
                ('stated', models.JSONField(default=dict)),
                ('state', models.CharField(choices=[('draft', 'draft'), ('calculated', 'calculated'), ('submitted', 'submitted'), ('notice_and_verification', 'notice_and_verification'), ('issuance_review', 'issuance_review'), ('issued', 'issued'), ('returned', 'returned'), ('rejected', 'rejected')], default=registry.rules.states.PeriodState['DRAFT'], max_length=24)),
                ('round', models.SmallIntegerField(default=0)),
                ('due_on', models.DateField(null=True)),
                ('due_provisional', models.BooleanField(default=False)),
                ('notice_from', models.DateField(null=True)),
                ('notice_until', models.DateField(null=True)),
                ('created_at', models.DateTimeField()),
                ('version', models.IntegerField(default=1)),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('created_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('record', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='registry.calculationrecord')),
                ('validator', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.organisation')),
                ('verifier', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.organisation')),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(condition=models.Q(('last__gte', models.F('first'))), name='period_has_days'),
                    models.CheckConstraint(condition=models.Q(('verifier__isnull', True), models.Q(('verifier', models.F('validator')), _negated=True), _connector='OR'), name='verifier_is_not_the_validator'),
                    models.CheckConstraint(condition=models.Q(('state__in', ['draft', 'returned', 'rejected']), ('record__isnull', False), _connector='OR'), name='calculated_period_has_a_record'),
                ],
            },
        ),
        migrations.AddField(
            model_name='calculationrecord',
            name='period',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='records', to='registry.monitoringperiod'),
        ),
        migrations.CreateModel(
            name='CalculationJob',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('state', models.CharField(choices=[('queued', 'queued'), ('done', 'done'), ('failed', 'failed')], max_length=8)),
                ('done', models.IntegerField(default=0)),
                ('total', models.IntegerField(default=0)),
                ('problem', models.JSONField(null=True)),
                ('at', models.DateTimeField()),
                ('finished_at', models.DateTimeField(null=True)),
                ('requested_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('period', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='jobs', to='registry.monitoringperiod')),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(condition=models.Q(('state', 'queued')), fields=('period',), name='one_calculation_of_a_period_waits'),
                ],
            },
        ),
        migrations.CreateModel(
            name='ObservationFile',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(max_length=24)),
                ('date_of', models.CharField(max_length=8)),
                ('parsed', models.JSONField()),
                ('at', models.DateTimeField()),
                ('document', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='registry.document')),
                ('period', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='files', to='registry.monitoringperiod')),
                ('uploaded_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='ParameterVersion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('set_id', models.CharField(max_length=40)),
                ('version', models.CharField(max_length=12)),
                ('number', models.IntegerField()),
                ('document', models.JSONField()),
                ('keys', models.JSONField()),
                ('basis', models.CharField(choices=[('confirmed', 'confirmed'), ('demonstration', 'demonstration')], max_length=16)),
                ('at', models.DateTimeField()),
                ('confirmed_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('evidence', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='registry.document')),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=('set_id', 'version'), name='parameter_version_is_published_once'),
                    models.UniqueConstraint(fields=('set_id', 'number'), name='parameter_versions_run_on'),
                ],
            },
        ),
        migrations.CreateModel(
            name='Parcel',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=80)),
                ('division_code', models.CharField(max_length=6)),
                ('land_category', models.CharField(max_length=24)),
                ('tenure', models.CharField(max_length=24)),
                ('tenure_number', models.CharField(max_length=60)),
                ('geometry', models.JSONField()),
                ('area_ha', models.DecimalField(decimal_places=6, max_digits=14)),
                ('west', models.FloatField()),
                ('south', models.FloatField()),
                ('east', models.FloatField()),
                ('north', models.FloatField()),
                ('is_outside_banner', models.BooleanField(default=False)),
                ('is_live', models.BooleanField(default=False)),
                ('is_removed', models.BooleanField(default=False)),
                ('at', models.DateTimeField()),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('document', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='registry.document')),
                ('entered_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(condition=models.Q(('area_ha__gt', 0)), name='parcel_has_area'),
                    models.CheckConstraint(condition=models.Q(('south__lt', models.F('north')), ('west__lt', models.F('east'))), name='parcel_box_is_a_box'),
                    models.CheckConstraint(condition=models.Q(('is_live', True), ('is_removed', True), _negated=True), name='removed_parcel_is_not_live'),
                ],
            },
        ),
        migrations.CreateModel(
            name='LandComparison',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('shared_ha', models.DecimalField(decimal_places=6, max_digits=14)),
                ('tolerance_ha', models.DecimalField(decimal_places=6, max_digits=10)),
                ('at', models.DateTimeField()),
                ('first', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='registry.parcel')),
                ('second', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='registry.parcel')),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=('first', 'second'), name='parcels_are_compared_once'),
                    models.CheckConstraint(condition=models.Q(('first__lt', models.F('second'))), name='comparison_has_one_order'),
                    models.CheckConstraint(condition=models.Q(('shared_ha__gte', 0), ('shared_ha__lte', models.F('tolerance_ha'))), name='live_land_is_not_shared'),
                ],
            },
        ),
        migrations.CreateModel(
            name='BorderDecision',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reason', models.TextField()),
                ('at', models.DateTimeField()),
                ('decided_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('parcel', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='border_decision', to='registry.parcel')),
            ],
        ),
        migrations.CreateModel(
            name='Project',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('serial', models.CharField(max_length=6, unique=True)),
                ('code', models.CharField(max_length=24, unique=True)),
                ('scheme', models.CharField(default='nm_regional', max_length=24)),
                ('name', models.CharField(max_length=120)),
                ('methodology', models.CharField(choices=[('F1', 'F1'), ('G1', 'G1'), ('W1', 'W1')], max_length=4)),
                ('methodology_version', models.CharField(default='1.0.0', max_length=12)),
                ('design', models.JSONField(default=dict)),
                ('division_code', models.CharField(max_length=6)),
                ('summary', models.TextField(blank=True)),
                ('crediting_first', models.DateField(null=True)),
                ('crediting_last', models.DateField(null=True)),
                ('state', models.CharField(choices=[('draft', 'draft'), ('submitted', 'submitted'), ('accepted', 'accepted'), ('notice_and_validation', 'notice_and_validation'), ('registration_review', 'registration_review'), ('registered', 'registered'), ('returned', 'returned'), ('rejected', 'rejected'), ('withdrawn', 'withdrawn'), ('lapsed', 'lapsed'), ('suspended', 'suspended'), ('completed', 'completed'), ('deregistered', 'deregistered')], default=registry.rules.states.ProjectState['DRAFT'], max_length=24)),
                ('level', models.SmallIntegerField(default=0)),
                ('round', models.SmallIntegerField(default=0)),
                ('due_on', models.DateField(null=True)),
                ('due_provisional', models.BooleanField(default=False)),
                ('notice_from', models.DateField(null=True)),
                ('notice_until', models.DateField(null=True)),
                ('registered_at', models.DateTimeField(null=True)),
                ('created_at', models.DateTimeField()),
                ('version', models.IntegerField(default=1)),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('created_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('decided_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('owner', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.organisation')),
                ('proposed_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('recorded_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('validator', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.organisation')),
            ],
            options={
                "indexes": [
                    models.Index(fields=['state', 'due_on'], name='registry_pr_state_3d4d1a_idx'),
                    models.Index(fields=['owner', '-id'], name='registry_pr_owner_i_da5efe_idx'),
                ],
                "constraints": [
                    models.CheckConstraint(condition=models.Q(('decided_by__isnull', True), models.Q(('proposed_by__isnull', False), models.Q(('decided_by', models.F('proposed_by')), _negated=True)), _connector='OR'), name='project_maker_and_checker_differ'),
                    models.CheckConstraint(condition=models.Q(models.Q(('state__in', ['registered', 'suspended', 'completed']), _negated=True), models.Q(('decided_by__isnull', False), ('recorded_by__isnull', False), ('registered_at__isnull', False)), _connector='OR'), name='registered_project_was_decided_and_recorded'),
                    models.CheckConstraint(condition=models.Q(('crediting_last__isnull', True), ('crediting_last__gt', models.F('crediting_first')), _connector='OR'), name='crediting_period_has_days'),
                    models.CheckConstraint(condition=models.Q(models.Q(('state__in', [registry.rules.states.ProjectState['ACCEPTED'], registry.rules.states.ProjectState['COMPLETED'], registry.rules.states.ProjectState['NOTICE'], registry.rules.states.ProjectState['REGISTERED'], registry.rules.states.ProjectState['REVIEW'], registry.rules.states.ProjectState['SUSPENDED']]), _negated=True), models.Q(('crediting_first__isnull', False), ('validator__isnull', False)), _connector='OR'), name='accepted_project_has_validator_and_crediting_period'),
                    models.UniqueConstraint(fields=('id', 'validator'), name='project_and_its_validator'),
                ],
            },
        ),
        migrations.AddField(
            model_name='parcel',
            name='project',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='parcels', to='registry.project'),
        ),
        migrations.AddField(
            model_name='monitoringperiod',
            name='project',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='periods', to='registry.project'),
        ),
        migrations.CreateModel(
            name='Issuance',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('verified_tonnes', models.BigIntegerField()),
                ('buffer_tonnes', models.BigIntegerField()),
                ('buffer_percent', models.SmallIntegerField()),
                ('vintages', models.JSONField()),
                ('digest', models.CharField(max_length=64)),
                ('state', models.CharField(choices=[('proposed', 'proposed'), ('issued', 'issued')], max_length=8)),
                ('proposed_at', models.DateTimeField()),
                ('issued_at', models.DateTimeField(null=True)),
                ('entered_at', models.DateTimeField(null=True)),
                ('checker', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('maker', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('recorder', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('period', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='issuance', to='registry.monitoringperiod')),
                ('project', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='issuances', to='registry.project')),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(condition=models.Q(('buffer_tonnes__gte', 0), ('buffer_tonnes__lte', models.F('verified_tonnes')), ('verified_tonnes__gt', 0)), name='issuance_amounts_fit'),
                    models.CheckConstraint(condition=models.Q(('checker__isnull', True), models.Q(('checker', models.F('maker')), _negated=True), _connector='OR'), name='issuance_maker_and_checker_differ'),
                    models.CheckConstraint(condition=models.Q(models.Q(('issued_at__isnull', True), ('state', 'proposed')), models.Q(('checker__isnull', False), ('issued_at__isnull', False), ('state', 'issued')), _connector='OR'), name='issued_by_a_checker'),
                ],
            },
        ),
        migrations.AddField(
            model_name='document',
            name='project',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='documents', to='registry.project'),
        ),
        migrations.CreateModel(
            name='Contribution',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField()),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('project', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='contributions', to='registry.project')),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=('project', 'user'), name='contribution_is_noted_once'),
                ],
            },
        ),
        migrations.CreateModel(
            name='PublicComment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('author', models.CharField(max_length=60)),
                ('text', models.TextField()),
                ('at', models.DateTimeField()),
                ('answer', models.TextField(blank=True)),
                ('answered_at', models.DateTimeField(null=True)),
                ('answered_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('period', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='comments', to='registry.monitoringperiod')),
                ('project', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='comments', to='registry.project')),
            ],
        ),
        migrations.CreateModel(
            name='Retirement',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.CharField(max_length=32, unique=True)),
                ('key', models.CharField(max_length=120, unique=True)),
                ('tonnes', models.BigIntegerField()),
                ('beneficiary', models.CharField(max_length=120)),
                ('beneficiary_is_person', models.BooleanField(default=False)),
                ('purpose', models.CharField(max_length=24)),
                ('period_first', models.DateField(null=True)),
                ('period_last', models.DateField(null=True)),
                ('note', models.CharField(blank=True, max_length=200)),
                ('state', models.CharField(choices=[('requested', 'requested'), ('retired', 'retired'), ('cancelled', 'cancelled')], max_length=9)),
                ('needs_second', models.BooleanField()),
                ('requested_at', models.DateTimeField()),
                ('retired_at', models.DateTimeField(null=True)),
                ('serials', models.JSONField(default=list)),
                ('entry_id', models.BigIntegerField(null=True)),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('asset', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='settlement.asset')),
                ('certificate', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='registry.document')),
                ('confirmed_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('organisation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.organisation')),
                ('requested_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(condition=models.Q(('tonnes__gt', 0)), name='retired_tonnes_positive'),
                    models.CheckConstraint(condition=models.Q(models.Q(('state', 'retired'), _negated=True), models.Q(('entry_id__isnull', False), ('retired_at__isnull', False)), _connector='OR'), name='retired_units_have_an_entry'),
                    models.CheckConstraint(condition=models.Q(models.Q(('state', 'retired'), _negated=True), ('needs_second', False), models.Q(('confirmed_by__isnull', False), models.Q(('confirmed_by', models.F('requested_by')), _negated=True)), _connector='OR'), name='large_retirement_has_two_persons'),
                ],
            },
        ),
        migrations.CreateModel(
            name='ReviewStep',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('round', models.SmallIntegerField()),
                ('level', models.SmallIntegerField()),
                ('verb', models.CharField(max_length=12)),
                ('role', models.CharField(max_length=24)),
                ('opinion', models.TextField(blank=True)),
                ('checklist', models.JSONField(default=list)),
                ('at', models.DateTimeField()),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('organisation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.organisation')),
                ('period', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='steps', to='registry.monitoringperiod')),
                ('project', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='steps', to='registry.project')),
                ('reviewer', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(condition=models.Q(models.Q(('verb__in', ['return', 'reject']), _negated=True), models.Q(('opinion', ''), _negated=True), _connector='OR'), name='refusal_has_an_opinion'),
                ],
            },
        ),
        migrations.CreateModel(
            name='Validation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('round', models.SmallIntegerField()),
                ('opinion', models.TextField()),
                ('signed_at', models.DateTimeField()),
                ('document', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='registry.document')),
                ('organisation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.organisation')),
                ('project', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='validations', to='registry.project')),
                ('signed_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=('project', 'round'), name='validation_is_signed_once'),
                ],
            },
        ),
        migrations.CreateModel(
            name='Verification',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('verified_tonnes', models.BigIntegerField()),
                ('opinion', models.TextField()),
                ('signed_at', models.DateTimeField()),
                ('document', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='registry.document')),
                ('organisation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.organisation')),
                ('period', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='verification', to='registry.monitoringperiod')),
                ('record', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='registry.calculationrecord')),
                ('signed_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(condition=models.Q(('verified_tonnes__gte', 0)), name='verified_tonnes_not_negative'),
                    models.UniqueConstraint(fields=('period', 'verified_tonnes'), name='period_and_its_verified_tonnes'),
                ],
            },
        ),
        migrations.CreateModel(
            name='VerificationRun',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('cause', models.CharField(choices=[('submission', 'submission'), ('issuance', 'issuance'), ('nightly', 'nightly')], max_length=12)),
                ('state', models.CharField(choices=[('queued', 'queued'), ('done', 'done')], max_length=8)),
                ('has_failed', models.BooleanField(default=False)),
                ('at', models.DateTimeField()),
                ('finished_at', models.DateTimeField(null=True)),
                ('period', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='runs', to='registry.monitoringperiod')),
            ],
        ),
        migrations.CreateModel(
            name='CheckResult',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.CharField(max_length=4)),
                ('title', models.CharField(max_length=80)),
                ('outcome', models.CharField(choices=[('passed', 'passed'), ('question', 'question'), ('failed', 'failed')], max_length=8)),
                ('evidence', models.JSONField()),
                ('run', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='results', to='registry.verificationrun')),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=('run', 'code'), name='check_answers_once_a_run'),
                ],
            },
        ),
        migrations.CreateModel(
            name='IssuedVintage',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('vintage_year', models.SmallIntegerField()),
                ('tonnes', models.BigIntegerField()),
                ('buffer_tonnes', models.BigIntegerField()),
                ('serial_text', models.CharField(max_length=90)),
                ('asset', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='settlement.asset')),
                ('issuance', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='batches', to='registry.issuance')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('issuance', 'vintage_year'), name='one_batch_a_vintage_and_issuance'), models.CheckConstraint(condition=models.Q(('buffer_tonnes__gte', 0), ('buffer_tonnes__lte', models.F('tonnes')), ('tonnes__gt', 0)), name='vintage_amounts_fit')],
            },
        ),
        migrations.CreateModel(
            name='Finding',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.SmallIntegerField()),
                ('check_code', models.CharField(blank=True, max_length=4)),
                ('text', models.TextField()),
                ('answer', models.TextField(blank=True)),
                ('opened_at', models.DateTimeField()),
                ('closed_at', models.DateTimeField(null=True)),
                ('answered_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('closed_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('period', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='findings', to='registry.monitoringperiod')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('period', 'number'), name='findings_are_numbered')],
            },
        ),
        migrations.AddConstraint(
            model_name='monitoringperiod',
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(condition=models.Q(('state', registry.rules.states.PeriodState['REJECTED']), _negated=True), expressions=[('project', '='), (registry.models.monitoring.Days('first', 'last', django.contrib.postgres.fields.ranges.RangeBoundary(inclusive_lower=True, inclusive_upper=True)), '&&')], name='periods_of_a_project_do_not_overlap'),
        ),
    ]
