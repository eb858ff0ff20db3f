"""The clock moves forwards only and never in production; a rule in force is not edited.

Why:     the business clock and the rules decide what is lawful; a stray write must not change either.
Locks:   rulebook tables.
Deploy:  first installation.
Reverse: drops the guards.
"""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).resolve().parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("rulebook", "0001_rules_calendar_divisions_clock")]

    operations = [
        migrations.RunSQL(
            (SQL / "0002_guards.sql").read_text(),
            reverse_sql=(
                "DROP FUNCTION rulebook_clock_forwards, rulebook_rule_fixed CASCADE;"
                " ALTER TABLE rulebook_clockoffset DROP CONSTRAINT clock_of_this_installation"
            ),
        )
    ]
