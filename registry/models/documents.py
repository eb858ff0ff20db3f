from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from accounts.rules import Actor
from registry.models.projects import Project
from registry.rules.states import PUBLIC_PROJECT


class DocumentQuerySet(models.QuerySet["Document"]):
    def visible_to(self, actor: Actor) -> DocumentQuerySet:
        """Return the papers of the cases `actor` may see, and what was made public of cases in the public register."""
        cases = Project.objects.visible_to(actor).values("pk")
        registered = Q(project=None) | Q(project__state__in=PUBLIC_PROJECT)
        return self.filter(Q(project__in=cases) | (Q(is_public=True) & registered))


class Document(models.Model):
    """A paper of a case, stored by its hash. Append-only; private unless made public at upload."""

    project = models.ForeignKey(Project, null=True, on_delete=models.PROTECT, related_name="documents")
    kind = models.CharField(max_length=24)
    name = models.CharField(max_length=160)
    content_type = models.CharField(max_length=100)
    size = models.BigIntegerField()
    sha256 = models.CharField(max_length=64, db_index=True)
    is_public = models.BooleanField(default=False)
    uploaded_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    recorded_at = models.DateTimeField(db_default=models.functions.Now())

    objects = DocumentQuerySet.as_manager()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(size__gt=0), name="document_is_not_empty")]
