"""What is known of a part of a formula (bounds, curvature, Lipschitz ...), and how functions of one number carry it over. Each rule says why it is true.

Curvature and the like are in the variables asked about, for fixed parameters and data. Of a vector each component is meant.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from lossgraph.checker.bounds import OTHERS, RISING, ZERO, Bounds, negative, plus, times

FLAGS = ("below", "above", "positive", "constant", "affine", "convex", "concave", "quasi", "quasi_concave", "lipschitz", "gradient")


@dataclass(frozen=True)
class Facts:
    """`values`: for all parameters and data. For fixed ones: bounded `below`, `above`; `positive`: at least some c > 0; `quasi`, `quasi_concave`: sublevel
    (superlevel) sets are convex; `gradient`: differentiable, with a Lipschitz gradient. False says nothing."""

    values: Bounds = field(default_factory=Bounds)
    below: bool = False
    above: bool = False
    positive: bool = False
    constant: bool = False
    affine: bool = False
    convex: bool = False
    concave: bool = False
    quasi: bool = False
    quasi_concave: bool = False
    lipschitz: bool = False
    gradient: bool = False

    def bounded(self) -> bool:
        """Bounded on both sides, for fixed parameters and data."""
        return self.below and self.above

    def sign(self) -> str | None:
        """The sign of every value; None where it is open."""
        return self.values.sign()


def closed(facts: Facts) -> Facts:
    """The facts with what follows from them."""
    values = facts.values
    if facts.positive and (values.low is None or values.low < 0 or (values.low == 0 and not values.over)):
        values = replace(values, low=ZERO, over=True)  # at least c > 0 is more than 0
    constant = facts.constant or (values.low is not None and values.low == values.high)  # one value only
    affine = facts.affine or constant  # a constant is affine
    convex, concave = facts.convex or affine, facts.concave or affine  # equality in both inequalities
    return replace(
        facts,
        values=values,
        constant=constant,
        affine=affine,
        convex=convex,
        concave=concave,
        quasi=facts.quasi or convex,  # f(m) <= (f(a) + f(b))/2 <= max(f(a), f(b))
        quasi_concave=facts.quasi_concave or concave,
        lipschitz=facts.lipschitz or affine,  # in finitely many variables
        gradient=facts.gradient or affine,  # a constant gradient
        below=facts.below or constant or facts.positive or values.low is not None,
        above=facts.above or constant or values.high is not None,
        positive=facts.positive or (values.low is not None and values.low > 0) or (constant and values.sign() == "+"),
    )


def negated(a: Facts) -> Facts:
    """Of -a: everything changes sides."""
    return Facts(
        negative(a.values), a.above, a.below, False, a.constant, a.affine, a.concave, a.convex, a.quasi_concave, a.quasi, a.lipschitz, a.gradient
    )  # fmt: skip


def added(a: Facts, b: Facts) -> Facts:
    """Of a + b: bounds add, inequalities of convexity add, Lipschitz constants add; a constant shifts level sets."""
    values = plus(a.values, b.values)
    return Facts(
        values,
        a.below and b.below,
        a.above and b.above,
        (a.positive and b.values.nonnegative()) or (b.positive and a.values.nonnegative()),
        a.constant and b.constant,
        a.affine and b.affine,
        a.convex and b.convex,
        a.concave and b.concave,
        (a.quasi and b.constant) or (b.quasi and a.constant),
        (a.quasi_concave and b.constant) or (b.quasi_concave and a.constant),
        a.lipschitz and b.lipschitz,
        a.gradient and b.gradient,
    )


def scaled(factor: Facts, a: Facts) -> Facts:
    """Of c*a, c constant: of known sign it keeps or turns inequalities; of any sign it keeps affine, Lipschitz, and bounded on both sides."""
    up, down = factor.values.nonnegative(), factor.values.nonpositive()
    base = negated(a) if down else a
    known = up or down
    return Facts(
        times(factor.values, a.values),
        (known and base.below) or a.bounded(),
        (known and base.above) or a.bounded(),
        factor.positive and a.positive,
        a.constant,
        a.affine,
        known and base.convex,
        known and base.concave,
        known and base.quasi,
        known and base.quasi_concave,
        a.lipschitz,
        a.gradient,
    )


def multiplied(a: Facts, b: Facts) -> Facts:
    """Of a*b: |ab - a'b'| <= |a||b - b'| + |b'||a - a'|, and the same for the gradient a db + b da."""
    if a.constant or b.constant:
        return scaled(a, b) if a.constant else scaled(b, a)
    tame = a.bounded() and b.bounded()
    smooth = tame and a.lipschitz and b.lipschitz
    quadratic = a.affine and b.affine  # its second derivatives are constant
    values = times(a.values, b.values)
    return Facts(values, tame, tame, a.positive and b.positive, lipschitz=smooth, gradient=quadratic or (smooth and a.gradient and b.gradient))


Test = Callable[[Facts], bool]


def always(a: Facts) -> bool:
    """True of every argument."""
    return True


def never(a: Facts) -> bool:
    """True of no argument."""
    return False


def up(a: Facts) -> bool:
    """The argument is nonnegative."""
    return a.values.nonnegative()


def down(a: Facts) -> bool:
    """The argument is nonpositive."""
    return a.values.nonpositive()


@dataclass(frozen=True)
class Function:
    """A function f of one number, by tests of its argument's facts, each about f on the least interval that holds the argument's values: f is `convex`,
    `concave`, `rising`, `falling`, its first (`slope`) and second derivative (`bend`) are bounded; f of it is bounded `below`, `above`,
    or at least some c > 0 (`positive`)."""

    values: Callable[[Bounds], Bounds]
    convex: Test = never
    concave: Test = never
    rising: Test = never
    falling: Test = never
    slope: Test = never
    bend: Test = never
    below: Test = never
    above: Test = never
    positive: Test = never


def composed(f: Function, a: Facts) -> Facts:
    """Of f(a). Convex: f convex, and a affine, or a convex and f rising, or a concave and f falling (f(a(m)) <= f of the mean of a <= mean of f(a)).
    Level sets of a monotone f are those of a. Lipschitz constants multiply; f'(a) da is Lipschitz where f'(a) and da are, both bounded (or da constant)."""
    rising, falling, convex, concave = f.rising(a), f.falling(a), f.convex(a), f.concave(a)
    grows, falls = (rising and a.convex) or (falling and a.concave), (rising and a.concave) or (falling and a.convex)
    return Facts(
        f.values(a.values),
        f.below(a),
        f.above(a),
        f.positive(a),
        a.constant,
        False,
        convex and (a.affine or grows),
        concave and (a.affine or falls),
        (rising and a.quasi) or (falling and a.quasi_concave),
        (rising and a.quasi_concave) or (falling and a.quasi),
        f.slope(a) and a.lipschitz,
        f.bend(a) and (a.affine or (f.slope(a) and a.lipschitz and a.gradient)),
    )


def _bounded(a: Facts) -> bool:
    return a.bounded()


FUNCTIONS: dict[str, Function] = {
    # f = f' = f'' = exp, bounded where the argument is bounded above; exp(a) >= exp(inf a) > 0
    "exp": Function(RISING["exp"], convex=always, rising=always, slope=lambda a: a.above, bend=lambda a: a.above, above=lambda a: a.above,
                    positive=lambda a: a.below),
    # 1/x and -1/x**2 are bounded where x >= c > 0; log(c) bounds from below
    "log": Function(RISING["log"], concave=always, rising=always, slope=lambda a: a.positive, bend=lambda a: a.positive, below=lambda a: a.positive,
                    above=lambda a: a.above),
    # f' = sigmoid in (0, 1), f'' = sigmoid*(1 - sigmoid) in (0, 1/4]
    "softplus": Function(RISING["softplus"], convex=always, rising=always, slope=always, bend=always, above=lambda a: a.above, positive=lambda a: a.below),
    # f' = f*(1 - f), f'' = f*(1 - f)*(1 - 2*f) with f in (0, 1); f'' >= 0 for arguments <= 0, <= 0 for arguments >= 0
    "sigmoid": Function(RISING["sigmoid"], convex=down, concave=up, rising=always, slope=always, bend=always, positive=lambda a: a.below),
    # f' = 1 - f**2, f'' = -2*f*(1 - f**2) with f in (-1, 1)
    "tanh": Function(RISING["tanh"], convex=down, concave=up, rising=always, slope=always, bend=always),
    # f' = 2/sqrt(pi)*exp(-x**2), f'' = -2*x*f', both bounded
    "erf": Function(RISING["erf"], convex=down, concave=up, rising=always, slope=always, bend=always),
    "erfc": Function(OTHERS["erfc"], convex=up, concave=down, falling=always, slope=always, bend=always),
    # f' = 1/(1 + x**2), f'' = -2*x/(1 + x**2)**2, both bounded
    "atan": Function(RISING["atan"], convex=down, concave=up, rising=always, slope=always, bend=always),
    # f'' = cosh > 0, f' = sinh has the sign of x; all bounded on bounded sets
    "cosh": Function(OTHERS["cosh"], convex=always, rising=up, falling=down, slope=_bounded, bend=_bounded, above=_bounded),
    "sinh": Function(RISING["sinh"], convex=up, concave=down, rising=always, slope=_bounded, bend=_bounded, below=lambda a: a.below, above=lambda a: a.above),
    # |f'|, |f''| <= 1
    "sin": Function(OTHERS["sin"], slope=always, bend=always),
    "cos": Function(OTHERS["cos"], slope=always, bend=always),
    # the largest of x and -x: slopes -1 and 1, a kink at 0, none where the sign is strict
    "Abs": Function(OTHERS["Abs"], convex=always, rising=up, falling=down, slope=always, bend=lambda a: a.sign() in {"+", "-"} and a.gradient,
                    above=_bounded, positive=lambda a: a.positive),
    "sign": Function(OTHERS["sign"], rising=always),
    "Heaviside": Function(OTHERS["Heaviside"], rising=always),
}  # fmt: skip
