"""People, organisations, memberships, roles, the work queue, the audit trail and request numbers.

Why:     every other room asks who may do what.
Locks:   none that anyone waits for: the tables are new.
Deploy:  before everything else.
Reverse: drops the tables.
"""

from pathlib import Path

import django.contrib.auth.validators
import django.core.serializers.json
import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

SQL = Path(__file__).resolve().parent.parent / 'sql'


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('auth', '0012_alter_user_first_name_max_length'),
    ]

    operations = [
        migrations.CreateModel(
            name='ApiUsage',
            fields=[
                ('pk', models.CompositePrimaryKey('actor_key', 'minute', blank=True, editable=False, primary_key=True, serialize=False)),
                ('actor_key', models.CharField(max_length=80)),
                ('minute', models.BigIntegerField()),
                ('requests', models.PositiveIntegerField()),
            ],
        ),
        migrations.CreateModel(
            name='User',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('password', models.CharField(max_length=128, verbose_name='password')),
                ('last_login', models.DateTimeField(blank=True, null=True, verbose_name='last login')),
                ('is_superuser', models.BooleanField(default=False, help_text='Designates that this user has all permissions without explicitly assigning them.', verbose_name='superuser status')),
                ('username', models.CharField(max_length=60, unique=True, validators=[django.contrib.auth.validators.UnicodeUsernameValidator()])),
                ('display_name', models.CharField(max_length=60)),
                ('email', models.EmailField(blank=True, max_length=254)),
                ('phone', models.CharField(blank=True, max_length=20)),
                ('language', models.CharField(default='zh-hans', max_length=10)),
                ('is_active', models.BooleanField(default=True)),
                ('registered_at', models.DateTimeField()),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('groups', models.ManyToManyField(blank=True, help_text='The groups this user belongs to. A user will get all permissions granted to each of their groups.', related_name='user_set', related_query_name='user', to='auth.group', verbose_name='groups')),
                ('user_permissions', models.ManyToManyField(blank=True, help_text='Specific permissions for this user.', related_name='user_set', related_query_name='user', to='auth.permission', verbose_name='user permissions')),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(condition=models.Q(('is_superuser', False)), name='user_is_no_superuser'),
                    models.CheckConstraint(condition=models.Q(('display_name', ''), _negated=True), name='user_has_a_display_name'),
                ],
            },
        ),
        migrations.CreateModel(
            name='IdempotencyRecord',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('actor_key', models.CharField(max_length=80)),
                ('key', models.CharField(max_length=120)),
                ('fingerprint', models.CharField(max_length=64)),
                ('status', models.PositiveSmallIntegerField()),
                ('body', models.TextField()),
                ('location', models.CharField(blank=True, max_length=300)),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('actor_key', 'key'), name='idempotency_key_answers_once'), models.CheckConstraint(condition=models.Q(('key', ''), _negated=True), name='idempotency_key_is_not_empty')],
            },
        ),
        migrations.CreateModel(
            name='Organisation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=120)),
                ('sort_key', models.CharField(max_length=400)),
                ('kind', models.CharField(choices=[('forestry_bureau', 'FORESTRY_BUREAU'), ('ecology_department', 'ECOLOGY_DEPARTMENT'), ('state_farm', 'STATE_FARM'), ('collective', 'COLLECTIVE'), ('cooperative', 'COOPERATIVE'), ('firm', 'FIRM'), ('verification_body', 'VERIFICATION_BODY'), ('venue', 'VENUE'), ('audit_body', 'AUDIT_BODY'), ('partner_province', 'PARTNER_PROVINCE')], max_length=30)),
                ('uscc', models.CharField(max_length=18, unique=True)),
                ('control_group', models.CharField(blank=True, max_length=60)),
                ('division_code', models.CharField(blank=True, max_length=6)),
                ('state', models.CharField(choices=[('active', 'Active'), ('frozen', 'Frozen')], default='active', max_length=10)),
                ('frozen_at', models.DateTimeField(null=True)),
                ('freeze_order', models.CharField(blank=True, max_length=120)),
                ('registered_at', models.DateTimeField()),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={
                'permissions': [('read_records', 'May read the records of this organisation')],
                'indexes': [models.Index(fields=['kind', 'sort_key'], name='organisation_by_kind')],
                'constraints': [models.CheckConstraint(condition=models.Q(('name', ''), _negated=True), name='organisation_has_a_name'), models.CheckConstraint(condition=models.Q(('uscc__regex', '^(N[0-9]{7}|[0-9]{8})[0-9A-HJ-NPQRTUWXY]{10}$')), name='organisation_uscc_is_well_formed'), models.CheckConstraint(condition=models.Q(('division_code', ''), ('division_code__regex', '^[0-9]{6}$'), _connector='OR'), name='organisation_division_has_six_digits'), models.CheckConstraint(condition=models.Q(models.Q(('kind__in', ['forestry_bureau', 'ecology_department']), _negated=True), models.Q(('division_code', ''), _negated=True), _connector='OR'), name='organisation_office_has_an_area'), models.CheckConstraint(condition=models.Q(models.Q(('freeze_order', ''), ('frozen_at', None), ('state', 'active')), models.Q(('frozen_at__isnull', False), ('state', 'frozen'), models.Q(('freeze_order', ''), _negated=True)), _connector='OR'), name='organisation_frozen_names_its_order')],
            },
        ),
        migrations.CreateModel(
            name='Membership',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('since', models.DateTimeField()),
                ('until', models.DateTimeField(null=True)),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='memberships', to=settings.AUTH_USER_MODEL)),
                ('organisation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='memberships', to='accounts.organisation')),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(condition=models.Q(('until', None)), fields=('user', 'organisation'), name='membership_is_open_once'),
                    models.CheckConstraint(condition=models.Q(('until', None), ('until__gte', models.F('since')), _connector='OR'), name='membership_ends_after_it_begins'),
                ],
            },
        ),
        migrations.CreateModel(
            name='AuditRecord',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('client_id', models.BigIntegerField(null=True)),
                ('actor_name', models.CharField(blank=True, max_length=120)),
                ('verb', models.CharField(max_length=60)),
                ('subject', models.CharField(max_length=120)),
                ('before', models.JSONField(encoder=django.core.serializers.json.DjangoJSONEncoder, null=True)),
                ('after', models.JSONField(encoder=django.core.serializers.json.DjangoJSONEncoder, null=True)),
                ('at', models.DateTimeField()),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('organisation', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.organisation')),
            ],
            options={
                "indexes": [
                    models.Index(fields=['subject', 'id'], name='audit_by_subject'),
                    models.Index(fields=['user', 'id'], name='audit_by_user'),
                ],
                "constraints": [
                    models.CheckConstraint(condition=models.Q(('verb', ''), _negated=True), name='audit_record_names_the_act'),
                    models.CheckConstraint(condition=models.Q(('subject', ''), _negated=True), name='audit_record_names_the_subject'),
                ],
            },
        ),
        migrations.CreateModel(
            name='AccessGrant',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reason', models.CharField(max_length=300)),
                ('held_from', models.DateTimeField()),
                ('held_until', models.DateTimeField()),
                ('approved_at', models.DateTimeField(null=True)),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('approved_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('granted_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='access_grants', to=settings.AUTH_USER_MODEL)),
                ('organisation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='access_grants', to='accounts.organisation')),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(condition=models.Q(('reason', ''), _negated=True), name='access_grant_has_a_reason'),
                    models.CheckConstraint(condition=models.Q(('approved_by', None), models.Q(('approved_by', models.F('granted_by')), _negated=True), _connector='OR'), name='access_grant_takes_two_persons'),
                    models.CheckConstraint(condition=models.Q(models.Q(('granted_by', models.F('user')), _negated=True), models.Q(('approved_by', None), models.Q(('approved_by', models.F('user')), _negated=True), _connector='OR')), name='access_grant_is_not_to_oneself'),
                    models.CheckConstraint(condition=models.Q(('held_until__gte', models.F('held_from'))), name='access_grant_ends_after_it_begins'),
                ],
            },
        ),
        migrations.CreateModel(
            name='RoleGrant',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('role', models.CharField(choices=[('banner_clerk', 'BANNER_CLERK'), ('league_reviewer', 'LEAGUE_REVIEWER'), ('region_maker', 'REGION_MAKER'), ('region_checker', 'REGION_CHECKER'), ('ecology_recorder', 'ECOLOGY_RECORDER'), ('owner', 'OWNER'), ('validator', 'VALIDATOR'), ('verifier', 'VERIFIER'), ('firm_initiator', 'FIRM_INITIATOR'), ('firm_confirmer', 'FIRM_CONFIRMER'), ('exchange_operator', 'EXCHANGE_OPERATOR'), ('settlement_operator', 'SETTLEMENT_OPERATOR'), ('auditor', 'AUDITOR'), ('system_admin', 'SYSTEM_ADMIN'), ('security_admin', 'SECURITY_ADMIN'), ('audit_admin', 'AUDIT_ADMIN')], max_length=30)),
                ('role_class', models.GeneratedField(db_persist=True, expression=models.Case(models.When(role__in=['system_admin', 'security_admin', 'audit_admin'], then=models.F('role')), default=models.Value('business')), output_field=models.CharField(max_length=30))),
                ('held_from', models.DateTimeField()),
                ('held_until', models.DateTimeField(null=True)),
                ('granted_at', models.DateTimeField()),
                ('approved_at', models.DateTimeField(null=True)),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('approved_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('granted_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('organisation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='role_grants', to='accounts.organisation')),
                ('revoked_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='role_grants', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                "indexes": [
                    models.Index(fields=['user', 'organisation'], name='role_grant_by_user'),
                ],
                "constraints": [
                    models.CheckConstraint(condition=models.Q(('role__in', ['banner_clerk', 'league_reviewer', 'region_maker', 'region_checker', 'ecology_recorder', 'owner', 'validator', 'verifier', 'firm_initiator', 'firm_confirmer', 'exchange_operator', 'settlement_operator', 'auditor', 'system_admin', 'security_admin', 'audit_admin'])), name='role_grant_role_is_known'),
                    models.CheckConstraint(condition=models.Q(('approved_by', None), models.Q(('approved_by', models.F('granted_by')), _negated=True), _connector='OR'), name='role_grant_takes_two_persons'),
                    models.CheckConstraint(condition=models.Q(models.Q(('granted_by', models.F('user')), _negated=True), models.Q(('approved_by', None), models.Q(('approved_by', models.F('user')), _negated=True), _connector='OR')), name='role_grant_is_not_to_oneself'),
                    models.CheckConstraint(condition=models.Q(models.Q(('approved_at', None), ('approved_by', None)), models.Q(('approved_at__isnull', False), ('approved_by__isnull', False)), _connector='OR'), name='role_grant_approval_has_person_and_time'),
                    models.CheckConstraint(condition=models.Q(('held_until', None), ('held_until__gte', models.F('held_from')), _connector='OR'), name='role_grant_ends_after_it_begins'),
                    models.UniqueConstraint(condition=models.Q(('held_until', None)), fields=('user', 'organisation', 'role'), name='role_grant_is_open_once'),
                ],
            },
        ),
        migrations.CreateModel(
            name='SignIn',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('username', models.CharField(max_length=60)),
                ('outcome', models.CharField(choices=[('succeeded', 'Succeeded'), ('failed', 'Failed'), ('locked', 'Locked'), ('signed_out', 'Signed Out'), ('confirmed', 'Confirmed')], max_length=12)),
                ('address', models.CharField(blank=True, max_length=45)),
                ('browser', models.CharField(blank=True, max_length=200)),
                ('at', models.DateTimeField()),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='sign_ins', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                "indexes": [
                    models.Index(fields=['username', 'recorded_at'], name='sign_in_by_username'),
                    models.Index(fields=['user', 'id'], name='sign_in_by_user'),
                ],
            },
        ),
        migrations.CreateModel(
            name='WorkItem',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(max_length=60)),
                ('title', models.CharField(max_length=200)),
                ('found', models.JSONField(default=dict)),
                ('subject', models.CharField(max_length=120)),
                ('url', models.CharField(max_length=300)),
                ('role', models.CharField(choices=[('banner_clerk', 'BANNER_CLERK'), ('league_reviewer', 'LEAGUE_REVIEWER'), ('region_maker', 'REGION_MAKER'), ('region_checker', 'REGION_CHECKER'), ('ecology_recorder', 'ECOLOGY_RECORDER'), ('owner', 'OWNER'), ('validator', 'VALIDATOR'), ('verifier', 'VERIFIER'), ('firm_initiator', 'FIRM_INITIATOR'), ('firm_confirmer', 'FIRM_CONFIRMER'), ('exchange_operator', 'EXCHANGE_OPERATOR'), ('settlement_operator', 'SETTLEMENT_OPERATOR'), ('auditor', 'AUDITOR'), ('system_admin', 'SYSTEM_ADMIN'), ('security_admin', 'SECURITY_ADMIN'), ('audit_admin', 'AUDIT_ADMIN')], max_length=30)),
                ('division_code', models.CharField(blank=True, max_length=6)),
                ('due_at', models.DateTimeField(null=True)),
                ('due_provisional', models.BooleanField(default=False)),
                ('opened_at', models.DateTimeField()),
                ('closed_at', models.DateTimeField(null=True)),
                ('claimed_at', models.DateTimeField(null=True)),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('claimed_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('organisation', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.organisation')),
            ],
            options={
                "indexes": [
                    models.Index(condition=models.Q(('closed_at', None)), fields=['role', 'due_at'], name='work_item_open_by_role'),
                    models.Index(fields=['subject'], name='work_item_by_subject'),
                ],
                "constraints": [
                    models.UniqueConstraint(condition=models.Q(('closed_at', None)), fields=('kind', 'subject', 'role', 'organisation', 'division_code'), name='work_item_is_open_once', nulls_distinct=False),
                    models.CheckConstraint(condition=models.Q(models.Q(('claimed_at', None), ('claimed_by', None)), models.Q(('claimed_at__isnull', False), ('claimed_by__isnull', False)), _connector='OR'), name='work_item_claim_has_person_and_time'),
                ],
            },
        ),
        migrations.RunSQL(
            (SQL / '0001_append_only.sql').read_text(encoding='utf-8'),
            reverse_sql=(SQL / '0001_append_only_reverse.sql').read_text(encoding='utf-8'),
        ),
    ]
