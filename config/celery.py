"""The Celery app: queues `match.N` for the instruments, `jobs` for everything else, and beat's timetable."""

import os

from celery import Celery
from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("tanhui")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(lambda: ["config", *settings.ROOMS])
# What beat rings for. Seconds of real time; each task reads rows and is right when run late or twice.
app.conf.beat_schedule = {
    "matching": {"task": "exchange.tasks.matching.sweep_matching", "schedule": 1.0, "options": {"expires": 5}},
    "sweeps": {"task": "config.tasks.run_sweeps", "schedule": 5.0, "options": {"expires": 15}},
    "clock": {"task": "config.tasks.carry_on_clock_moves", "schedule": 5.0, "options": {"expires": 15}},
    "surveillance": {
        "task": "exchange.tasks.surveillance.watch_closed_days",
        "schedule": 60.0,
        "options": {"expires": 120},
    },
    "purchases": {"task": "inclusion.tasks.purchases.sweep_purchases", "schedule": 2.0, "options": {"expires": 10}},
    "payments": {"task": "settlement.tasks.bank.send_payment_orders", "schedule": 10.0, "options": {"expires": 30}},
    "bank-accounts": {"task": "settlement.tasks.bank.ask_about_accounts", "schedule": 5.0, "options": {"expires": 15}},
    "invoices": {"task": "settlement.tasks.tax.send_tax_orders", "schedule": 10.0, "options": {"expires": 30}},
    "statements": {"task": "settlement.tasks.bank.fetch_statements", "schedule": 30.0, "options": {"expires": 60}},
    "packs": {"task": "registry.tasks.packs.make_packs", "schedule": 5.0, "options": {"expires": 15}},
    "calculations": {
        "task": "registry.tasks.calculation.sweep_calculations",
        "schedule": 2.0,
        "options": {"expires": 5},
    },
    "verifications": {
        "task": "registry.tasks.verification.sweep_verifications",
        "schedule": 2.0,
        "options": {"expires": 5},
    },
    "certificates": {"task": "registry.tasks.upkeep.make_certificates", "schedule": 10.0, "options": {"expires": 30}},
    # Once a business day each, and the business day may begin at any real time.
    "issued": {"task": "registry.tasks.upkeep.verify_issued_again", "schedule": 900.0, "options": {"expires": 600}},
    # The sweep of a night opens the runs; these take them up.
    "second-reading": {
        "task": "settlement.tasks.proofs.carry_out_second_reading",
        "schedule": 10.0,
        "options": {"expires": 30},
    },
    "invariants": {"task": "config.tasks.prove_invariants", "schedule": 10.0, "options": {"expires": 30}},
    "log": {"task": "settlement.tasks.log.keep_log", "schedule": 5.0, "options": {"expires": 15}},
    "partitions": {"task": "settlement.tasks.upkeep.make_room_for_entries", "schedule": 3600.0},
}
