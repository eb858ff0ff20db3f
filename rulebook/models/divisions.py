from __future__ import annotations

from django.db import models

from rulebook.rules import DivisionLevel


class Division(models.Model):
    """An administrative division by its GB/T 2260 code, with the days on which the code is in force."""

    code = models.CharField(max_length=6, primary_key=True)
    name = models.CharField(max_length=40)
    official_name = models.CharField(max_length=60)
    level = models.CharField(max_length=20, choices=[(level.value, level.value) for level in DivisionLevel])
    parent = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="children")
    pinyin = models.CharField(max_length=120)
    valid_from = models.DateField(null=True)
    valid_to = models.DateField(null=True)

    def __str__(self) -> str:
        return self.name


class DivisionOutline(models.Model):
    """The outline of a division as GeoJSON (EPSG:4490), for staff pages and checks; never a public border map."""

    division = models.OneToOneField(Division, primary_key=True, on_delete=models.PROTECT, related_name="outline")
    geometry = models.JSONField()
    source = models.CharField(max_length=100)

    def __str__(self) -> str:
        return self.division_id
