"""Checks proofs term by term: a formula of one vector as a sum over components of one function, plus multiples of logsumexp and norm of something affine."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from itertools import pairwise
from typing import Any

from lossgraph.checker.cells import Span
from lossgraph.checker.claims import read_claims
from lossgraph.checker.composition import convex_domain
from lossgraph.checker.defined import check_defined, smooth
from lossgraph.checker.everywhere import cell_of, covered
from lossgraph.checker.expression import ZERO, Node, Unreadable, names, number, parse, substitute
from lossgraph.checker.minors import components_asked, moving_names
from lossgraph.checker.normal import differentiate, normal
from lossgraph.checker.polynomials import Generator, Number, Polynomial, Quotient
from lossgraph.checker.properties import RULES
from lossgraph.checker.ranges import ORDERS, constant_is
from lossgraph.checker.shape import Component, Piece, Shape, judge_by, less, resolve
from lossgraph.checker.signs import equal, expect_keys
from lossgraph.checker.space import MINUS_OO, OO, Interval, Space, structure
from lossgraph.checker.trees import monomial_tree, polynomial_tree, tree
from lossgraph.checker.vector_case import Case

SIGNED = frozenset({"convex", "strictly_convex", "strongly_convex"})
WITH_NORMS = SIGNED | {"lipschitz"}
LOGARITHM, NORM = "log of a sum of exponentials of {}", "norm of something affine in {}"


def termwise(case: Case) -> bool:
    """A sum over components of h has h's property in every component; logsumexp and norm of something affine are convex and Lipschitz, the first smooth too."""
    expect_keys(case.proof, {"kind", "rule", "formula", "component", "decided"}, {"sums", "claims", "special", "defined"})
    property_id, asked = case.certificate["property"], components_asked(case)
    if len(asked) != 1 or not set(case.known.asked) <= case.known.vectors:
        return False
    component = next(iter(asked))
    single, special = decomposed(case, component)
    if property_id in SIGNED and not convex_domain(case.known, case.domain.reader):
        return False
    if any(kind == NORM for _, kind in special) and property_id not in WITH_NORMS:
        return False
    return _specials_agree(case, component, special) and _same_component(case, component, single) and _decided(case, component, bool(special))


def decomposed(case: Case, component: str) -> tuple[Node, list[tuple[Node, str]]]:
    """What each component contributes, and the coefficients of the other terms, by kind. Raises `Unreadable` where a term is of neither sort."""
    sums, moving = case.basic(), moving_names(case)
    form = normal(case.own_formula(), sums.over().positive())
    divisor: Node = polynomial_tree(form.denominator)
    if names(divisor) & moving:
        raise Unreadable("a quotient")
    shares: list[Node] = [ZERO]
    special: list[tuple[Node, str]] = []
    for monomial, value in form.numerator.items():
        parts = [item for item in monomial if names(monomial_tree((item,))) & moving]
        if not parts:
            continue
        if len(parts) > 1:
            raise Unreadable("a product of terms")
        rest = tuple(item for item in monomial if item is not parts[0])
        coefficient: Node = ("mul", monomial_tree(rest, value), ("pow", divisor, number(-1)))
        generator, power = parts[0]
        if generator[0] == "symbol" and power == 1 and generator[1] in sums.found:
            shares.append(("mul", coefficient, sums.found[generator[1]]))
        else:
            special.append((coefficient, _kind(generator, power, component, case)))
    return ("add", *shares), special


def _kind(generator: Generator, power: Number, component: str, case: Case) -> str:
    """What a term is that is no sum. Raises `Unreadable` for what is neither the logarithm of a sum of exponentials nor a norm."""
    if power == 1 and generator[0] == "log" and _are_exponentials(Quotient(dict(generator[1]), dict(generator[2])), component, case):
        return LOGARITHM
    if power == Fraction(1, 2) and generator[0] in {"root", "symbol"}:
        base: Polynomial = dict(generator[1]) if generator[0] == "root" else {((generator, Fraction(1)),): Fraction(1)}
        if _is_square(base, component, case):
            return NORM
    raise Unreadable("a term that is neither a sum, nor a logarithm of exponentials, nor a norm")


def _shares(base: Polynomial, case: Case) -> list[tuple[Node, Node]]:
    """A combination of sums as pairs of a coefficient and what is added up. Raises `Unreadable` for anything else."""
    moving, found = moving_names(case), case.basic().found
    pairs: list[tuple[Node, Node]] = []
    for monomial, value in base.items():
        parts = [item for item in monomial if item[0][0] == "symbol" and item[0][1] in found and item[1] == 1]
        rest = tuple(item for item in monomial if item not in parts)
        if len(parts) != 1 or names(monomial_tree(rest)) & moving:
            raise Unreadable("no combination of sums")
        pairs.append((monomial_tree(rest, value), found[parts[0][0][1]]))
    return pairs


def _are_exponentials(inner: Quotient, component: str, case: Case) -> bool:
    """Whether something is a combination with positive coefficients of sums of C*exp(k*x), C > 0 and k not depending on x, over a number."""
    space = case.basic().over()
    if names(polynomial_tree(inner.denominator)) & moving_names(case):
        return False
    for coefficient, part in _shares(inner.numerator, case):
        rate = tree(normal(("mul", differentiate(part, component), ("pow", part, number(-1))), space.positive()))
        if component in names(rate) or structure(coefficient, space) != "+" or structure(part, space) != "+":
            return False
    return True


def _is_square(base: Polynomial, component: str, case: Case) -> bool:
    """Whether a combination of sums adds up c*(x - r)**2, c > 0 and r not depending on x: then t'' is constant and positive, and t'**2 = 2*t*t''."""
    space = case.basic().over()
    whole: Node = ("add", ZERO, *(("mul", coefficient, part) for coefficient, part in _shares(base, case)))
    first = differentiate(whole, component)
    second = differentiate(first, component)
    flat = equal(differentiate(second, component), ZERO, space)
    gap: Node = ("add", ("pow", first, number(2)), ("neg", ("mul", number(2), whole, second)))
    return flat and equal(gap, ZERO, space) and structure(tree(normal(second, space.positive())), space) == "+"


def _specials_agree(case: Case, component: str, special: list[tuple[Node, str]]) -> bool:
    """Whether the certificate names the same terms, with coefficients that are nonnegative where that matters."""
    shown = case.proof.get("special", [])
    claims = case.proof.get("claims", [])
    signed = case.certificate["property"] in SIGNED
    if len(shown) != len(special) or len(claims) != (len(shown) if signed else 0):
        return False
    left, space = list(special), case.basic().over()
    for place, entry in enumerate(shown):
        expect_keys(entry, {"coefficient", "of"})
        stated = case.own(parse(entry["coefficient"]))
        match = next((item for item in left if entry["of"] == item[1].format(component) and equal(item[0], stated, space)), None)
        if match is None or (signed and not case.shows(match[0], ">= 0", claims[place])):
            return False
        left.remove(match)
    return True


def _same_component(case: Case, component: str, single: Node) -> bool:
    """Whether the certificate's function of one component is the one found here, up to what does not depend on the component, or is linear in it.

    What is linear changes none of these properties; components that sum to 1 bring such terms, whose sum is a number.
    """
    space = case.basic().over()
    gap = normal(("add", case.own(parse(case.proof["component"])), ("neg", single)), space.positive())
    if gap.is_zero() or component not in names(tree(gap)):
        return True
    slope = normal(differentiate(tree(gap), component), space.positive())
    return case.certificate["constant"] is None and component not in names(tree(slope))


def _decided(case: Case, component: str, special: bool) -> bool:
    """Whether the function of one component has the property, for all values of everything else."""
    property_id, decided = case.certificate["property"], case.proof["decided"]
    stated = parse(case.proof["component"])
    if "constant" in decided:
        expect_keys(decided, {"constant"})
        plain = component not in names(stated) and property_id not in {"strictly_convex", "strongly_convex"}
        return plain and case.certificate["constant"] is None and equal(parse(decided["constant"]), stated, case.basic().over())
    expect_keys(decided, {"cells"})
    field = case.field()
    if not decided["cells"] or not covered(decided["cells"], names(stated), field, component):
        return False
    return all(_cell(case, component, stated, cell) for cell in decided["cells"]) and _constant(case, component, special)


def _cell(case: Case, component: str, stated: Node, cell: Mapping[str, Any]) -> bool:
    expect_keys(cell, {"cell", "claims"}, {"constant"})
    space, fixed = cell_of(cell["cell"])
    expression = substitute(stated, fixed)
    members = case.field().sets[component]
    ends = {parse(claim[end]) for claim in cell["claims"] for end in ("lower", "upper") if end in claim}
    shape = _shape(expression, component, members, space, ends)
    facts = read_claims(cell["claims"], shape)
    property_id = case.certificate["property"]
    if not RULES[property_id](shape, facts, True):
        return False
    return "constant" not in cell or (property_id in ORDERS and constant_is(property_id, cell["constant"], facts, fixed))


def _shape(expression: Node, component: str, members: list[Span], space: Space, ends: set[Node]) -> Shape:
    """The shape of the function, cut at the ends that the claims speak of: between two of them it is analytic, its Abs and the like resolved by the form."""
    components: list[Component] = []
    for lower, upper, lower_open, upper_open in members:
        inside = [end for end in ends if end not in (OO, MINUS_OO, lower, upper) and less(lower, end, space) and less(end, upper, space)]
        cuts = [lower, *sorted(inside, key=lambda end: sum(less(other, end, space) for other in inside)), upper]
        if lower != upper and not all(less(first, second, space) for first, second in pairwise(cuts)):
            raise Unreadable("the ends of the claims are out of order")
        pieces = [_piece(expression, component, first, second, space) for first, second in pairwise(cuts)] if lower != upper else []
        points: list[tuple[Node, Node] | None] = []
        for place, end in enumerate(cuts if pieces else [lower]):
            missing = (place == 0 and lower_open) or (place == len(pieces) and upper_open)
            points.append(None if missing else (end, _value(substitute(expression, {component: end}), space)))
        components.append(Component(tuple(pieces), tuple(points)))
    return Shape(component, space, tuple(components))


def _piece(expression: Node, component: str, lower: Node, upper: Node, space: Space) -> Piece:
    over = space.extended(component, Interval(lower, upper))
    found = resolve(expression, judge_by([], over))
    smooth(found, over)
    short = tree(normal(found, over.positive()))  # without terms that cancel, such as those of a coefficient that the cell makes 0
    try:
        smooth(short, over)
    except Unreadable:
        short = found
    return Piece(lower, upper, short)


def _value(node: Node, space: Space) -> Node:
    found = resolve(node, judge_by([], space))
    check_defined(found, space)
    return found


def _constant(case: Case, component: str, special: bool) -> bool:
    """The best constant of the whole: that of h, for Lipschitz times the root of the length, where the components are free of each other and of all data."""
    text = case.certificate["constant"]
    if text is None:
        return True
    inner = {cell.get("constant") for cell in case.proof["decided"]["cells"]}
    own = parse(inner.pop() or "") if len(inner) == 1 else None
    if own is None or special or case.known.conditions or case.known.simplices or names(own) & {component, *case.shown, *_components(case)}:
        return False
    length = next(iter(case.known.named_lengths))
    wanted: Node = ("mul", own, ("pow", ("name", length), number(Fraction(1, 2)))) if case.certificate["property"] == "lipschitz" else own
    return normal(parse(text), frozenset({length})).equals(normal(wanted, frozenset({length})))


def _components(case: Case) -> set[str]:
    return {f"{name}_i" for name in case.known.vectors}
