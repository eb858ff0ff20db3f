from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from settlement.models.cash import BankNotice, Withdrawal


class BankStatement(models.Model):
    """What the bank says moved on the funds account between two balances. Append-only; the same one is taken once.

    Closing less opening is the sum of its lines (`statement_adds_up`, at commit).
    """

    account = models.CharField(max_length=34)
    statement_id = models.CharField(max_length=80)  # The bank's own; of an export, its days and digest.
    sequence = models.BigIntegerField(null=True)  # The bank's own count of its statements, where it gives one.
    source = models.CharField(max_length=8, choices=[(one, one) for one in ("camt053", "export")])
    digest = models.CharField(max_length=64, unique=True)
    business_date = models.DateField()  # On which it was taken.
    opening_fen = models.BigIntegerField()
    closing_fen = models.BigIntegerField()
    lines = models.PositiveIntegerField()
    taken_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "statement_id"], name="statement_is_taken_once"),
        ]

    def __str__(self) -> str:
        return self.statement_id


class StatementLine(models.Model):
    """One movement on a statement: in fen, what left the account is negative. Append-only."""

    statement = models.ForeignKey(BankStatement, on_delete=models.PROTECT, related_name="rows")
    number = models.PositiveIntegerField()
    bank_serial = models.CharField(max_length=64, unique=True)  # Once for ever, over all statements.
    fen = models.BigIntegerField()
    booked_on = models.DateField()
    name = models.CharField(max_length=200, blank=True)
    account = models.CharField(max_length=34, blank=True)
    reference = models.CharField(max_length=140, blank=True)
    end_to_end = models.CharField(max_length=35, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(fen=0), name="statement_line_moves_something"),
            models.UniqueConstraint(fields=["statement", "number"], name="statement_line_number_is_one"),
        ]

    def __str__(self) -> str:
        return self.bank_serial


class LineExplained(models.Model):
    """What explains a line of a statement: money that came in, or a withdrawal that was paid. Append-only.

    A trigger sees to it that both say the same amount (`line_is_explained_to_the_fen`).
    """

    line = models.OneToOneField(StatementLine, primary_key=True, on_delete=models.PROTECT, related_name="explained")
    notice = models.OneToOneField(BankNotice, null=True, on_delete=models.PROTECT, related_name="+")
    withdrawal = models.OneToOneField(Withdrawal, null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(notice__isnull=True, withdrawal__isnull=False)
                | Q(notice__isnull=False, withdrawal__isnull=True),
                name="line_is_explained_by_one_thing",
            ),
        ]

    def __str__(self) -> str:
        return str(self.line_id)
