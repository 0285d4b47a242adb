"""What the checker says of random formulas over numbers and vectors (bounds, curvature, level sets, a value everywhere) is held against their values."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from typing import Any

import pytest

from lossgraph.checker.composition import Reader
from lossgraph.checker.curvature import Facts
from lossgraph.checker.expression import Node, Unreadable, parse
from lossgraph.checker.quantities import Quantities, quantities
from lossgraph.checker.values import Domain

CERTIFICATE: dict[str, Any] = {
    "variables": "x, y, w, p, s, g", "domain": "x: real; y: [0, oo); w: real; p: (0, 1); s: simplex; g: {0, 1}", "parameters": "a: (0, oo); b: [0, 1]",
    "roles": {"s": "outcome", "g": "target"}, "lengths": {"w": "n", "p": "n", "s": "n", "g": "n"},
}  # fmt: skip
LEAVES, VECTORS = ("x", "y", "x", "y", "a", "b", "1", "2", "1/2", "-1"), ("w", "p", "s", "g", "w", "p")
OF_NUMBERS = (
    "({0} + {1})", "({0} - {1})", "({0})*({1})", "({0})/({1})", "({0})**2", "({0})**3", "({0})**(-1)", "({0})**(1/2)", "({0})**b", "({0})**a", "exp({0})",
    "log({0})", "softplus({0})", "sigmoid({0})", "tanh({0})", "Abs({0})", "Max({0}, {1})", "Min({0}, {1})", "cosh({0})", "atan({0})",
)  # fmt: skip
OF_VECTORS = ("sum({0})", "dot({0}, {1})", "norm({0})", "logsumexp({0})", "dot(s, {0})", "(logsumexp({0}) - dot(s, {0}))", "sum({0} - {1})")
MADE = ("({0} + {1})", "{0}*{1}", "exp({0})", "Abs({0})", "softmax({0})", "log({0})", "{0}**2", "sigmoid({0})", "Max(0, {0})", "(({0} + {1})/2)")
FUNCTIONS: dict[str, Callable[[float], float]] = {
    "exp": math.exp, "log": math.log, "tanh": math.tanh, "cosh": math.cosh, "atan": math.atan, "Abs": abs, "neg": lambda x: -x,
}  # fmt: skip
Value = float | list[float]


def formula(depth: int) -> str:
    """A random formula of a number."""
    if depth <= 0 or random.random() < 0.15:
        return random.choice(LEAVES)
    if random.random() < 0.3:
        return random.choice(OF_VECTORS).format(vector(depth - 1), vector(depth - 1))
    return random.choice(OF_NUMBERS).format(formula(depth - 1), formula(depth - 1))


def vector(depth: int) -> str:
    """A random formula of a vector."""
    return random.choice(VECTORS) if depth <= 0 or random.random() < 0.3 else random.choice(MADE).format(vector(depth - 1), vector(depth - 1))


def value(node: Node, at: dict[str, Value]) -> Value:
    """The value at a point, in floats. Raises `ValueError`, `ZeroDivisionError` or `OverflowError` where there is none."""
    if node[0] == "number":
        return float(node[1])
    if node[0] == "name":
        return at[node[1]]
    parts = [value(child, at) for child in node[1:]]
    first = parts[0] if isinstance(parts[0], list) else []
    match node[0]:
        case "sum":
            return sum(first)
        case "dot":
            return sum(x * y for x, y in zip(first, parts[1], strict=True))  # type: ignore[arg-type]
        case "norm":
            return math.hypot(*first)
        case "logsumexp" | "softmax":
            total = max(first) + math.log(sum(math.exp(x - max(first)) for x in first))
            return total if node[0] == "logsumexp" else [math.exp(x - total) for x in first]
        case _:
            count = next((len(part) for part in parts if isinstance(part, list)), None)
            rows = [[part[i] if isinstance(part, list) else part for part in parts] for i in range(count or 1)]
            found = [applied(node[0], row) for row in rows]
            return found if count else found[0]


def applied(kind: str, parts: list[float]) -> float:
    """A function of numbers."""
    if kind == "pow":
        found = parts[0] ** parts[1]
        if isinstance(found, complex):
            raise ValueError("a root of a negative number")
        return found
    several: dict[str, Callable[[list[float]], float]] = {"add": sum, "mul": math.prod, "Max": max, "Min": min}
    return several[kind](parts) if kind in several else FUNCTIONS[kind](parts[0])


def point(size: int) -> dict[str, Value]:
    """A point in the variables asked about."""
    scale = random.choice((0.1, 1, 3))
    return {
        "x": random.gauss(0, scale), "y": random.choice((0.0, random.expovariate(1 / scale))), "w": [random.gauss(0, scale) for _ in range(size)],
        "p": [random.uniform(0.001, 0.999) for _ in range(size)],
    }  # fmt: skip


def given(size: int) -> dict[str, Value]:
    """Parameters and data."""
    weights = [random.expovariate(1) for _ in range(size)]
    return {
        "a": random.expovariate(1) + 0.01, "b": random.choice((0.0, 1.0, random.random())), "s": [x / sum(weights) for x in weights],
        "g": [float(random.random() < 0.5) for _ in range(size)],
    }  # fmt: skip


def middle(first: Value, second: Value) -> Value:
    """Halfway between two values."""
    if isinstance(first, list) and isinstance(second, list):
        return [(x + y) / 2 for x, y in zip(first, second, strict=True)]
    assert not isinstance(first, list)
    assert not isinstance(second, list)
    return (first + second) / 2


def broken(facts: Facts, low: float, mid: float, high: float) -> list[str]:
    """The facts that three values, the second at the middle, contradict."""
    slack = 1e-7 * (1 + abs(low) + abs(mid) + abs(high))
    wrong = {
        "low": facts.values.low is not None and min(low, mid, high) < facts.values.low - slack,
        "high": facts.values.high is not None and max(low, mid, high) > facts.values.high + slack,
        "convex": facts.convex and mid > (low + high) / 2 + slack,
        "concave": facts.concave and mid < (low + high) / 2 - slack,
        "quasi": facts.quasi and mid > max(low, high) + slack,
        "quasi_concave": facts.quasi_concave and mid < min(low, high) - slack,
        "constant": facts.constant and abs(low - high) > slack,
    }
    return [name for name, found in wrong.items() if found]


def read(text: str, known: Quantities) -> tuple[Node, Facts] | None:
    """The formula with its facts, where it is seen to have a value everywhere."""
    try:
        node, reader = parse(text), Reader(known)
        Domain(known, reader).confirm(node)
        return node, reader.facts(node)
    except (Unreadable, IndexError):
        return None


@pytest.mark.parametrize("seed", range(6))
def test_samples_contradict_nothing(seed: int) -> None:
    random.seed(seed)
    known, tried, said = quantities(CERTIFICATE), 0, 0
    while tried < 60:
        text = formula(3)
        found = read(text, known)
        if found is None:
            continue
        tried += 1
        said += found[1].convex or found[1].concave
        for _ in range(12):
            size = random.choice((1, 2, 3))
            data, first, second = given(size), point(size), point(size)
            places = (first, {name: middle(first[name], second[name]) for name in first}, second)
            try:
                low, mid, high = (value(found[0], {**place, **data}) for place in places)
            except OverflowError:
                continue
            except (ValueError, ZeroDivisionError) as error:
                pytest.fail(f"{text} has no value: {error}")
            assert not isinstance(low, list)
            assert not isinstance(mid, list)
            assert not isinstance(high, list)
            if all(math.isfinite(part) for part in (low, mid, high)):
                assert broken(found[1], low, mid, high) == [], (text, places, data)
    assert said > 10
