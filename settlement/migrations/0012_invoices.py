"""Invoices over the venue's fees: titles, requests and their fees, red letters, the invoices, orders to the tax port.

Why:     a firm needs an invoice over each fee it has paid, over none twice, and to the fen.
Locks:   none on existing tables but accounts and the entries' keys, for foreign keys.
Deploy:  before the code.
Reverse: drops the tables; the ledger is not touched.
"""

from pathlib import Path

import django.db.models.deletion
import django.db.models.expressions
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

SQL = Path(__file__).resolve().parent.parent / "sql"
UNDO = """
DROP FUNCTION settlement_invoice_title_is_the_organisations, settlement_invoice_request_fits_its_title,
    settlement_invoice_request_sums_its_items, settlement_invoice_item_comes_with_its_request,
    settlement_invoice_item_is_a_fee, settlement_invoice_item_is_freed_by_its_request,
    settlement_invoice_request_frees_its_items, settlement_red_letter_corrects_an_invoice,
    settlement_invoice_is_what_was_asked, settlement_invoice_ends_its_request CASCADE;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0002_api_clients'),
        ('settlement', '0011_bank_accounts'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='InvoiceTitle',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=120)),
                ('taxpayer_id', models.CharField(max_length=18)),
                ('taxpayer_type', models.CharField(choices=[('general', 'general'), ('small_scale', 'small_scale'), ('other', 'other')], max_length=12)),
                ('address_phone', models.CharField(blank=True, max_length=200)),
                ('bank_account', models.CharField(blank=True, max_length=200)),
                ('email', models.EmailField(max_length=200)),
                ('at', models.DateTimeField()),
                ('superseded_at', models.DateTimeField(null=True)),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('organisation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.organisation')),
                ('set_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='InvoiceRequest',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('special', 'special'), ('ordinary', 'ordinary')], max_length=10)),
                ('amount_fen', models.BigIntegerField()),
                ('net_fen', models.BigIntegerField()),
                ('tax_fen', models.BigIntegerField()),
                ('vat_rate', models.DecimalField(decimal_places=4, max_digits=5)),
                ('state', models.CharField(choices=[('asked', 'Asked'), ('sent', 'Sent'), ('issued', 'Issued'), ('refused', 'Refused'), ('corrected', 'Corrected')], default='asked', max_length=10)),
                ('reason', models.CharField(blank=True, max_length=300)),
                ('asked_at', models.DateTimeField()),
                ('closed_at', models.DateTimeField(null=True)),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('asked_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('organisation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.organisation')),
                ('title', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='settlement.invoicetitle')),
            ],
        ),
        migrations.CreateModel(
            name='RedLetter',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reason', models.CharField(max_length=300)),
                ('digest', models.CharField(max_length=64)),
                ('state', models.CharField(choices=[('proposed', 'Proposed'), ('asked', 'Asked'), ('sent', 'Sent'), ('issued', 'Issued'), ('refused', 'Refused')], default='proposed', max_length=10)),
                ('refusal', models.CharField(blank=True, max_length=300)),
                ('proposed_at', models.DateTimeField()),
                ('decided_at', models.DateTimeField(null=True)),
                ('closed_at', models.DateTimeField(null=True)),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('decided_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('proposed_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('request', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='red_letters', to='settlement.invoicerequest')),
            ],
        ),
        migrations.CreateModel(
            name='Invoice',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.CharField(max_length=20, unique=True)),
                ('taxpayer_id', models.CharField(max_length=18)),
                ('amount_fen', models.BigIntegerField()),
                ('net_fen', models.BigIntegerField()),
                ('tax_fen', models.BigIntegerField()),
                ('issued_on', models.DateField()),
                ('file_name', models.CharField(max_length=160)),
                ('file_size', models.PositiveIntegerField()),
                ('sha256', models.CharField(max_length=64)),
                ('at', models.DateTimeField()),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('request', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='invoices', to='settlement.invoicerequest')),
                ('red_letter', models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='invoice', to='settlement.redletter')),
            ],
        ),
        migrations.CreateModel(
            name='TaxOrder',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('attempts', models.PositiveIntegerField(default=0)),
                ('next_at', models.DateTimeField()),
                ('done_at', models.DateTimeField(null=True)),
                ('dead_at', models.DateTimeField(null=True)),
                ('last_error', models.CharField(blank=True, max_length=300)),
                ('red_letter', models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='order', to='settlement.redletter')),
                ('request', models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='order', to='settlement.invoicerequest')),
            ],
        ),
        migrations.CreateModel(
            name='InvoiceItem',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('leg_id', models.BigIntegerField()),
                ('fen', models.BigIntegerField()),
                ('is_live', models.BooleanField(default=True)),
                ('entry', models.ForeignKey(db_column='entry_id', db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='settlement.entrykey', to_field='entry')),
                ('request', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='items', to='settlement.invoicerequest')),
            ],
            options={
                'constraints': [models.UniqueConstraint(condition=models.Q(('is_live', True)), fields=('leg_id',), name='fee_is_invoiced_once'), models.UniqueConstraint(fields=('request', 'leg_id'), name='fee_is_on_a_request_once')],
            },
        ),
        migrations.AddConstraint(
            model_name='invoicetitle',
            constraint=models.UniqueConstraint(condition=models.Q(('superseded_at__isnull', True)), fields=('organisation',), name='one_current_invoice_title'),
        ),
        migrations.AddConstraint(
            model_name='invoicetitle',
            constraint=models.CheckConstraint(condition=models.Q(('taxpayer_type__in', ['general', 'small_scale', 'other'])), name='invoice_title_type_is_known'),
        ),
        migrations.AddConstraint(
            model_name='invoicerequest',
            constraint=models.CheckConstraint(condition=models.Q(('amount_fen', django.db.models.expressions.CombinedExpression(models.F('net_fen'), '+', models.F('tax_fen'))), ('amount_fen__gt', 0), ('net_fen__gte', 0), ('tax_fen__gte', 0)), name='invoice_request_is_price_and_tax'),
        ),
        migrations.AddConstraint(
            model_name='invoicerequest',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['special', 'ordinary'])), name='invoice_request_kind_is_known'),
        ),
        migrations.AddConstraint(
            model_name='invoicerequest',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('closed_at', None), ('state__in', ['asked', 'sent'])), models.Q(('closed_at__isnull', False), ('state__in', ['issued', 'refused', 'corrected'])), _connector='OR'), name='invoice_request_end_has_its_time'),
        ),
        migrations.AddConstraint(
            model_name='redletter',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state__in', ['asked', 'sent', 'issued']), _negated=True), models.Q(('decided_at__isnull', False), ('decided_by__isnull', False), models.Q(('decided_by', models.F('proposed_by')), _negated=True)), _connector='OR'), name='red_letter_has_two_persons'),
        ),
        migrations.AddConstraint(
            model_name='redletter',
            constraint=models.UniqueConstraint(condition=models.Q(('state__in', ['proposed', 'asked', 'sent', 'issued'])), fields=('request',), name='invoice_is_corrected_once'),
        ),
        migrations.AddConstraint(
            model_name='invoice',
            constraint=models.CheckConstraint(condition=models.Q(('number__regex', '^[0-9]{20}$')), name='invoice_number_is_20_digits'),
        ),
        migrations.AddConstraint(
            model_name='invoice',
            constraint=models.UniqueConstraint(condition=models.Q(('red_letter__isnull', True)), fields=('request',), name='request_has_one_invoice'),
        ),
        migrations.AddIndex(
            model_name='taxorder',
            index=models.Index(condition=models.Q(('dead_at__isnull', True), ('done_at__isnull', True)), fields=['next_at'], name='tax_order_due'),
        ),
        migrations.AddConstraint(
            model_name='taxorder',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('red_letter__isnull', False), ('request__isnull', True)), models.Q(('red_letter__isnull', True), ('request__isnull', False)), _connector='OR'), name='tax_order_is_for_one_thing'),
        ),
        migrations.RunSQL((SQL / "0012_invoices.sql").read_text(), reverse_sql=UNDO),
    ]
