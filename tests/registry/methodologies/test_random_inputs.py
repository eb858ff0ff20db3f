"""Whatever the inputs are, an operation answers: it never raises, and it never gives a number that is none."""

import copy
import json
import math
import random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from registry.rules.methodologies import evaluate, operations
from registry.rules.methodologies.f1_afforestation.many_plots import evaluate_plots
from registry.rules.methodologies.outcome import ErrorCode, Warn
from tests.registry.methodologies.examples import BUILT

NUMBERS = st.one_of(
    st.sampled_from([0, -0.0, 1, -1, 5e-324, 1e-300, 1e308, -1e308, 10**400, math.nan, math.inf, 2**63, 0.5, 2026]),
    st.floats(),
    st.integers(),
)
SCALARS = st.one_of(
    st.none(), st.booleans(), NUMBERS, st.text(max_size=5), st.sampled_from(["A", "LARIX", "ar_cm", "table"])
)
ANYTHING = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
EXAMPLES = st.sampled_from(sorted(BUILT))


def places(value: Any, path: tuple = ()) -> list[tuple]:
    """Return the path of everything inside a JSON value."""
    if isinstance(value, dict):
        inner = [(name, one) for name, one in value.items()]
    elif isinstance(value, list):
        inner = list(enumerate(value))
    else:
        return []
    return [place for name, one in inner for place in [(*path, name), *places(one, (*path, name))]]


def mutated(inputs: Any, choose: random.Random, values: list[Any]) -> Any:
    """Return the inputs with some values replaced, removed or repeated."""
    found = copy.deepcopy(inputs)
    for value in values:
        paths = places(found)
        if not paths:
            return found
        *around, last = choose.choice(paths)
        target = found
        for part in around:
            target = target[part]
        act = choose.randrange(4)
        if act == 0:
            del target[last]
        elif act == 1 and isinstance(target, list):
            target.append(copy.deepcopy(target[last]))
        else:
            target[last] = value
    return found


def is_contract(answer: dict[str, Any]) -> bool:
    json.dumps(answer, allow_nan=False)
    if answer["status"] == "ok":
        return set(answer) == {"status", "outputs", "warnings", "trace"} and set(answer["warnings"]) <= set(Warn)
    codes = {error["code"] for error in answer["errors"]}
    return (
        bool(codes) and codes <= set(ErrorCode) and all(set(error) == {"code", "field"} for error in answer["errors"])
    )


@settings(max_examples=400, deadline=None)
@given(
    name=EXAMPLES, choose=st.randoms(use_true_random=False), values=st.lists(SCALARS | ANYTHING, min_size=1, max_size=4)
)
def test_an_example_with_anything_changed_is_answered(name, choose, values):
    inputs = mutated(BUILT[name]["inputs"], choose, values)

    assert is_contract(evaluate(BUILT[name]["operation"], inputs).as_json())


@settings(max_examples=300, deadline=None)
@given(name=EXAMPLES, choose=st.randoms(use_true_random=False), values=st.lists(NUMBERS, min_size=1, max_size=6))
def test_an_example_with_other_numbers_is_answered(name, choose, values):
    inputs = copy.deepcopy(BUILT[name]["inputs"])
    for value in values:
        numeric = [
            path
            for path in places(inputs)
            if isinstance(_at(inputs, path), (int, float)) and not isinstance(_at(inputs, path), bool)
        ]
        *around, last = choose.choice(numeric)
        _at(inputs, around)[last] = value

    assert is_contract(evaluate(BUILT[name]["operation"], inputs).as_json())


@settings(max_examples=150, deadline=None)
@given(operation=st.sampled_from(operations()), inputs=ANYTHING)
def test_anything_at_all_is_answered(operation, inputs):
    assert is_contract(evaluate(operation, inputs).as_json())


@settings(max_examples=100, deadline=None)
@given(choose=st.randoms(use_true_random=False), values=st.lists(SCALARS | ANYTHING, max_size=4))
def test_many_plots_are_answered_as_each_one_would_be(choose, values):
    plots = [mutated(BUILT["F1-3"]["inputs"], choose, values), BUILT["F1-3"]["inputs"], *values]

    together = evaluate_plots(plots)

    for plot, answer in zip(plots, together, strict=True):
        plain = evaluate("F1.plot", plot)
        assert (answer.errors, answer.warnings) == (plain.errors, plain.warnings)
        for name, value in plain.outputs.items():
            assert math.isclose(answer.outputs[name], value, rel_tol=1e-12)


def _at(value: Any, path: Any) -> Any:
    for part in path:
        value = value[part]
    return value
