"""The checker's normal form: quotients of Laurent polynomials with exact coefficients in generators, so that equality is a finite comparison.

A generator is a symbol, exp(term), base**term, log(base), a root of a sum, or another function of a normal form. Exponents are fractions. The rules used are
exp(a + b) = exp(a)*exp(b); exp(c*log(p)) = p**c; log(p*q) = log(p) + log(q) and (p*q)**c = p**c*q**c only where p and q are known to be positive; a root to the
power n is what stands under it; cosh, sinh, tanh and tan by exp, sin and cos; erfc = 1 - erf. `positive` names the symbols that are known to be positive.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from functools import lru_cache
from typing import Any

from lossgraph.checker.cancel import reduced
from lossgraph.checker.expression import Node, Unreadable
from lossgraph.checker.polynomials import (
    MAX_POWER,
    UNIT,
    Generator,
    Monomial,
    Number,
    Polynomial,
    Quotient,
    add_polynomials,
    constant,
    exact,
    first_monomial,
    is_quotient_key,
    key_of,
    merge,
    multiply_polynomials,
    order,
    quotient_of,
    sorted_monomial,
    sorted_terms,
)

MAX_ROOT_TERMS = 6


@lru_cache(maxsize=50_000)
def normal(node: Node, positive: frozenset[str] = frozenset()) -> Quotient:
    """The normal form of a tree without Piecewise, Abs, Max, Min, sign or the like. Raises `Unreadable` for what it has no rule for."""
    match node[0]:
        case "number":
            return constant(node[1])
        case "name":
            if node[1] in {"oo", "True", "False"}:
                raise Unreadable(f"{node[1]} is not a number")
            return _generator(("exp", _one()) if node[1] == "E" else ("pi",) if node[1] == "pi" else ("symbol", node[1]))
        case "add":
            return _total(normal(child, positive) for child in node[1:])
        case "mul":
            result = constant(1)
            for child in node[1:]:
                result = result * normal(child, positive)
            return result
        case "neg":
            return -normal(node[1], positive)
        case "pow":
            return _power(normal(node[1], positive), normal(node[2], positive), positive)
        case "exp":
            return exponential(normal(node[1], positive), positive)
        case "log":
            return logarithm(normal(node[1], positive), positive)
        case "cosh" | "sinh" | "tanh":
            return _hyperbolic(node[0], normal(node[1], positive), positive)
        case "tan":
            inner = normal(node[1], positive)
            return special_function("sin", inner) * special_function("cos", inner).inverse()
        case "erfc":
            return constant(1) + -special_function("erf", normal(node[1], positive))
        case "sin" | "cos" | "asin" | "acos" | "atan" | "erf" | "loggamma" | "gamma":
            return special_function(node[0], normal(node[1], positive))
        case "digamma":
            return _generator(("polygamma", constant(0).key(), normal(node[1], positive).key()))
        case "polygamma":
            return _generator(("polygamma", normal(node[1], positive).key(), normal(node[2], positive).key()))
        case "Abs":
            inner = normal(node[1], positive)
            lead = inner.numerator[first_monomial(inner.numerator)] if inner.numerator else 1
            return _generator(("Abs", (inner if lead > 0 else -inner).key()))  # Abs(-u) is Abs(u)
        case "Max" | "Min":
            return _generator((node[0], *sorted((normal(child, positive).key() for child in node[1:]), key=order)))
        case "Piecewise":
            return _generator(("Piecewise", *((normal(value, positive).key(), condition_key(condition, positive)) for _, value, condition in node[1:])))
        case _:
            raise Unreadable(f"{node[0]} has no normal form")


def condition_key(node: Node, positive: frozenset[str]) -> Any:
    """A hashable form of a condition: comparisons by the normal form of their difference."""
    if node[0] == "name":
        return node
    if node[0] in {"and", "or", "not"}:
        return (node[0], *(condition_key(child, positive) for child in node[1:]))
    operator, left, right = node
    if operator in {">", ">="}:
        operator, left, right = {">": "<", ">=": "<="}[operator], right, left
    gap = normal(("add", left, ("neg", right)), positive)
    if operator in {"==", "!="} and gap.numerator and gap.numerator[first_monomial(gap.numerator)] < 0:
        gap = -gap  # a == b is b == a
    return (operator, gap.key())


def _one() -> Any:
    return ()


def _total(parts: Iterable[Quotient]) -> Quotient:
    """The sum: of polynomials in one go, of quotients one by one."""
    polynomial: Polynomial = {}
    quotients: list[Quotient] = []
    for part in parts:
        if part.denominator is not UNIT:
            quotients.append(part)
            continue
        polynomial = add_polynomials(polynomial, part.numerator) if polynomial else part.numerator
    result = Quotient(polynomial)
    for part in quotients:
        result = result + part
    return result


def _generator(generator: Generator, power: Number = 1) -> Quotient:
    return Quotient({((generator, exact(power)),): 1})


_ODD = frozenset({"sin", "asin", "atan", "erf"})
_AT_HALF_TURNS = {"sin": (0, 1, 0, -1), "cos": (1, 0, -1, 0)}


def special_function(name: str, inner: Quotient) -> Quotient:
    """A function of a normal form: odd and even ones of the form whose first coefficient is positive; loggamma(1), sin(pi/2) and the like are numbers."""
    value = inner.rational()
    if value == 0 and name in {"cos", *_ODD}:
        return constant(int(name == "cos"))
    if name == "loggamma" and value in {1, 2}:
        return constant(0)
    if name in _AT_HALF_TURNS:
        halves = (inner * _generator(("pi",), -1)).rational()
        if halves is not None and (2 * halves).denominator == 1:
            return constant(_AT_HALF_TURNS[name][int(2 * halves) % 4])
    if name == "atan" and len(inner.numerator) == 1 and (angle := _angle(inner)) is not None:
        return constant(angle)
    if name in {"cos", *_ODD} and inner.numerator:
        lead = inner.numerator[first_monomial(inner.numerator)]
        if inner.denominator is not UNIT and inner.denominator[first_monomial(inner.denominator)] < 0:
            lead = -lead
        if lead < 0:
            other = _generator((name, (-inner).key()))
            return other if name == "cos" else -other
    return _generator((name, inner.key()))


def _angle(tangent: Quotient) -> Fraction | None:
    """u where a form is tan(u), u a number between -3/2 and 3/2."""
    ((monomial, value),) = tangent.numerator.items()
    powers = {generator[0]: (generator, power) for generator, power in monomial}
    if tangent.denominator is not UNIT or abs(value) != 1 or set(powers) != {"sin", "cos"} or len(monomial) != 2:
        return None
    (sine, one), (cosine, other) = powers["sin"], powers["cos"]
    angle = Quotient(dict(sine[1][0]), dict(sine[1][1])).rational()
    fits = (one, other) == (1, -1) and sine[1] == cosine[1] and angle is not None and abs(angle) <= Fraction(3, 2)
    return angle * value if fits and angle is not None else None


def _hyperbolic(name: str, inner: Quotient, positive: frozenset[str]) -> Quotient:
    up, down = exponential(inner, positive), exponential(-inner, positive)
    if name == "cosh":
        return (up + down) * constant(Fraction(1, 2))
    if name == "sinh":
        return (up + -down) * constant(Fraction(1, 2))
    return (up + -down) * (up + down).inverse()


def exponential(inner: Quotient, positive: frozenset[str]) -> Quotient:
    """exp of a normal form: a product over the terms, exp(c*log(p)) = p**c."""
    if inner.denominator != UNIT:
        return _generator(("exp", inner.key()))
    result = constant(1)
    for monomial, value in sorted_terms(inner.numerator):
        logs = [generator for generator, power in monomial if generator[0] == "log" and power == 1]
        if len(logs) == 1:
            rest = tuple(item for item in monomial if item[0] != logs[0])
            result = result * _power(_base(logs[0]), Quotient({rest: value}), positive)
        else:
            result = result * _generator(("exp", monomial), value)
    return result


def exponents_split(polynomial: Polynomial, positive: frozenset[str]) -> Quotient | None:
    """The polynomial with exponentials of quotients as products, exp(x*y/(1 + y)) as exp(x)*exp(-x/(1 + y)); None where there are none."""
    quotients = {generator for monomial in polynomial for generator, _ in monomial if generator[0] == "exp" and is_quotient_key(generator[1])}
    if not quotients:
        return None
    inner = {generator: Quotient(dict(generator[1][0]), dict(generator[1][1])) for generator in quotients}
    total = Quotient({})
    for monomial, value in polynomial.items():
        term = Quotient({tuple(item for item in monomial if item[0] not in quotients): value})
        for generator, power in monomial:
            if generator in quotients:
                term = term * exponential(_with_reciprocal(inner[generator] * constant(power)), positive)
        total = total + term
    return total


def _base(log: Generator) -> Quotient:
    """What a log generator is the logarithm of."""
    return Quotient(dict(log[1]), dict(log[2]))


def logarithm(inner: Quotient, positive: frozenset[str]) -> Quotient:
    """log of a normal form (which must be positive where the formula has a value): known positive factors come out of it."""
    if not inner.numerator:
        raise Unreadable("log(0)")
    inner = _turned(inner)
    if set(inner.numerator) == {()} and inner.denominator != UNIT:  # log(1/b) = -log(b): b has to be positive for either to be
        return logarithm(Quotient(inner.numerator), positive) + -logarithm(Quotient(inner.denominator), positive)
    content, common, rest = _content(inner, positive)
    result = constant(0)
    for prime, power in _primes(content):
        result = result + _generator(("log", key_of({(): prime}), key_of(UNIT))) * constant(power)
    for generator, power in common:
        result = result + _log_of_generator(generator) * constant(power)
    if rest is None:
        return result
    parts = (rest.numerator, rest.denominator)
    if rest.denominator is not UNIT and any(_surely_positive(part, positive) for part in parts):  # then both are, where the quotient is
        above, below = (Quotient({}) if part == UNIT else _generator(("log", key_of(part), key_of(UNIT))) for part in parts)
        return result + above + -below
    return result + _generator(("log", key_of(rest.numerator), key_of(rest.denominator)))


def _turned(form: Quotient) -> Quotient:
    """The quotient in lower terms, -1/b written as 1/(-b): both halves are positive where the whole is."""
    form = reduced(form)
    negative = form.denominator != UNIT and set(form.numerator) == {()} and form.numerator[()] < 0
    return Quotient((-Quotient(form.numerator)).numerator, (-Quotient(form.denominator)).numerator) if negative else form


def _surely_positive(polynomial: Polynomial, positive: frozenset[str]) -> bool:
    """Whether all terms are: positive coefficients, and generators that are positive."""
    return all(value > 0 and all(_positive(generator, positive) for generator, _ in monomial) for monomial, value in polynomial.items())


def _log_of_generator(generator: Generator) -> Quotient:
    if generator[0] == "exp":
        if is_quotient_key(generator[1]):
            return Quotient(dict(generator[1][0]), dict(generator[1][1]))
        return Quotient({generator[1]: 1})
    if generator[0] == "power":
        base, term = generator[1], generator[2]
        return Quotient({term: 1}) * _generator(("log", base, key_of(UNIT)))
    if generator[0] == "root":
        return _generator(("log", generator[1], key_of(UNIT)))
    return _generator(("log", key_of({((generator, 1),): 1}), key_of(UNIT)))


def _content(inner: Quotient, positive: frozenset[str]) -> tuple[Fraction, Monomial, Quotient | None]:
    """A positive rational content, the common positive monomial, and what is left (None where it is 1)."""
    top, top_lead, common = _primitive(inner.numerator, positive)
    if inner.denominator is UNIT:
        return top_lead, common, None if top == UNIT else Quotient(top)
    bottom, bottom_lead, below = _primitive(inner.denominator, positive)
    joined, _ = merge(common, tuple((generator, -power) for generator, power in below))
    return top_lead / bottom_lead, joined, None if top == bottom else Quotient(top, bottom)


def without_positive_factors(form: Quotient, positive: frozenset[str]) -> Quotient:
    """A form (which is not 0) without factors that are positive: numbers, monomials, a divisor whose terms all are. What is left has its sign everywhere."""
    top, bottom = (_primitive(part, positive)[0] for part in (form.numerator, form.denominator))
    return Quotient(top) if _surely_positive(bottom, positive) else Quotient(top, bottom)


def _primitive(polynomial: Polynomial, positive: frozenset[str]) -> tuple[Polynomial, Fraction, Monomial]:
    """A polynomial divided by a positive number, the size of its first coefficient, and by the positive monomial that divides each term."""
    powers: dict[Generator, Number] = {}
    for generator in {generator for monomial in polynomial for generator, _ in monomial}:
        least = min(dict(monomial).get(generator, 0) for monomial in polynomial)
        if least and _positive(generator, positive):
            powers[generator] = least
    common = sorted_monomial(powers.items())
    divided = multiply_polynomials(polynomial, {tuple((generator, -power) for generator, power in common): 1})
    lead = Fraction(abs(divided[first_monomial(divided)]))
    return {monomial: quotient_of(value, lead) for monomial, value in divided.items()}, lead, common


def _positive(generator: Generator, positive: frozenset[str]) -> bool:
    return generator[0] in {"exp", "power", "root", "pi"} or (generator[0] == "symbol" and generator[1] in positive)


def _primes(value: Fraction) -> list[tuple[int, int]]:
    """The prime powers of a positive rational; a large leftover stands as one factor."""
    found: list[tuple[int, int]] = []
    for sign, whole in ((1, value.numerator), (-1, value.denominator)):
        divisor = 2
        while divisor * divisor <= whole and divisor < 10_000:
            count = 0
            while whole % divisor == 0:
                whole, count = whole // divisor, count + 1
            if count:
                found.append((divisor, sign * count))
            divisor += 1
        if whole > 1:
            found.append((whole, sign))
    return found


def _power(base: Quotient, exponent: Quotient, positive: frozenset[str]) -> Quotient:
    value = exponent.rational()
    if value is not None and value.denominator == 1 and abs(value) <= MAX_POWER:
        return base.power(int(value))
    if not base.numerator:
        if value is not None and value <= 0:
            raise Unreadable("a power of 0")
        return constant(0)  # where it has a value: the exponent is then positive (`defined`)
    if exponent.denominator != UNIT:
        exponent = _with_reciprocal(exponent)
    base = _turned(base)
    if base.denominator != UNIT:
        return _power(Quotient(base.numerator), exponent, positive) * _power(Quotient(base.denominator), -exponent, positive)
    content, common, rest = _content(base, positive)
    result = constant(1)
    for monomial, factor in sorted_terms(exponent.numerator):
        for prime, count in _primes(content):
            result = result * _one_power(key_of({(): prime}), monomial, factor * count)
        for generator, power in common:
            result = result * _generator_power(generator, power * factor, monomial, positive)
        if rest is not None:
            result = result * _power_of_sum(rest.numerator, monomial, factor, positive)
            if rest.denominator != UNIT:
                result = result * _power_of_sum(rest.denominator, monomial, -factor, positive)
    return result


def _power_of_sum(polynomial: Polynomial, monomial: Monomial, factor: Number, positive: frozenset[str]) -> Quotient:
    """A power of a sum; half a power of the square of what is surely positive is a whole power of that."""
    if not monomial and factor.denominator == 2 and len(polynomial) > 2:
        lead = Fraction(polynomial[largest(polynomial)])
        root = square_root({term: quotient_of(value, lead) for term, value in polynomial.items()}) if lead > 0 else None
        if root is not None and _surely_positive(root, positive):
            return _power(constant(lead), constant(factor), positive) * Quotient(root).power(int(2 * factor))
    return _one_power(key_of(polynomial), monomial, factor)


def square_root(polynomial: Polynomial) -> Polynomial | None:
    """The polynomial whose largest term has the coefficient 1, like that of this one, and of which this is the square; None where none is found."""
    larger = _by_powers(polynomial)
    first = _root_of_monomial(max(polynomial, key=larger))
    if first is None:
        return None
    root: Polynomial = {first: 1}
    for _ in range(MAX_ROOT_TERMS):
        rest = add_polynomials(polynomial, {monomial: -value for monomial, value in multiply_polynomials(root, root).items()})
        if not rest:
            return root
        lead = max(rest, key=larger)
        factor = _divided(lead, first)
        if factor is None or factor in root:
            return None
        root = {**root, factor: quotient_of(rest[lead], 2)}
    return None


def _by_powers(polynomial: Polynomial) -> Callable[[Monomial], tuple[Number, ...]]:
    """An order of monomials that products keep: by the power of one generator after the other."""
    generators = sorted({generator for monomial in polynomial for generator, _ in monomial}, key=order)
    return lambda monomial: tuple(dict(monomial).get(generator, 0) for generator in generators)


def largest(polynomial: Polynomial) -> Monomial:
    """The largest monomial of a polynomial."""
    return max(polynomial, key=_by_powers(polynomial))


def _root_of_monomial(monomial: Monomial) -> Monomial | None:
    """The monomial of symbols whose square this is."""
    even = all(generator[0] == "symbol" and power > 0 and power % 2 == 0 for generator, power in monomial)
    return tuple((generator, exact(Fraction(power, 2))) for generator, power in monomial) if even else None


def _with_reciprocal(form: Quotient) -> Quotient:
    """A quotient as a polynomial part and a remainder times the reciprocal of the divisor, which is taken as one generator: alike for equal quotients."""
    lead = max(form.denominator, key=_degree)
    scale = form.denominator[lead]
    divisor = {monomial: quotient_of(value, scale) for monomial, value in form.denominator.items()}
    rest = {monomial: quotient_of(value, scale) for monomial, value in form.numerator.items()}
    whole: Polynomial = {}
    for _ in range(MAX_POWER):
        found = next((factor for monomial in sorted(rest, key=_degree, reverse=True) if (factor := _divided(monomial, lead)) is not None), None)
        if found is None:
            break
        factor, value = found, rest[merge(found, lead)[0]]
        whole = add_polynomials(whole, {factor: value})
        rest = add_polynomials(rest, {monomial: -part for monomial, part in multiply_polynomials(divisor, {factor: value}).items()})
    reciprocal = _generator(("over", key_of(divisor)))
    return Quotient(whole) + Quotient(rest) * reciprocal


def _degree(monomial: Monomial) -> tuple[Number, str]:
    return sum(power for _, power in monomial), order(monomial)


def _divided(monomial: Monomial, other: Monomial) -> Monomial | None:
    """monomial / other where that has no negative powers."""
    powers = dict(monomial)
    for generator, power in other:
        powers[generator] = exact(powers.get(generator, 0) - power)
    return sorted_monomial((generator, power) for generator, power in powers.items() if power) if all(power >= 0 for power in powers.values()) else None


def _generator_power(generator: Generator, power: Number, monomial: Monomial, positive: frozenset[str]) -> Quotient:
    """(generator**power)**monomial for a positive generator."""
    if not monomial:
        return _generator(generator, power)
    if generator[0] == "exp":
        return exponential(_log_of_generator(generator) * Quotient({monomial: exact(power)}), positive)
    if generator[0] == "power":
        merged, extra = merge(generator[2], monomial)
        if extra is None:
            return _one_power(generator[1], merged, power)
    if generator[0] == "root":
        return _one_power(generator[1], monomial, power)
    return _one_power(key_of({((generator, 1),): 1}), monomial, power)


_UNIT = key_of(UNIT)


def _one_power(base: Any, monomial: Monomial, factor: Number) -> Quotient:
    """base**(factor*monomial); a rational power of a single generator or a sum is a root."""
    if base == _UNIT:
        return constant(1)
    if monomial:
        return _generator(("power", base, monomial), factor)
    polynomial: Polynomial = dict(base)
    if len(polynomial) == 1:
        ((only, coefficient),) = polynomial.items()
        # (x**2)**(1/2) is not x: powers are multiplied only where the generator is positive, or where the base is the generator itself
        if coefficient == 1 and len(only) == 1 and (only[0][1] == 1 or _positive(only[0][0], frozenset())):
            return _generator(only[0][0], only[0][1] * factor)
    whole = factor.numerator // factor.denominator
    left = factor - whole
    result = Quotient(polynomial).power(whole) if whole else constant(1)
    return result * _generator(("root", base), left) if left else result


def differentiate(node: Node, name: str) -> Node:
    """The derivative of a tree without kinks by `name`. Raises `Unreadable` for what it has no rule for."""
    from lossgraph.checker.expression import ONE, ZERO, names, number

    if name not in names(node):
        return ZERO
    if node[0] == "name":
        return ONE
    children = node[1:]
    if node[0] == "add":
        return ("add", *(differentiate(child, name) for child in children))
    if node[0] == "neg":
        return ("neg", differentiate(node[1], name))
    if node[0] == "mul":
        terms = [("mul", *(differentiate(child, name) if j == i else child for j, child in enumerate(children))) for i in range(len(children))]
        return ("add", *terms)
    if node[0] == "pow":
        base, exponent = children
        if name not in names(exponent):
            lowered = number(exponent[1] - 1) if exponent[0] == "number" else ("add", exponent, number(-1))
            return ("mul", exponent, ("pow", base, lowered), differentiate(base, name))
        inner = ("add", ("mul", differentiate(exponent, name), ("log", base)), ("mul", exponent, differentiate(base, name), ("pow", base, number(-1))))
        return ("mul", node, inner)
    rule = _DERIVATIVES.get(node[0])
    if rule is None:
        raise Unreadable(f"{node[0]} has no derivative here")
    return ("mul", rule(node[-1], node), differentiate(node[-1], name))


def _number(value: int) -> Node:
    return ("number", Fraction(value))


_HALF = ("number", Fraction(1, 2))
_DERIVATIVES: Mapping[str, Any] = {
    "exp": lambda u, node: node,
    "log": lambda u, _: ("pow", u, _number(-1)),
    "sin": lambda u, _: ("cos", u),
    "cos": lambda u, _: ("neg", ("sin", u)),
    "tan": lambda u, node: ("add", _number(1), ("pow", node, _number(2))),
    "sinh": lambda u, _: ("cosh", u),
    "cosh": lambda u, _: ("sinh", u),
    "tanh": lambda u, node: ("add", _number(1), ("neg", ("pow", node, _number(2)))),
    "asin": lambda u, _: ("pow", ("add", _number(1), ("neg", ("pow", u, _number(2)))), ("neg", _HALF)),
    "acos": lambda u, _: ("neg", ("pow", ("add", _number(1), ("neg", ("pow", u, _number(2)))), ("neg", _HALF))),
    "atan": lambda u, _: ("pow", ("add", _number(1), ("pow", u, _number(2))), _number(-1)),
    "erf": lambda u, _: ("mul", _number(2), ("pow", ("name", "pi"), ("neg", _HALF)), ("exp", ("neg", ("pow", u, _number(2))))),
    "erfc": lambda u, _: ("neg", ("mul", _number(2), ("pow", ("name", "pi"), ("neg", _HALF)), ("exp", ("neg", ("pow", u, _number(2)))))),
    "loggamma": lambda u, _: ("polygamma", _number(0), u),
    "digamma": lambda u, _: ("polygamma", _number(1), u),
    "polygamma": lambda u, node: ("polygamma", ("add", node[1], _number(1)), u),
}
