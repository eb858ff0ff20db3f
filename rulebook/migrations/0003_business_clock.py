"""The rows of the business clock: whether this installation may move it, and its offset.

Why:     TIME_TRAVEL=1 at the first migration marks a demonstration; nobody can mark an installation later but its owner.
Locks:   none.
Deploy:  first installation.
Reverse: leaves the rows.
"""

from django.conf import settings
from django.db import migrations


def say_whether_the_clock_moves(apps, schema_editor):
    schema_editor.execute(
        "INSERT INTO rulebook_installation (id, time_travel) VALUES (1, %s) ON CONFLICT DO NOTHING", [settings.TIME_TRAVEL]
    )
    # A clock that may be moved begins at the demonstration's first instant, Monday 2026-03-02 10:00 in Beijing.
    schema_editor.execute(
        "INSERT INTO rulebook_clockoffset (id, seconds, time_travel) SELECT 1, CASE WHEN %s THEN"
        " extract(epoch FROM timestamptz '2026-03-02T10:00:00+08:00' - clock_timestamp()) ELSE 0 END, %s"
        " ON CONFLICT DO NOTHING",
        [settings.TIME_TRAVEL, settings.TIME_TRAVEL],
    )


class Migration(migrations.Migration):
    dependencies = [("rulebook", "0002_guards")]

    operations = [migrations.RunPython(say_whether_the_clock_moves, migrations.RunPython.noop)]
