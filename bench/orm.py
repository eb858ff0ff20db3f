"""What a careful Django project writes: rows locked in order, bulk_create, bulk_update, 500 balanced transactions a commit.

`python -m bench.orm URL SECONDS` prints the transactions per second on tables of its own.
"""

from __future__ import annotations

import random
import sys
import time
from typing import Any

import django
from django.conf import settings

from config.settings import database

ACCOUNTS, BATCH = 10_000, 500


def main() -> None:
    settings.configure(
        DATABASES={"default": database(sys.argv[1])}, USE_TZ=True, DEFAULT_AUTO_FIELD="django.db.models.BigAutoField"
    )
    django.setup()
    from django.db import connection, models, transaction

    class Balance(models.Model):
        amount = models.BigIntegerField(default=10**12)

        class Meta:
            app_label, db_table = "bench", "orm_balance"

    class Act(models.Model):
        created = models.DateTimeField(auto_now_add=True)

        class Meta:
            app_label, db_table = "bench", "orm_act"

    class Row(models.Model):
        act = models.ForeignKey(Act, on_delete=models.PROTECT)
        account = models.ForeignKey(Balance, on_delete=models.PROTECT)
        amount = models.BigIntegerField()

        class Meta:
            app_label, db_table = "bench", "orm_row"

    every: list[Any] = [Balance, Act, Row]
    with connection.schema_editor() as editor:
        for model in reversed(every):
            editor.execute(f"DROP TABLE IF EXISTS {model._meta.db_table}")
        for model in every:
            editor.create_model(model)
    Balance.objects.bulk_create(Balance() for _ in range(ACCOUNTS))
    first = Balance.objects.order_by("pk").values_list("pk", flat=True)[0]
    chosen = random.Random(7)

    def batch() -> None:
        with transaction.atomic():
            pairs = [tuple(chosen.sample(range(first, first + ACCOUNTS), 2)) for _ in range(BATCH)]
            rows = Balance.objects.select_for_update().filter(pk__in={one for pair in pairs for one in pair})
            balances = {row.pk: row for row in rows.order_by("pk")}
            acts = Act.objects.bulk_create(Act() for _ in pairs)
            for giver, taker in pairs:
                balances[giver].amount -= 1
                balances[taker].amount += 1
            Row.objects.bulk_create(
                Row(act=act, account_id=account, amount=amount)
                for act, (giver, taker) in zip(acts, pairs, strict=True)
                for account, amount in ((giver, -1), (taker, 1))
            )
            Balance.objects.bulk_update(balances.values(), ["amount"])

    batch()
    began, done = time.perf_counter(), 0
    while (spent := time.perf_counter() - began) < float(sys.argv[2]):
        batch()
        done += BATCH
    print(round(done / spent, 1))


if __name__ == "__main__":
    main()
