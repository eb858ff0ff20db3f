"""Let a day know the market event that tells of its opening: from there its book is replayed.

Why:     the book of any second of a day is looked up among that day's events, not among all.
Locks:   instrument day, against everyone, for an instant.
Deploy:  before the code.
Reverse: drops the column.
"""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('exchange', '0012_deals'),
    ]

    operations = [
        migrations.AddField(
            model_name='instrumentday',
            name='first_event',
            field=models.BigIntegerField(null=True),
        ),
    ]
