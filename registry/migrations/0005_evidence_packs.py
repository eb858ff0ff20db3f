"""Let auditors ask for evidence packs.

Why:     whoever reviews an issuance takes away everything it rests on, and checks it without the platform.
Locks:   none on existing tables but accounts, for a foreign key.
Deploy:  before the code.
Reverse: drops the table; packs made lie without a name and harm nobody.
"""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models


# What was asked for stays, what was made stays; the row is never removed.
GUARDS = """
CREATE TRIGGER evidencepack_is_kept BEFORE DELETE ON registry_evidencepack FOR EACH ROW EXECUTE FUNCTION registry_fixed();
CREATE TRIGGER evidencepack_content_is_fixed BEFORE UPDATE ON registry_evidencepack FOR EACH ROW
    WHEN ((OLD.id, OLD.scope, OLD.subject_id, OLD.title, OLD.asked_by_id, OLD.at)
          IS DISTINCT FROM (NEW.id, NEW.scope, NEW.subject_id, NEW.title, NEW.asked_by_id, NEW.at)
          OR OLD.state IN ('done', 'failed')) EXECUTE FUNCTION registry_fixed();
REVOKE DELETE, TRUNCATE ON registry_evidencepack FROM tanhui_app;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('registry', '0004_decisions_are_logged'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='EvidencePack',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('scope', models.CharField(choices=[('batch', 'batch'), ('project', 'project'), ('period', 'period')], max_length=8)),
                ('subject_id', models.BigIntegerField()),
                ('title', models.CharField(max_length=200)),
                ('state', models.CharField(choices=[('queued', 'queued'), ('running', 'running'), ('done', 'done'), ('failed', 'failed')], default='queued', max_length=8)),
                ('done_steps', models.BigIntegerField(default=0)),
                ('all_steps', models.BigIntegerField(default=0)),
                ('head_size', models.BigIntegerField(null=True)),
                ('sha256', models.CharField(blank=True, max_length=64)),
                ('size', models.BigIntegerField(null=True)),
                ('problem', models.CharField(blank=True, max_length=300)),
                ('at', models.DateTimeField()),
                ('finished_at', models.DateTimeField(null=True)),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('asked_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('scope__in', ['batch', 'project', 'period'])), name='pack_scope_is_known'), models.CheckConstraint(condition=models.Q(models.Q(('finished_at', None), ('sha256', ''), ('state__in', ['queued', 'running'])), models.Q(('finished_at__isnull', False), ('size__gt', 0), ('state', 'done'), models.Q(('sha256', ''), _negated=True)), models.Q(('finished_at__isnull', False), ('sha256', ''), ('state', 'failed'), models.Q(('problem', ''), _negated=True)), _connector='OR'), name='pack_state_has_its_fields'), models.UniqueConstraint(condition=models.Q(('state__in', ['queued', 'running'])), fields=('scope', 'subject_id'), name='one_pack_of_a_subject_waits')],
            },
        ),
        migrations.RunSQL(GUARDS, reverse_sql=migrations.RunSQL.noop),
    ]
