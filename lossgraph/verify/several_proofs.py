"""Proves properties of formulas of several variables, and of vectors of every length: smoothness, bounds, convexity term by term, by sums as unknowns.

    F = sum over components of h(x_i)  +  a*logsumexp of something affine  +  b*norm of something affine  +  constants

is convex, Lipschitz ... where h is, a and b being nonnegative where that matters; h is decided by the one-variable engine. Continuity on a closed bounded
domain gives bounds there; smooth formulas there are Lipschitz. A formula of up to three numbers is convex where the principal minors of its Hessian are
nonnegative. What is not proved here stays open: nothing is refuted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from itertools import combinations, islice
from typing import Any

import sympy

from lossgraph.formula.parse import parse_expression
from lossgraph.formula.render import text as written
from lossgraph.formula.tree import Call, Name
from lossgraph.formula.tree import replace as renamed
from lossgraph.model import Verdict
from lossgraph.verify.combined import at_target, proper, sign_claim, zero_only_at_target
from lossgraph.verify.composed import composed, values_by_facts
from lossgraph.verify.everywhere import over_cells
from lossgraph.verify.exact import Unsure, subtract
from lossgraph.verify.exact import sign as exact_sign
from lossgraph.verify.means import above_means
from lossgraph.verify.order import Undecided, Undefined
from lossgraph.verify.question import Question
from lossgraph.verify.separable import separable
from lossgraph.verify.several_scene import FAILURES, Certificate, Open, Scene, again, demand, holds_where, scene_of
from lossgraph.verify.several_witness import LENGTH
from lossgraph.verify.several_witness import Scene as Places
from lossgraph.verify.space import Interval, Space
from lossgraph.verify.structure import understood
from lossgraph.verify.witness import settings

BOUNDS: tuple[int, ...] = (0, 1, 2, 4)  # of these a bound is tried


def prove_several(question: Question) -> Verdict | None:
    """The verdict "proved" on a question about several variables or vectors, or None where no proof is found here."""
    from lossgraph.verify.engine import verdict

    rule = RULES.get(question.property)
    if rule is None:
        return None
    try:
        scene, noted = scene_of(question)
        needed = _needed(question, scene, noted)
        try:
            found = rule(scene)
        except Open:
            found = separable(scene)
    except (Open, *FAILURES):
        return None
    constant = found.pop("constant", None)
    proof = {"kind": "several", "formula": str(scene.expression), "sums": scene.sums.meanings(), "defined": needed, **found}
    return verdict(question, True, "proved", {key: value for key, value in proof.items() if value}, constant=constant)


def _needed(question: Question, scene: Scene, noted: list[tuple[Any, Any]]) -> list[Certificate]:
    """The claims that give the formula a value everywhere; none where facts of its parts do. Raises `Open`."""
    try:
        return [demand(holds_where(scene, condition, guard)) for guard, condition in noted]
    except Open:
        if values_by_facts(question):
            return []
        raise


def _nonnegative(scene: Scene) -> Certificate:
    try:
        return {"rule": "sign", "claim": sign_claim(scene, scene.expression, ">= 0")}
    except Open:
        return above_means(scene)


def _bounded(direction: int) -> Callable[[Scene], Certificate]:
    def rule(scene: Scene) -> Certificate:
        try:
            return {"rule": "continuous on a closed bounded domain", **_compact(scene, convex=False), **_continuous(scene)}
        except Open:
            for bound in _likely(scene, direction):
                try:
                    return {"rule": "bound", "bound": str(direction * bound), "claim": sign_claim(scene, bound - direction * scene.expression, ">= 0")}
                except Open:
                    continue
            raise

    return rule


def _likely(scene: Scene, direction: int) -> list[int]:
    """The bounds that no value at a few plain places is beyond."""
    from lossgraph.verify.engine import quantified

    question = scene.question
    sizes = {name: int(length) if str(length).isdigit() else LENGTH for name, length in question.lengths.items()}
    scalars = {name: spans for name, spans in quantified(question).items() if name not in question.lengths}
    kept: list[int] = list(BOUNDS)
    for setting in islice(settings(scalars, ()), 2):
        places = Places(question, set(question.asked()), sizes, setting)
        try:
            values = [value for value in (places.value(place) for place in places.places[:40]) if value is not None]
            kept = [bound for bound in kept if not any(_beyond(value, bound, direction) for value in values)]
        except Undefined:
            return []
    return kept


def _beyond(value: Any, bound: int, direction: int) -> bool:
    try:
        return exact_sign(subtract(value, Fraction(direction * bound))) == direction
    except Unsure:
        return False


def _compact(scene: Scene, *, convex: bool) -> Certificate:
    """Every asked variable lies in a closed bounded set (one interval, where it has to be convex), and nothing else restricts it."""
    for name in scene.asked:
        domain = scene.domain(name)
        closed = all(not interval.lower_open and not interval.upper_open and interval.lower.is_finite and interval.upper.is_finite for interval in domain)
        if not closed or (convex and len(domain) > 1):
            raise Open(f"{name} has no closed bounded domain")
    if scene.question.conditions:
        raise Open("joint conditions")
    return {"closed": [str(name) for name in scene.asked]}


def _pieces_of(scene: Scene) -> list[sympy.Expr]:
    """The formula, and what its sums add up."""
    return [scene.expression, *scene.sums.unknowns]


def _continuous(scene: Scene) -> Certificate:
    """Sums, products, powers, Abs, Max, Min and the smooth functions are continuous wherever they are defined, roots at 0 too."""
    for part in _pieces_of(scene):
        if not understood(part.replace(lambda node: isinstance(node, sympy.Abs | sympy.Max | sympy.Min), lambda node: sympy.Add(*node.args))):
            composed(scene, smooth=False)
            break
    return {"continuous": "composition"}


def _smooth(scene: Scene) -> Certificate:
    """Real-analytic: smooth functions only, each power that is not whole of something positive. Else term by term."""
    try:
        claims: list[Certificate] = []
        for part in _pieces_of(scene):
            if not understood(part):
                raise Open(f"{part} is not smooth")
            claims += [scene.demand(base, "> 0") for base in _bases(part)]
        return {"rule": "analytic", "claims": claims}
    except Open:
        try:
            return _termwise(scene.question.property, roots=False, signed=False)(scene)
        except (Open, *FAILURES):
            return {"rule": "analytic", "claims": composed(scene, smooth=True)}


def _bases(part: sympy.Expr) -> list[sympy.Expr]:
    """What has to be positive for a formula of smooth functions to be analytic."""
    found: list[Any] = []
    for node in sympy.preorder_traversal(part):
        if isinstance(node, sympy.Pow) and not node.exp.is_Integer and node.base != sympy.E:
            found.append(node.base)
        elif isinstance(node, sympy.log | sympy.loggamma):
            found.append(node.args[0])
        elif isinstance(node, sympy.asin | sympy.acos):
            found.append(1 - node.args[0] ** 2)  # type: ignore[operator]
        elif isinstance(node, sympy.tan | sympy.polygamma):
            raise Open(f"{node} is not looked into")
    return sorted(set(found), key=str)


def _lipschitz(scene: Scene) -> Certificate:
    try:
        found = {"rule": "smooth on a closed bounded domain", **_compact(scene, convex=True)}
        claims: list[Certificate] = []
        for part in _pieces_of(scene):
            if not understood(part):
                raise Open(f"{part} is not smooth")
            claims += [scene.demand(base, "> 0") for base in _bases(part)]
        return {**found, "claims": claims}
    except Open:
        try:
            return _termwise(scene.question.property, roots=scene.question.property == "lipschitz", signed=False)(scene)
        except (Open, *FAILURES):
            found = {"rule": "smooth on a closed bounded domain", **_compact(scene, convex=True)}
            return {**found, "claims": composed(scene, smooth=True)}


def _convex(scene: Scene) -> Certificate:
    if scene.sums.components:
        return _termwise(scene.question.property, roots=True, signed=True)(scene)
    return _hessian(scene)


def _quasiconvex(scene: Scene) -> Certificate:
    """Convex, or a quotient of affine functions with a positive denominator: its sublevel sets are half-spaces."""
    _convex_domain(scene)
    numerator, denominator = sympy.fraction(sympy.together(scene.expression))
    if all(_affine(part, scene) for part in (numerator, denominator)):
        return {"rule": "quotient of affine functions", "denominator": scene.demand(denominator, "> 0")}
    raise Open("no rule for quasiconvex")


def _affine(expression: sympy.Expr, scene: Scene) -> bool:
    """Whether an expression is affine in the asked variables, which it may hold in sums of what is affine in a component."""
    moving = {unknown: part for unknown, part in scene.moving().items() if unknown in expression.free_symbols}
    names = [*(name for name in scene.asked if name in expression.free_symbols), *moving]
    linear = all(sympy.expand(sympy.diff(expression, first, second)) == 0 for first in names for second in names)
    return linear and all(sympy.expand(sympy.diff(part, first, second)) == 0 for part in moving.values() for first in scene.asked for second in scene.asked)


def _convex_domain(scene: Scene) -> None:
    """One interval for each asked variable; joint conditions affine in them. Raises `Open`."""
    if any(len(scene.domain(name)) > 1 for name in scene.asked):
        raise Open("the domain is not one interval")
    for condition in scene.conditions:
        if not isinstance(condition, sympy.Eq | sympy.Ge | sympy.Gt | sympy.Le | sympy.Lt) or not _affine(condition.args[0] - condition.args[1], scene):  # type: ignore[operator]
            raise Open(f"{condition} may cut out a domain that is not convex")


def _hessian(scene: Scene) -> Certificate:
    """Up to three numbers: all principal minors of the Hessian nonnegative (convex), the leading ones positive (strictly convex)."""
    _convex_domain(scene)
    if len(scene.asked) > 3 or scene.question.property == "strongly_convex":
        raise Open("too many variables")
    smooth = _smooth(scene)
    matrix = sympy.hessian(scene.expression, scene.asked)
    count = len(scene.asked)
    if scene.question.property == "strictly_convex":
        chosen, claim = [tuple(range(size)) for size in range(1, count + 1)], "> 0"
    else:
        chosen, claim = [rows for size in range(1, count + 1) for rows in combinations(range(count), size)], ">= 0"
    minors = [sympy.simplify(matrix.extract(list(rows), list(rows)).det()) for rows in chosen]
    return {"rule": "hessian", "smooth": smooth, "minors": [scene.demand(minor, claim) for minor in minors]}


def _termwise(property_id: str, *, roots: bool, signed: bool) -> Callable[[Scene], Certificate]:
    """The rule of the module's first lines. `roots`: norms are allowed; `signed`: coefficients of logsumexp and norm have to be nonnegative."""

    def rule(scene: Scene) -> Certificate:
        if signed:
            _convex_domain(scene)
        component, terms, special = _decomposed(scene, roots)
        claims = [scene.demand(coefficient, ">= 0") for coefficient, _ in special] if signed else []
        shown = [{"coefficient": str(coefficient), "of": text} for coefficient, text in special]
        single = sympy.expand(terms)
        decided = _decided(property_id, single, component, scene)
        best = None if special or scene.conditions or scene.sums.fixed else _constant(property_id, decided, scene)
        return {"rule": "term by term", "special": shown, "claims": claims, "component": str(single), "decided": decided, "constant": best}

    return rule


def _constant(property_id: str, decided: Certificate, scene: Scene) -> str | None:
    """The best constant of a sum of h(x_i) over independent components: that of h, for the Lipschitz constant times the root of the number of components."""
    found = {cell.get("constant") for cell in decided.get("cells", [])}
    text = found.pop() if len(found) == 1 else None
    inner = [*scene.sums.components, *(unknown for unknown, _ in scene.sums.unknowns.values())]
    if not text or text.startswith("[") or any(str(name) in text for name in inner):
        return None
    if property_id != "lipschitz":
        return text
    root = Call("sqrt", (Name(str(next(iter(scene.question.lengths.values())))),))
    return written(root if text == "1" else Call("mul", (parse_expression(text), root)))


def _decomposed(scene: Scene, roots: bool) -> tuple[sympy.Symbol, sympy.Expr, list[tuple[sympy.Expr, str]]]:
    """The asked component, the separable part as a function of it, and the terms that are a logsumexp or a norm."""
    if len(scene.asked) != 1 or scene.asked[0] not in scene.sums.components:
        raise Open("not about one vector")
    component, moving = scene.asked[0], scene.moving()
    terms: sympy.Expr = sympy.Integer(0)
    special: list[tuple[sympy.Expr, str]] = []
    for term in sympy.Add.make_args(sympy.expand(scene.expression)):
        coefficient, core = term.as_independent(*moving, component, as_Add=False)
        if core == 1:
            continue
        if isinstance(core, sympy.Symbol) and core in moving:
            terms += coefficient * moving[core]
        elif isinstance(core, sympy.log):
            special.append((coefficient, _of_exponentials(core.args[0], component, moving)))  # type: ignore[arg-type]
        elif roots and isinstance(core, sympy.Pow) and core.exp == sympy.Rational(1, 2):
            special.append((coefficient, _of_square(core.base, component, moving)))
        else:
            raise Open(f"no rule for the term {core}")
    return component, terms, special


def _summand(inner: sympy.Expr, moving: Mapping[sympy.Symbol, sympy.Expr]) -> sympy.Expr:
    """What a linear combination of sums adds up. Raises `Open`."""
    expanded = sympy.expand(inner)
    total = sympy.Add(*(sympy.diff(expanded, unknown) * part for unknown, part in moving.items()))
    constant = sympy.expand(expanded - sympy.Add(*(sympy.diff(expanded, unknown) * unknown for unknown in moving)))
    if constant != 0 or total.free_symbols & set(moving):
        raise Open(f"{inner} is no combination of sums")
    return total


def _of_exponentials(inner: sympy.Expr, component: sympy.Symbol, moving: Mapping[sympy.Symbol, sympy.Expr]) -> str:
    """log of a sum of positive multiples of exp(affine): convex and Lipschitz, with a Lipschitz gradient."""
    for term in sympy.Add.make_args(sympy.expand(_summand(inner, moving))):
        coefficient, core = term.as_independent(component, as_Add=False)
        exponent = sympy.log(core).expand(force=True) if not isinstance(core, sympy.exp) else core.args[0]
        if not coefficient.is_positive or sympy.diff(exponent, component, 2) != 0 or not isinstance(core, sympy.exp):  # type: ignore[arg-type]
            raise Open(f"log of the sum of {term}")
    return f"log of a sum of exponentials of {component}"


def _of_square(inner: sympy.Expr, component: sympy.Symbol, moving: Mapping[sympy.Symbol, sympy.Expr]) -> str:
    """The root of a sum of squares of something affine: a norm."""
    polynomial = sympy.Poly(sympy.expand(_summand(inner, moving)), component)
    if polynomial.degree() != 2 or not polynomial.LC().is_positive or sympy.expand(polynomial.discriminant()) != 0:
        raise Open(f"root of the sum of {polynomial.as_expr()}")
    return f"norm of something affine in {component}"


def _decided(property_id: str, single: sympy.Expr, component: sympy.Symbol, scene: Scene) -> Certificate:
    """The one-variable property of the separable part, for all values of everything else. A part that is missing is affine, and zero."""
    from lossgraph.verify.properties import DECIDERS, Case

    if component not in single.free_symbols and property_id not in {"strictly_convex", "strongly_convex"}:
        return {"constant": str(single)}
    others = tuple(entry for entry in scene.symbols() if entry[0] in single.free_symbols and entry[0] != component)
    domain = scene.domain(component)

    def attempt(space: Space, parts: tuple[Any, ...]) -> Certificate:
        outcome = DECIDERS[property_id](Case(parts[0], component, domain, space))
        if not outcome.holds:
            raise Undecided("the separable part does not have the property")
        return {"claims": outcome.claims, **({"constant": outcome.constant} if outcome.constant else {})}

    conditions = tuple(condition for condition in scene.conditions if condition.free_symbols <= {entry[0] for entry in others})
    return demand(over_cells(others, conditions, (single,), attempt))


def _symmetric(scene: Scene) -> Certificate:
    """Unchanged under a change of sign, or under swapping two variables whose domains and conditions are the same."""
    names, swapped = scene.question.asked(), scene.question.swapped()
    table = dict(scene.table)
    if swapped is None:
        if scene.question.conditions:
            raise Open("joint conditions")
        spans = scene.domain(scene.asked[0])
        mirrored = tuple(Interval(-span.upper, -span.lower, span.upper_open, span.lower_open) for span in reversed(spans))
        if mirrored != spans or names[0] in scene.question.simplices:
            raise Open("the domain is not symmetric")
        value = table[names[0]]
        table[names[0]] = tuple(-part for part in value) if isinstance(value, tuple) else -value
    else:
        first, second = swapped
        question = scene.question
        kinds = [(question.sets.get(name), question.lengths.get(name), name in question.simplices) for name in swapped]
        exchanged = {renamed(condition, {first: Name(second), second: Name(first)}) for condition in question.conditions}
        if kinds[0] != kinds[1] or exchanged != set(question.conditions):
            raise Open("the two variables have different domains")
        table[first], table[second] = table[second], table[first]
    return {"rule": "mirror", "claim": scene.demand(again(scene, table) - scene.expression, "= 0")}


RULES: dict[str, Callable[[Scene], Certificate]] = {
    "nonnegative": _nonnegative,
    "bounded_below": _bounded(-1),
    "bounded_above": _bounded(1),
    "continuous": lambda scene: {"rule": "continuous", **_continuous(scene)},
    "differentiable": _smooth,
    "continuously_differentiable": _smooth,
    "twice_continuously_differentiable": _smooth,
    "lipschitz": _lipschitz,
    "lipschitz_gradient": _lipschitz,
    "convex": _convex,
    "strictly_convex": _convex,
    "strongly_convex": _convex,
    "quasiconvex": _quasiconvex,
    "symmetric": _symmetric,
    "zero_at_target": at_target,
    "zero_only_at_target": zero_only_at_target,
    "proper": proper(strict=False),
    "strictly_proper": proper(strict=True),
}

