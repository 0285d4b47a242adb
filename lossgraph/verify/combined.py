"""Proofs for vectors of every length that look at one component of a whole sum: combinations of sums are one sum, whose sign is that of what it adds up.

sum(p**2) - 2*dot(p, g) + sum(g) is the sum of p**2 - 2*p*g + g, which is nonnegative; zero only where each component is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

import sympy

from lossgraph.formula.symbolic import to_sympy
from lossgraph.verify.everywhere import condition_holds, everywhere, lies_in
from lossgraph.verify.lengths import POSITIVE_RAY, RAY, part_sign, resolved
from lossgraph.verify.moments import MOMENTS, centred, moments
from lossgraph.verify.several_scene import Certificate, Open, Scene, again, demand
from lossgraph.verify.signs import Sign

NAME = "T{}_"


class Recombined:
    """The formula with combinations of sums as single sums of known sign. `parts` says what each new number adds up."""

    def __init__(self, scene: Scene, expression: sympy.Expr) -> None:
        self.scene = scene
        self.parts: dict[sympy.Symbol, sympy.Expr] = {}
        self.table = {unknown: part for part, (unknown, _) in scene.sums.unknowns.items()}
        numerator, denominator = sympy.fraction(sympy.together(expression))
        self.expression = self._walk(numerator) / self._walk(denominator)

    def symbols(self) -> Any:
        """Everything that claims are quantified over."""
        new = tuple((name, POSITIVE_RAY if name.is_positive else RAY) for name in self.parts)
        return (*self.scene.symbols(), *new)

    def texts(self) -> dict[str, str]:
        """What the new numbers mean."""
        return {str(name): f"sum of {part}" for name, part in self.parts.items()}

    def _walk(self, node: Any) -> Any:
        if not node.free_symbols & set(self.table):
            return node
        if node.is_Add or node in self.table:
            found = self._combined(sympy.expand(node))
            if found is not None:
                return found
        return node.func(*(self._walk(argument) for argument in node.args)) if node.args else node

    def _combined(self, node: Any) -> Any:
        """c*sum of h + constant, if a sum's terms have one sign together: the new number is that sum. None where they do not."""
        unknowns = [unknown for unknown in self.table if unknown in node.free_symbols]
        slopes = {unknown: sympy.expand(sympy.diff(node, unknown)) for unknown in unknowns}
        if any(slope.free_symbols & set(self.table) for slope in slopes.values()):
            return None
        constant = sympy.expand(node - sympy.Add(*(slope * unknown for unknown, slope in slopes.items())))
        part = sympy.Add(*(slope * self.table[unknown] for unknown, slope in slopes.items()))
        choices = [(part, constant)]
        if constant != 0:  # a number is that number times weights that sum to 1
            choices += [(part + constant * weight, sympy.Integer(0)) for weight in self.scene.sums.fixed]
        for (whole, rest), factor in product(choices, (1, -1)):
            sign = self._sign(sympy.expand(factor * whole))
            if sign in (Sign.POSITIVE, Sign.NONNEGATIVE):
                name = self._number(sympy.expand(factor * whole), positive=sign is Sign.POSITIVE)
                return factor * name + rest
        return None

    def _sign(self, part: Any) -> Sign | None:
        """The sign of a component; where it holds exp(u), also by exp(u) >= 1 + u."""
        symbols = (*self.scene.scalars, *self.scene.sums.components.items())
        lower = sympy.expand(sympy.Add(*(_tangent(term) for term in sympy.Add.make_args(part))))
        weaker = None if lower == part else part_sign(lower, symbols)
        return Sign.NONNEGATIVE if weaker in (Sign.POSITIVE, Sign.NONNEGATIVE, Sign.ZERO) else part_sign(sympy.factor(part), symbols)

    def _number(self, part: sympy.Expr, *, positive: bool) -> sympy.Symbol:
        known = next((name for name, other in self.parts.items() if other == part), None)
        if known is not None:
            return known
        made = sympy.Symbol(NAME.format(len(self.parts)), **({"positive": True} if positive else {"nonnegative": True}))
        self.parts[made] = part
        return made


def _tangent(term: Any) -> sympy.Expr:
    """1 + u in the place of exp(u), where a term is a positive number times it."""
    number, rest = term.as_coeff_Mul()
    factors = sympy.Mul.make_args(rest)
    if rest.is_number or not number.is_positive or not all(factor.func is sympy.exp for factor in factors):
        return term
    exponents: list[Any] = [factor.args[0] for factor in factors]
    return number * (1 + sympy.expand(sympy.Add(*exponents)))


def sign_claim(scene: Scene, expression: sympy.Expr, claim: str) -> Certificate:
    """The certificate of a claim about the formula, or about it with its sums combined: that first where a sum has no sign of its own. Raises `Open`."""
    table = moments(scene)
    if table is not None and expression.free_symbols & set(table):
        means = centred(expression, table)
        found = everywhere(means, claim, (*scene.symbols(), *MOMENTS), (*scene.conditions, *scene.sums.conditions()))
        if found.proved:
            return {**found.certificate, "moments": {str(name): str(value) for name, value in table.items()}}
    mixed = any(domain not in (POSITIVE_RAY, RAY) for unknown, domain in scene.sums.unknowns.values() if unknown in expression.free_symbols)
    plain = Open("not tried")
    if not mixed:
        try:
            return scene.demand(expression, claim)
        except Open as error:
            plain = error
    if scene.sums.components:
        whole = Recombined(scene, expression)
        found = everywhere(whole.expression, claim, whole.symbols(), (*scene.conditions, *scene.sums.conditions())) if whole.parts else None
        if found is not None and found.proved:
            return {**found.certificate, "combined": whole.texts()}
    if not mixed:
        raise plain
    return scene.demand(expression, claim)


def at_target(scene: Scene) -> Certificate:
    """The prediction can equal the target, and is zero there; or no value of the target is a number: a logit of 0 or 1."""
    target = scene.question.target()
    names = scene.question.asked()
    if target is None or len(names) != 1:
        raise Open("no single prediction and target")
    if scene.question.roles.get(names[0]) == "logit" and scene.question.roles and _hard(scene):
        return {"rule": "value at the target", "target": "outside"}
    noted: list[tuple[Any, Any]] = []
    value = to_sympy(*resolved(target, scene.table, scene.sums, frozenset(), noted))
    for guard, condition in noted:  # the logit of a target has no value at 0 and 1
        demand(condition_holds(condition, guard, scene.symbols(), scene.conditions))
    own = scene.table[names[0]]
    wanted = value if isinstance(value, tuple) or not isinstance(own, tuple) else (value,) * len(own)
    parts = wanted if isinstance(wanted, tuple) else (wanted,)
    inside = [demand(lies_in(part, scene.domain(name), scene.symbols(), scene.conditions)) for part, name in zip(parts, scene.asked, strict=True)]
    if names[0] in scene.question.simplices and not (isinstance(wanted, tuple) and wanted[0] in scene.sums.fixed):
        raise Open("the target may lie outside the simplex")
    at = {**scene.table, names[0]: wanted}
    return {"rule": "value at the target", "inside": inside[0] if len(inside) == 1 else {"claims": inside}, "claim": scene.demand(again(scene, at), "= 0")}


def _hard(scene: Scene) -> bool:
    """Whether every component of the target is 0 or 1."""
    name = next((name for name in (*scene.question.sets,) if scene.question.roles.get(name) == "target"), None)
    parts = scene.table.get(name or "", ())
    domains = [scene.domain(part) for part in (parts if isinstance(parts, tuple) else (parts,))]
    return bool(domains) and all(interval.lower == interval.upper and interval.lower in (0, 1) for domain in domains for interval in domain)


def zero_only_at_target(scene: Scene) -> Certificate:
    """Zero at the target; positive where one component of the prediction is above its target, and where one is below."""
    outside = at_target(scene)
    if scene.sums.components:
        return {**outside, "rule": "positive elsewhere", **_elsewhere(scene, outside)}
    claims = [scene.demand_where(scene.expression, "> 0", condition) for condition in _sides(scene)]
    return {**outside, "rule": "positive elsewhere", "claims": claims}


def _sides(scene: Scene) -> Iterator[Any]:
    """Each component above, and each below its target."""
    for name, wanted in scene.targets():
        yield name > wanted
        yield name < wanted


def _elsewhere(scene: Scene, outside: Certificate) -> Certificate:
    """The formula is positive as soon as one of the sums in it is, and in one of them each component away from its target adds something positive."""
    whole = Recombined(scene, scene.expression)
    moving = [name for name, part in whole.parts.items() if part.free_symbols & set(scene.asked)]
    chosen = [name for name in moving if not name.is_positive]
    everything = (*scene.conditions, *scene.sums.conditions())
    if outside.get("target") == "outside":
        return {"combined": whole.texts(), "claims": [demand(everywhere(whole.expression, "> 0", whole.symbols(), everything))]}
    claims: list[Certificate] = []
    used: list[sympy.Symbol] = []
    for name in chosen:
        made = sympy.Symbol(f"{name}p", positive=True)
        symbols = tuple((made, POSITIVE_RAY) if other == name else (other, domain) for other, domain in whole.symbols())
        found = everywhere(whole.expression.xreplace({name: made}), "> 0", symbols, everything)
        if found.proved:
            claims.append(dict(found.certificate))
            used.append(name)
    if not used:
        raise Open("no sum makes the formula positive")
    total = sympy.factor(sympy.Add(*(whole.parts[name] for name in used)))
    own = (*scene.scalars, *scene.sums.components.items())
    for side in _sides(scene):
        claims.append(demand(everywhere(total, "> 0", own, (side,))))
    return {"combined": whole.texts(), "positive": [str(name) for name in used], "claims": claims}


def proper(strict: bool) -> Callable[[Scene], Certificate]:
    """Outcomes are vectors with a single 1. The expected loss is the loss with the outcome's probabilities q in its place, where that is affine.

    loss(p, q) - loss(q, q) + m*(sum(p) - sum(q)) = sum of h(p_i, q_i), m a number: h >= 0, and > 0 where p_i is not q_i, for strictly proper.
    """

    def rule(scene: Scene) -> Certificate:
        question = scene.question
        outcome = next((name for name in question.variables if question.roles.get(name) == "outcome"), None)
        if outcome is None or len(scene.asked) != 1 or outcome not in question.lengths or not scene.sums.components:
            raise Open("no single prediction and outcome, both vectors")
        p, y = scene.asked[0], scene.table[outcome][0]
        if p not in scene.sums.fixed or y not in scene.sums.fixed or {p, y} - set(scene.sums.components):
            raise Open("prediction and outcome have to sum to 1")
        if not all(any(interval.lower <= value <= interval.upper for interval in scene.domain(y)) for value in (0, 1)) or _shut(scene, y):
            raise Open("an outcome is a vector with a single 1")
        part = _single(scene)
        part = part.replace(lambda node: isinstance(node, sympy.Pow) and node.base == y and node.exp.is_Integer and node.exp > 0, lambda node: y)
        if sympy.expand(sympy.diff(part, y, 2)) != 0:
            raise Open("not affine in the outcome")
        q = sympy.Symbol("q_i", **p.assumptions0)
        loss = part.subs(y, q)
        slope = sympy.simplify(sympy.diff(loss, p).subs(p, q))
        if slope.free_symbols & {p, q}:
            raise Open("the slope at the target is not the same for all components")
        gap = loss - loss.subs(p, q) - slope * (p - q)
        symbols = (*scene.scalars, (q, scene.domain(p)), (p, scene.domain(p)))
        claims = [demand(everywhere(gap, "> 0" if strict else ">= 0", symbols, (side,))) for side in (p > q, p < q)]
        return {"rule": "tangent", "multiplier": str(-slope), "component": str(gap), "claims": claims}

    return rule


def _shut(scene: Scene, name: sympy.Symbol) -> bool:
    """Whether 0 or 1 is missing in the set of a component."""
    domain = scene.domain(name)
    return any(
        not any((i.lower < value or (i.lower == value and not i.lower_open)) and (value < i.upper or (value == i.upper and not i.upper_open)) for i in domain)
        for value in (0, 1)
    )


def _single(scene: Scene) -> Any:
    """What the whole formula adds up, where it is a combination of sums. Raises `Open`."""
    table = {unknown: part for part, (unknown, _) in scene.sums.unknowns.items()}
    expression = sympy.expand(scene.expression)
    slopes = {unknown: sympy.expand(sympy.diff(expression, unknown)) for unknown in table if unknown in expression.free_symbols}
    if any(slope.free_symbols & set(table) for slope in slopes.values()):
        raise Open("not a combination of sums")
    rest = sympy.expand(expression - sympy.Add(*(slope * unknown for unknown, slope in slopes.items())))
    if rest.free_symbols & set(scene.sums.components):
        raise Open("not a combination of sums")
    return sympy.Add(*(slope * table[unknown] for unknown, slope in slopes.items()))
