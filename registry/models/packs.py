from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from registry.rules.packs import PackScope, PackState

WAITING = [PackState.QUEUED.value, PackState.RUNNING.value]


class EvidencePack(models.Model):
    """An evidence pack that an auditor asked for: of a batch, a project or a monitoring period. The row is the queue.

    subject_id: of the asset, the project or the period. The file lies under MEDIA_ROOT by its hash.
    """

    scope = models.CharField(max_length=8, choices=[(one.value, one.value) for one in PackScope])
    subject_id = models.BigIntegerField()
    title = models.CharField(max_length=200)
    state = models.CharField(
        max_length=8, choices=[(one.value, one.value) for one in PackState], default=PackState.QUEUED.value
    )
    done_steps = models.BigIntegerField(default=0)
    all_steps = models.BigIntegerField(default=0)  # 0: not known yet.
    head_size = models.BigIntegerField(null=True)  # Of the log head that its proofs lead to.
    sha256 = models.CharField(max_length=64, blank=True)
    size = models.BigIntegerField(null=True)
    problem = models.CharField(max_length=300, blank=True)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(scope__in=[one.value for one in PackScope]), name="pack_scope_is_known"),
            models.CheckConstraint(
                condition=Q(state__in=WAITING, finished_at=None, sha256="")
                | (Q(state=PackState.DONE.value, finished_at__isnull=False, size__gt=0) & ~Q(sha256=""))
                | (Q(state=PackState.FAILED.value, finished_at__isnull=False, sha256="") & ~Q(problem="")),
                name="pack_state_has_its_fields",
            ),
            models.UniqueConstraint(
                fields=["scope", "subject_id"], condition=Q(state__in=WAITING), name="one_pack_of_a_subject_waits"
            ),
        ]

    def __str__(self) -> str:
        return self.title
