"""Uploads of monitoring data: workbooks of plots, soil points and wetland strata, and their templates.

`parse_in_child` is for everything that people send; `python -m registry.rules.uploads` is its child.
"""

from registry.rules.uploads.archive import Limits
from registry.rules.uploads.forms import FORMS
from registry.rules.uploads.parse import Upload, parse_content, parse_in_child, parse_workbook, species_names
from registry.rules.uploads.problems import REASONS, CellProblem, Reason
from registry.rules.uploads.template import template_workbook

__all__ = [
    "FORMS",
    "REASONS",
    "CellProblem",
    "Limits",
    "Reason",
    "Upload",
    "parse_content",
    "parse_in_child",
    "parse_workbook",
    "species_names",
    "template_workbook",
]
