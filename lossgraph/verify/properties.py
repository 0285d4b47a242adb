"""One entry a property: how it is decided for a one-variable formula in one parameter cell, given the formula's shape."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import sympy

from lossgraph.verify import convexity, growth, zeros
from lossgraph.verify.checks import Outcome
from lossgraph.verify.order import NeedSplit, Undecided
from lossgraph.verify.pieces import Shape, split
from lossgraph.verify.space import Interval, Space


@dataclass
class Case:
    """A formula in one variable over one parameter cell; shapes are made when first asked for and kept."""

    expression: sympy.Expr
    variable: sympy.Symbol
    domain: tuple[Interval, ...]
    space: Space
    target: sympy.Expr | None = None
    outcome: sympy.Symbol | None = None
    doubtful: bool = False  # a counterexample is known for some parameters, so that a refutation is tried before a proof
    kept: dict[tuple[sympy.Expr, ...], Shape] = field(default_factory=dict)

    def shape(self, *marks: sympy.Expr) -> Shape:
        """The formula's shape with joints at `marks`."""
        if marks not in self.kept:
            self.kept[marks] = replace(split(self.expression, self.variable, self.domain, self.space, marks), doubtful=self.doubtful)
        return self.kept[marks]


def _plain(decide: Callable[[Shape], Outcome]) -> Callable[[Case], Outcome]:
    return lambda case: decide(case.shape())


def _at_target(decide: Callable[[Shape, sympy.Expr], Outcome], outside: Callable[[Shape], Outcome]) -> Callable[[Case], Outcome]:
    def decided(case: Case) -> Outcome:
        if case.target is None:
            raise Undecided("where the prediction equals the target")
        if not zeros.in_domain(case.target, case.domain, case.space):
            found = outside(case.shape())
            return replace(found, claims=[{"claim": "target_outside", "target": str(case.target)}, *found.claims])
        return decide(case.shape(case.target), case.target)

    return decided


def _zero_only(case: Case) -> Outcome:
    """At the target and nowhere else; where that is not settled, a zero elsewhere is sought and made a joint, so that its value refutes."""
    try:
        return _at_target(zeros.zero_only_at_target, zeros.nowhere_zero)(case)
    except (NeedSplit, Undecided):
        if case.target is None:
            raise
        for other in zeros.other_zeros(case.expression, case.variable, case.target, case.domain, case.space):
            marks = sorted((case.target, other), key=lambda mark: sympy.N(mark, 30))
            try:
                found = zeros.zero_only_at_target(case.shape(*marks), case.target)
            except (NeedSplit, Undecided):
                continue
            if not found.holds:
                return found
        raise


def _calibrated(case: Case) -> Outcome:
    from lossgraph.verify.learning import classification_calibrated

    return classification_calibrated(case)


def _proper(strict: bool) -> Callable[[Case], Outcome]:
    def decided(case: Case) -> Outcome:
        from lossgraph.verify.learning import proper

        return proper(case, strict)

    return decided


CONSTANTS: dict[str, Callable[[Case, Outcome], Outcome]] = {
    "lipschitz": lambda case, outcome: growth.with_constant(case.shape(), 1, outcome),
    "lipschitz_gradient": lambda case, outcome: growth.with_constant(case.shape(), 2, outcome),
    "strongly_convex": lambda case, outcome: convexity.with_modulus(case.shape(), outcome),
}
"""How a proof of a property gets its best constant. That may take longer than the proof, so it comes after it."""

DECIDERS: dict[str, Callable[[Case], Outcome]] = {
    "continuous": _plain(growth.continuous),
    "differentiable": _plain(growth.differentiable),
    "continuously_differentiable": _plain(growth.continuously_differentiable),
    "twice_continuously_differentiable": _plain(growth.twice_continuously_differentiable),
    "lipschitz": _plain(growth.lipschitz),
    "lipschitz_gradient": _plain(growth.lipschitz_gradient),
    "convex": _plain(convexity.convex),
    "strictly_convex": _plain(convexity.strictly_convex),
    "strongly_convex": _plain(convexity.strongly_convex),
    "quasiconvex": _plain(convexity.quasiconvex),
    "monotone": _plain(convexity.monotone),
    "symmetric": lambda case: zeros.symmetric(case.expression, case.variable, case.domain, case.space),
    "nonnegative": _plain(growth.nonnegative),
    "bounded_below": _plain(growth.bounded_below),
    "bounded_above": _plain(growth.bounded_above),
    "zero_at_target": _at_target(zeros.zero_at_target, lambda _: Outcome(True, [])),
    "zero_only_at_target": _zero_only,
    "redescending": _plain(zeros.redescending),
    "classification_calibrated": _calibrated,
    "proper": _proper(False),
    "strictly_proper": _proper(True),
}
