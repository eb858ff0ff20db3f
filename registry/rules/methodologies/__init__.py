"""The executable methodologies: `evaluate(operation, inputs)` answers by the call contract of the conventions.

Each module stands beside its specification, equation by equation; the catalogue names all operations.
"""

from registry.rules.methodologies.catalogue import VERSION, evaluate, operations
from registry.rules.methodologies.outcome import Problem, Result, provisional_values
from registry.rules.methodologies.parameters import ParameterSet, ParameterSets, shipped

__all__ = [
    "VERSION",
    "ParameterSet",
    "ParameterSets",
    "Problem",
    "Result",
    "evaluate",
    "operations",
    "provisional_values",
    "shipped",
]
