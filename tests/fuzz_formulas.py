"""Random piecewise losses: as text for the verifier, in a second spelling, and as arithmetic that knows nothing of the verifier or its parser.

Each formula carries `at(library, values)`: the same operations in numpy (fast) or mpmath (as many digits as wanted), written beside the text.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numeric_falsifier import mpmath

CONSTANTS = ("-2", "-1", "-1/2", "0", "1/2", "1", "2", "3")
DOMAINS = (
    "real", "real", "real", "real", "[-2, 3]", "(0, oo)", "[0, oo)", "(-oo, 1]", "(0, 1]", "[0, 1)", "(-1, 2)", "[-2, 2]", "[-3, -1] U [0, 2]",
    "(-1, 0) U (0, 1)", "(-oo, 0) U (0, oo)", "{-1, 0, 2}",
)  # fmt: skip
PARAMETERS = {"a > 0": ("1/3", "1", "5/2"), "0 < a < 1": ("1/8", "1/2", "3/4"), "a: real": ("-2", "0", "1"), "a != 0": ("-1", "1/2"), "a >= 1": ("1", "4")}


class Numpy:
    """Operations on arrays of floats."""

    exp, log, sqrt, atan, tanh, sin, cos, floor, sign = np.exp, np.log, np.sqrt, np.arctan, np.tanh, np.sin, np.cos, np.floor, np.sign
    maximum, minimum, where = np.maximum, np.minimum, np.where

    @staticmethod
    def number(value: Fraction) -> float:
        """A fraction."""
        return float(value)

    @staticmethod
    def erf(value: Any) -> Any:
        """The error function."""
        return np.vectorize(lambda part: float(mpmath.erf(part)), otypes=[float])(value)


class Digits:
    """Operations on mpmath numbers, at mpmath's working precision."""

    exp, log, sqrt, atan, tanh, sin, cos, floor, sign, erf = (
        mpmath.exp, mpmath.log, mpmath.sqrt, mpmath.atan, mpmath.tanh, mpmath.sin, mpmath.cos, mpmath.floor, mpmath.sign, mpmath.erf,
    )  # fmt: skip
    maximum, minimum = staticmethod(max), staticmethod(min)

    @staticmethod
    def number(value: Fraction) -> Any:
        """A fraction."""
        return mpmath.mpf(value.numerator) / value.denominator

    @staticmethod
    def where(condition: Any, first: Any, second: Any) -> Any:
        """One of two numbers."""
        return first if condition else second


At = Callable[[Any, Mapping[str, Any]], Any]


@dataclass(frozen=True)
class Formula:
    """A formula as text, in another spelling of the same function, and as arithmetic."""

    text: str
    other: str
    at: At


def constant(draw: random.Random, names: tuple[str, ...]) -> Formula:
    """A small fraction, or a parameter."""
    if "a" in names and draw.random() < 0.4:
        return Formula("a", "a", lambda _, values: values["a"])
    text = draw.choice(CONSTANTS)
    return Formula(text, text, lambda m, _: m.number(Fraction(text)))


def affine(draw: random.Random, names: tuple[str, ...]) -> Formula:
    """An affine function of the variables."""
    slope = draw.choice(("1", "-1", "2", "1/2"))
    shift = constant(draw, names)
    if "y" in names and draw.random() < 0.5:
        other = draw.choice(("1", "-1"))
        text = f"({slope}*x + {other}*y + {shift.text})"
        return Formula(text, text, lambda m, v: m.number(Fraction(slope)) * v["x"] + int(other) * v["y"] + shift.at(m, v))
    name = draw.choice(("x", "y")) if "y" in names else "x"
    return Formula(f"({slope}*{name} + {shift.text})", f"({shift.text} + {slope}*{name})", lambda m, v: m.number(Fraction(slope)) * v[name] + shift.at(m, v))


def smooth(draw: random.Random, names: tuple[str, ...]) -> Formula:
    """A smooth function of an affine one, on the whole line."""
    u = affine(draw, names)
    t, o, f = u.text, u.other, u.at
    kinds: tuple[tuple[str, str, At], ...] = (
        (t, o, f),
        (f"{t}**2", f"{o}*{o}", lambda m, v: f(m, v) ** 2),
        (f"{t}**3", f"{o}**2*{o}", lambda m, v: f(m, v) ** 3),
        (f"exp({t})", f"1/exp(-{o})", lambda m, v: m.exp(f(m, v))),
        (f"sigmoid({t})", f"1/(1 + exp(-{o}))", lambda m, v: 1 / (1 + m.exp(-f(m, v)))),
        (f"softplus({t})", f"log(1 + exp({o}))", lambda m, v: m.log(1 + m.exp(f(m, v)))),
        (f"sqrt(1 + {t}**2)", f"(1 + {o}**2)**(1/2)", lambda m, v: m.sqrt(1 + f(m, v) ** 2)),
        (f"atan({t})", f"-atan(-{o})", lambda m, v: m.atan(f(m, v))),
        (f"tanh({t})", f"2*sigmoid(2*{o}) - 1", lambda m, v: m.tanh(f(m, v))),
        (f"1/(1 + {t}**2)", f"(1 + {o}**2)**(-1)", lambda m, v: 1 / (1 + f(m, v) ** 2)),
        (f"log(1 + {t}**2)", f"log1p({o}**2)", lambda m, v: m.log(1 + f(m, v) ** 2)),
        (f"exp(-{t}**2)", f"1/exp({o}**2)", lambda m, v: m.exp(-(f(m, v) ** 2))),
        (f"erf({t})", f"-erf(-{o})", lambda m, v: m.erf(f(m, v))),
        (f"Abs({t})**3", f"({o}**2)**(3/2)", lambda m, v: abs(f(m, v)) ** 3),
        (f"Abs({t})**(3/2)", f"sqrt(Abs({o})**3)", lambda m, v: m.sqrt(abs(f(m, v))) ** 3),
        (f"cos({t})", f"cos(-{o})", lambda m, v: m.cos(f(m, v))),
        (f"{t}*exp({t})", f"{o}/exp(-{o})", lambda m, v: f(m, v) * m.exp(f(m, v))),
    )
    return Formula(*draw.choice(kinds))


def condition(draw: random.Random, names: tuple[str, ...]) -> tuple[str, At]:
    """A condition on the variables."""
    u, c = affine(draw, names), constant(draw, names)
    f, g = u.at, c.at
    kinds: tuple[tuple[str, At], ...] = (
        (f"{u.text} <= {c.text}", lambda m, v: f(m, v) <= g(m, v)),
        (f"{u.text} < {c.text}", lambda m, v: f(m, v) < g(m, v)),
        (f"{c.text} > {u.text}", lambda m, v: f(m, v) < g(m, v)),
        (f"Eq({u.text}, {c.text})", lambda m, v: f(m, v) == g(m, v)),
        (f"Ne({u.text}, {c.text})", lambda m, v: f(m, v) != g(m, v)),
        (f"Abs({u.text}) <= 1", lambda m, v: abs(f(m, v)) <= 1),
        (f"-1 < {u.text} <= 2", lambda m, v: (f(m, v) > -1) & (f(m, v) <= 2)),
        (f"Or({u.text} < 0, {u.text} >= 1)", lambda m, v: (f(m, v) < 0) | (f(m, v) >= 1)),
        (f"And(Not({u.text} > 1), {u.text} > -1)", lambda m, v: (f(m, v) <= 1) & (f(m, v) > -1)),
        (f"{u.text}**2 > 1", lambda m, v: f(m, v) ** 2 > 1),
    )
    return draw.choice(kinds)


def _branch(condition: tuple[str, At], first: Formula, second: Formula) -> Formula:
    text, holds = condition
    return Formula(
        f"Piecewise(({first.text}, {text}), ({second.text}, True))",
        f"Piecewise(({second.other}, Not({text})), ({first.other}, True))",
        lambda m, v: m.where(holds(m, v), first.at(m, v), second.at(m, v)),
    )


def _joined(draw: random.Random, names: tuple[str, ...]) -> Formula:
    """A branch whose two sides meet at the joint: the second is the first with the step replaced by something that vanishes with it."""
    u, edge = affine(draw, names), smooth(draw, names)
    f, g = u.at, edge.at
    kinds: tuple[tuple[str, At], ...] = (
        ("u", f),
        ("u**2", lambda m, v: f(m, v) ** 2),
        ("exp(u) - 1", lambda m, v: m.exp(f(m, v)) - 1),
        ("0", lambda m, v: 0 * f(m, v)),
    )
    (first, left), (second, right) = draw.choice(kinds), draw.choice(kinds)
    t = [kind.replace("u", u.text) for kind in (first, second)]
    return Formula(
        f"{edge.text} + Piecewise(({t[0]}, {u.text} < 0), ({t[1]}, True))",
        f"{edge.other} + Piecewise(({t[1]}, {u.text} >= 0), ({t[0]}, True))",
        lambda m, v: g(m, v) + m.where(f(m, v) < 0, left(m, v), right(m, v)),
    )


def loss(draw: random.Random, depth: int, names: tuple[str, ...] = ("x",)) -> Formula:
    """A random formula in the variables and parameters `names`: smooth leaves joined by everything the language switches with."""
    if depth == 0:
        return smooth(draw, names)
    first, second = loss(draw, depth - 1, names), loss(draw, depth - 1, names)
    c, u, w = constant(draw, names), affine(draw, names), affine(draw, names)
    a, b, k, f, g = first.at, second.at, c.at, u.at, w.at
    p, q, r, s, t = first, second, c.text, u.text, w.text
    kinds: tuple[Callable[[], Formula], ...] = (
        lambda: Formula(f"Abs({p.text})", f"Max({p.other}, -({p.other}))", lambda m, v: abs(a(m, v))),
        lambda: Formula(f"Max({p.text}, {r})", f"({p.other} + {r} + Abs({p.other} - {r}))/2", lambda m, v: m.maximum(a(m, v), k(m, v))),
        lambda: Formula(f"Min({p.text}, {r})", f"-Max(-({p.other}), -{r})", lambda m, v: m.minimum(a(m, v), k(m, v))),
        lambda: Formula(f"Max({s}, {t})", f"Piecewise(({u.other}, {s} >= {t}), ({w.other}, True))", lambda m, v: m.maximum(f(m, v), g(m, v))),
        lambda: Formula(f"Max({p.text}, {s})", f"Piecewise(({p.other}, {p.other} >= {s}), ({u.other}, True))", lambda m, v: m.maximum(a(m, v), f(m, v))),
        lambda: Formula(f"{p.text} + {q.text}", f"{q.other} + {p.other}", lambda m, v: a(m, v) + b(m, v)),
        lambda: Formula(f"{p.text} - ({q.text})", f"-({q.other}) + {p.other}", lambda m, v: a(m, v) - b(m, v)),
        lambda: Formula(f"{r}*({p.text})", f"({p.other})*{r}", lambda m, v: k(m, v) * a(m, v)),
        lambda: _branch(condition(draw, names), first, second),
        lambda: _branch(condition(draw, names), first, c),
        lambda: _branch(condition(draw, names), first, first),
        lambda: _joined(draw, names),
        lambda: Formula(
            f"({p.text})*sign({s})", f"Piecewise(({p.other}, {s} > 0), (0, Eq({s}, 0)), (-({p.other}), True))", lambda m, v: a(m, v) * m.sign(f(m, v))
        ),
        lambda: Formula(f"{p.text} + Heaviside({s})", f"{p.other} + (1 + sign({s}))/2", lambda m, v: a(m, v) + (1 + m.sign(f(m, v))) / 2),
        lambda: Formula(f"{p.text} + floor({s})", f"{p.other} - ceiling(-{s})", lambda m, v: a(m, v) + m.floor(f(m, v))),
        lambda: Formula(f"Max(0, {s})**2", f"Piecewise(({s}**2, {s} > 0), (0, True))", lambda m, v: m.maximum(0 * f(m, v), f(m, v)) ** 2),
        lambda: Formula(f"({p.text})*Abs({s})", f"Abs({u.other})*({p.other})", lambda m, v: a(m, v) * abs(f(m, v))),
        lambda: Formula(f"({p.text})*({q.text})", f"({q.other})*({p.other})", lambda m, v: a(m, v) * b(m, v)),
        lambda: Formula(f"sqrt(Abs({p.text}))", f"Abs({p.other})**(1/2)", lambda m, v: m.sqrt(abs(a(m, v)))),
    )
    return draw.choice(kinds)()
