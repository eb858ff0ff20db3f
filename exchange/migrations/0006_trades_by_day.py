"""Find the trades of a business date: they are cleared day by day.

Why:     clearing asks for the trades of a day, and would read all of them.
Locks:   trades against writers while the index is made.
Deploy:  before the code.
Reverse: drops the index.
"""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0002_api_clients'),
        ('exchange', '0005_trade_of_an_entry'),
        ('settlement', '0013_day'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='trade',
            index=models.Index(fields=['business_date'], name='trade_of_day'),
        ),
    ]
