from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from settlement.models.ledger import Entry


class LogLeaf(models.Model):
    """One act as the transparency log says it: all of an entry, or an official decision. Written by triggers alone.

    text: JSON with a salt, so that its hash gives nothing away; persons are numbers in it, never names.
    """

    subject = models.CharField(max_length=80, unique=True)  # `entry:12`, `review_step:5`.
    # Its foreign key goes to the entry's key: see EntryKey.
    entry = models.OneToOneField(Entry, null=True, on_delete=models.PROTECT, related_name="+", db_constraint=False)
    salt = models.UUIDField()
    text = models.TextField()
    recorded_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return self.subject


class LogQueue(models.Model):
    """A leaf that has no place in the tree yet. The row goes when it has."""

    leaf = models.OneToOneField(LogLeaf, primary_key=True, on_delete=models.PROTECT, related_name="+")

    def __str__(self) -> str:
        return str(self.leaf_id)


class LogPosition(models.Model):
    """The place of a leaf in the tree, from 0 without gaps, and its hash. Append-only."""

    position = models.BigIntegerField(primary_key=True)
    leaf = models.OneToOneField(LogLeaf, on_delete=models.PROTECT, related_name="+")
    hash = models.BinaryField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(position__gte=0), name="log_position_not_below_zero"),
        ]

    def __str__(self) -> str:
        return str(self.position)


class LogNode(models.Model):
    """The hash over 2^level leaves from position index * 2^level on; a leaf itself is level 0 and stands elsewhere.

    Append-only, and right for ever: only whole subtrees are kept, so that any proof is a few look-ups.
    """

    pk = models.CompositePrimaryKey("level", "index")
    level = models.SmallIntegerField()
    index = models.BigIntegerField()
    hash = models.BinaryField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(level__gte=1, index__gte=0), name="log_node_has_a_place"),
        ]

    def __str__(self) -> str:
        return f"{self.level}/{self.index}"


class LogHead(models.Model):
    """A signed head: the root over the first `size` leaves, as a signed note (C2SP checkpoint). Append-only."""

    size = models.BigIntegerField()
    root = models.BinaryField()
    note = models.TextField()
    at = models.DateTimeField()  # Business time; the note carries the server's own.
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(size__gte=0), name="log_head_size_not_below_zero")]

    def __str__(self) -> str:
        return str(self.size)


class LogKey(models.Model):
    """A public key with which heads are signed, as a verifier is given it (`name+hash+key`). Append-only."""

    verifier_key = models.CharField(max_length=300, unique=True)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return self.verifier_key
