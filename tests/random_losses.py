"""Random piecewise losses as text, for the fuzz of relations."""

from __future__ import annotations

import random

CONSTANTS = ("-2", "-1", "-1/2", "0", "1/2", "1", "2", "3")


def constant(draw: random.Random) -> str:
    """A small rational."""
    return draw.choice(CONSTANTS)


def affine(draw: random.Random) -> str:
    """An affine function of x with small coefficients."""
    return f"({draw.choice(('x', '-x', '2*x', 'x/2'))} + {constant(draw)})"


def smooth(draw: random.Random) -> str:
    """A smooth function on the whole line."""
    inner = affine(draw)
    return draw.choice(
        (
            inner,
            f"{inner}**2",
            f"exp({inner})",
            f"sigmoid({inner})",
            f"softplus({inner})",
            f"sqrt(1 + {inner}**2)",
            f"atan({inner})",
            f"1/(1 + {inner}**2)",
            constant(draw),
        )
    )


def loss(draw: random.Random, depth: int) -> str:
    """A random formula: smooth leaves joined by Abs, Max, Min, Piecewise, sums and products; now and then sign, Heaviside, an isolated value."""
    if depth == 0:
        return smooth(draw)
    first, second = loss(draw, depth - 1), loss(draw, depth - 1)
    edge = constant(draw)
    return draw.choice(
        (
            f"Abs({first})",
            f"Max({first}, {constant(draw)})",
            f"Min({first}, {constant(draw)})",
            f"Max({affine(draw)}, {affine(draw)})",
            f"{first} + {second}",
            f"{constant(draw)}*{first}",
            f"Piecewise(({first}, x <= {edge}), ({second}, True))",
            f"Piecewise(({first}, x < {edge}), ({second}, True))",
            f"Piecewise(({constant(draw)}, Eq(x, {edge})), ({first}, True))",
            f"{first}*sign({affine(draw)})",
            f"{first} + Heaviside({affine(draw)})",
            f"Max(0, {affine(draw)})**2",
            f"Piecewise(({first}, Abs(x) <= 1), ({second}, True))",
            f"{first} - {second}",
            f"{first}*Abs({affine(draw)})",
        )
    )
