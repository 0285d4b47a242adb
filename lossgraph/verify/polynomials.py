"""The normal form of a smooth expression: a quotient of polynomials (python-flint) in generators such as x, exp(x), log(1 + x) and (1 + x**2)**s.

Equal expressions get equal normal forms wherever the rules of exponents and logarithms suffice: zero tests and factors come from polynomial arithmetic alone.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import sympy

from lossgraph.verify.balls import Formula, number_sign
from lossgraph.verify.ring import Generator, Normal, NotNormal, Ring, rational, reduced
from lossgraph.verify.space import Space
from lossgraph.verify.structure import NEGATIVE, POSITIVE, structural_sign


@lru_cache(maxsize=50000)
def text(expression: Formula) -> str:
    """str(expression), remembered: printing is what costs most in a search, and names order everything."""
    return str(expression)


@lru_cache(maxsize=20000)
def normal(expression: Formula, space: Space) -> Normal:
    """The normal form of `expression`, which must be defined on `space` (logarithms and roots of positive things). Raises `NotNormal`."""
    return _Builder(space).build(expression)


def simplified(expression: Formula, space: Space) -> Formula:
    """The normal form as an expression, numerator and denominator factored; the expression itself where it has no normal form."""
    try:
        form = normal(expression, space)
    except NotNormal:
        return expression
    result = sympy.Integer(1)
    for polynomial, direction in ((form.numerator, 1), (form.denominator, -1)):
        content, factors = form.factors(polynomial)
        result *= content**direction
        for factor, power in factors:
            result *= form.expression(factor) ** (direction * power)
    return result


def tidy(expression: Formula, space: Space) -> Formula:
    """`simplified`, without roots of numbers in denominators; for values that people read."""
    result = simplified(expression, space)
    roots = [node for node in result.atoms(sympy.Pow) if node.exp.is_Rational and not node.exp.is_Integer]
    if not roots or len(roots) > 3 or sympy.count_ops(result) > 60 or any(node.exp.q != 2 or not node.base.is_Rational for node in roots):
        return result
    shorter = sympy.factor_terms(sympy.radsimp(result))
    return shorter if sympy.count_ops(shorter) < sympy.count_ops(result) and proved_zero(shorter - result, space) else result


def proved_zero(expression: Formula, space: Space) -> bool:
    """True where the normal form of a defined expression is zero."""
    try:
        return bool(normal(expression, space).numerator.is_zero())
    except NotNormal:
        return False


def terms(expression: Formula, space: Space) -> list[tuple[Formula, Formula]]:
    """`expression` as a sum of rational * monomial, over generators, with a constant split off quotients; used for exponents."""
    form = normal(expression, space)
    result: dict[Formula, Formula] = {}

    def put(polynomial: Any, below: Any) -> None:
        for monomial, coefficient in polynomial.to_dict().items():
            term = polynomial.context().from_dict({monomial: 1})
            common = term.gcd(below)
            content, lower = form.factors(below / common)
            meaning = form.expression(term / common) / sympy.Mul(*[form.expression(factor) ** power for factor, power in lower])
            result[meaning] = result.get(meaning, sympy.Integer(0)) + rational(coefficient) / content

    quotient, remainder = divmod(form.numerator, form.denominator)
    one = form.denominator * 0 + 1
    if not form.denominator.is_constant() and len(form.denominator.to_dict()) > 1:
        put(quotient, one)
        put(remainder, form.denominator)
    else:
        put(form.numerator, form.denominator)
    return sorted(((coefficient, term) for term, coefficient in result.items() if coefficient != 0), key=lambda item: text(item[1]))


class _Builder:
    """Collects generators while it rewrites an expression over them; one use each."""

    def __init__(self, space: Space) -> None:
        self.space = space
        self.meanings: dict[sympy.Symbol, Formula] = {}
        self.names: dict[Formula, sympy.Symbol] = {}
        self.polynomial_bases: dict[sympy.Symbol, Formula] = {}

    def build(self, expression: Formula) -> Normal:
        """Rewrites, makes fractional powers whole, and evaluates in the polynomial ring."""
        tree = self.tree(expression)
        roots = self._root_degrees([tree, *self.polynomial_bases.values()])
        whole = {symbol: base for symbol, base in self.polynomial_bases.items() if symbol not in roots}
        if whole:  # the fractional powers cancelled, so that the base itself is left
            tree = tree.xreplace(whole)
            self.meanings = {symbol: meaning for symbol, meaning in self.meanings.items() if symbol not in whole}
        generators: list[Generator] = []
        replaced: dict[sympy.Symbol, Formula] = {}
        for symbol in sorted(self.meanings, key=lambda name: text(self.meanings[name])):
            degree = roots.get(symbol, 1)
            meaning = self.meanings[symbol]
            root = sympy.Symbol(symbol.name, positive=True)
            if degree > 1 and symbol in self.polynomial_bases:
                power = self.polynomial_bases[symbol]
                generators.append(Generator(root, sympy.Pow(meaning, sympy.Rational(1, degree)), degree, power))
                replaced[symbol] = root
            elif degree > 1:
                generators.append(Generator(root, _root(meaning, degree)))
                replaced[symbol] = root**degree
            else:
                generators.append(Generator(symbol, meaning))
        return self._evaluated(tree, roots, generators, replaced)

    def _root_degrees(self, trees: list[Formula]) -> dict[sympy.Symbol, int]:
        """The common denominator of the rational powers of each generator."""
        degrees: dict[sympy.Symbol, int] = {}
        for node in (node for tree in trees for node in tree.atoms(sympy.Pow)):
            if isinstance(node.exp, sympy.Rational) and not node.exp.is_Integer:
                degrees[node.base] = int(sympy.ilcm(degrees.get(node.base, 1), node.exp.q))
        return degrees

    def _evaluated(self, tree: Formula, roots: dict[sympy.Symbol, int], generators: list[Generator], replaced: dict[sympy.Symbol, Formula]) -> Normal:
        import flint

        used = list(generators)
        names = tuple(f"v{index}" for index in range(len(used))) or ("v0",)
        context = flint.fmpq_mpoly_ctx.get(names, flint.Ordering.lex)
        variables = dict(zip((generator.symbol for generator in used), context.gens(), strict=False))
        values: dict[sympy.Symbol, Any] = {}
        for symbol in self.meanings:
            root = sympy.Symbol(symbol.name, positive=True)
            values[symbol] = variables[symbol] if symbol in variables and symbol not in replaced else variables[root]
        ring = Ring(context, values, roots)
        one = context.constant(1)
        relations: list[tuple[int, int, Any]] = []
        for index, generator in enumerate(used):
            if generator.power is not None:
                power, below = ring.quotient(generator.power)
                if not below.is_one():
                    raise NotNormal("a root of a quotient")
                relations.append((index, generator.degree, power))
        numerator, denominator = ring.quotient(tree)
        numerator, denominator = reduced(numerator, relations), reduced(denominator, relations)
        common = numerator.gcd(denominator)
        if not common.is_one() and not common.is_zero():
            numerator, denominator = numerator / common, denominator / common
        if denominator.is_zero():
            raise NotNormal("division by zero")
        content = denominator.leading_coefficient()
        normalised = tuple(used) or (Generator(sympy.Symbol("v0"), sympy.Integer(1)),)
        return Normal(numerator / content * one, denominator / content * one, normalised)

    def name(self, meaning: Formula, base: Formula | None = None) -> sympy.Symbol:
        """The generator that stands for `meaning`."""
        key = meaning
        if key not in self.names:
            symbol = sympy.Symbol(f"g{len(self.names)}", positive=True)
            self.names[key] = symbol
            self.meanings[symbol] = meaning
        if base is not None:
            self.polynomial_bases[self.names[key]] = base
        return self.names[key]

    def tree(self, expression: Formula) -> Formula:
        """`expression` over generators, which may carry rational powers."""
        if isinstance(expression, sympy.Rational):
            return expression
        if isinstance(expression, sympy.Symbol) or expression is sympy.pi:
            return self.name(expression)
        if expression is sympy.E:
            return self.name(sympy.E)
        if isinstance(expression, sympy.Add):
            return sympy.Add(*[self.tree(argument) for argument in expression.args])
        if isinstance(expression, sympy.Mul):
            return sympy.Mul(*[self.tree(argument) for argument in expression.args])
        if isinstance(expression, sympy.Pow):
            if isinstance(expression.exp, sympy.Integer):
                return sympy.Pow(self.tree(expression.base), int(expression.exp))
            return self._power(expression.base, expression.exp)
        if not isinstance(expression, sympy.Function):
            raise NotNormal(f"{type(expression).__name__} is not understood")
        return self._function(expression)

    def _function(self, expression: Formula) -> Formula:
        name, argument = expression.func.__name__, expression.args[0]
        if name == "exp":
            return self._exponential(argument)
        if name == "log":
            return self._logarithm(argument)
        if name in ("cosh", "sinh", "tanh"):
            return self.tree(expression.rewrite(sympy.exp))
        if name == "erfc":
            return 1 - self.tree(sympy.erf(argument))
        if name == "tan" and argument.free_symbols:
            return self.tree(sympy.sin(argument)) / self.tree(sympy.cos(argument))
        meaning = expression.func(*[simplified(part, self.space) for part in expression.args])
        if name == "atan" and (inner := _principal(meaning.args[0] if isinstance(meaning, sympy.atan) else argument)) is not None:
            return self.tree(inner)
        if isinstance(meaning, sympy.Function) and meaning.func is expression.func:
            return self.name(meaning)
        if not meaning.has(expression.func) or meaning.could_extract_minus_sign():
            return -self.name(-meaning) if isinstance(-meaning, sympy.Function) else self.tree(meaning)
        raise NotNormal(str(meaning))

    def _exponential(self, exponent: Formula) -> Formula:
        """exp of a sum: a product of exp(term)**rational, with exp(s*log(p)) = p**s."""
        result = sympy.Integer(1)
        for coefficient, term in terms(exponent, self.space):
            logarithms = [factor for factor in sympy.Mul.make_args(term) if isinstance(factor, sympy.log)]
            if len(logarithms) == 1:
                result *= self._power(logarithms[0].args[0], coefficient * term / logarithms[0])
            elif term == 1:
                result *= self.name(sympy.E) ** coefficient
            else:
                result *= self.name(sympy.exp(term)) ** coefficient
        return result

    def _power(self, base: Formula, exponent: Formula) -> Formula:
        """base**exponent of a positive base: over its positive factors, and over the terms of the exponent."""
        result = sympy.Integer(1)
        if base is sympy.E:
            return self._exponential(exponent)
        for factor, multiplicity, polynomial in _positive_factors(base, self.space):
            if isinstance(factor, sympy.exp):
                result *= self._exponential(factor.args[0] * multiplicity * exponent)
                continue
            if isinstance(factor, sympy.Pow) and not factor.exp.is_Rational:
                result *= self._power(factor.base, factor.exp * multiplicity * exponent)
                continue
            for coefficient, term in terms(exponent * multiplicity, self.space):
                if term == 1:
                    result *= self._rational_power(factor, coefficient, polynomial)
                else:
                    result *= self.name(sympy.Pow(factor, term)) ** coefficient
        return result

    def _rational_power(self, factor: Formula, exponent: Formula, polynomial: bool) -> Formula:
        whole = sympy.floor(exponent)
        if not polynomial:
            return self.name(factor) ** exponent
        base = self.tree(factor)
        if base.is_Symbol:  # a generator by itself, whose root needs no relation
            return sympy.Pow(base, exponent)
        if exponent == whole:
            return sympy.Pow(base, int(whole))
        return sympy.Pow(base, int(whole)) * self.name(factor, base) ** (exponent - whole)

    def _logarithm(self, argument: Formula) -> Formula:
        """log of a product as a sum over its positive factors."""
        result = sympy.Integer(0)
        for factor, multiplicity, _ in _positive_factors(argument, self.space):
            if factor is sympy.E:
                result += multiplicity
            elif isinstance(factor, sympy.exp):
                result += multiplicity * self.tree(factor.args[0])
            elif isinstance(factor, sympy.Pow):
                result += multiplicity * self.tree(factor.exp) * self._logarithm(factor.base)
            else:
                result += multiplicity * self.name(sympy.log(factor))
        return result


def _principal(argument: Formula) -> Formula | None:
    """The number a between -pi/2 and pi/2 with argument = tan(a), where it is written so."""
    if isinstance(argument, sympy.tan) and number_sign(sympy.pi / 2 - argument.args[0]) == 1 == number_sign(sympy.pi / 2 + argument.args[0]):
        return argument.args[0]
    return None


def _root(meaning: Formula, degree: int) -> Formula:
    """The positive root of a generator's meaning, written the usual way."""
    if meaning is sympy.E:
        return sympy.exp(sympy.Rational(1, degree))
    if isinstance(meaning, sympy.exp):
        exponent: Formula = meaning.args[0]
        return sympy.exp(exponent / degree)
    if isinstance(meaning, sympy.Pow):
        return sympy.Pow(meaning.base, meaning.exp / degree)
    return sympy.Pow(meaning, sympy.Rational(1, degree))


@lru_cache(maxsize=20000)
def _positive_factors(expression: Formula, space: Space) -> tuple[tuple[Formula, Formula, bool], ...]:
    """(factor, multiplicity, is a polynomial) of a positive expression, each factor positive on the space; whole numbers are split into primes.

    A factor whose sign the form does not tell stays together with the others of that kind.
    """
    if isinstance(expression, sympy.Symbol):
        return ((expression, sympy.Integer(1), False),)
    form = normal(expression, space)
    result: list[tuple[Formula, Formula, bool]] = []
    unknown = sympy.Integer(1)
    content = sympy.Integer(1)
    for polynomial, direction in ((form.numerator, 1), (form.denominator, -1)):
        rational, factors = form.factors(polynomial)
        content *= rational**direction
        for factor, power in factors:
            meaning = form.expression(factor)
            signs = structural_sign(meaning, space)
            if signs == NEGATIVE:
                meaning, content = -meaning, content * (-1) ** power
                signs = POSITIVE
            if signs == POSITIVE:
                result.append((meaning, sympy.Integer(direction * power), len(factor.to_dict()) > 1))
            else:
                unknown *= meaning ** (direction * power)
    if content < 0:
        unknown, content = -unknown, -content
    if unknown == -1 or content == 0:
        raise NotNormal(f"{expression} is not positive")
    if unknown != 1:
        result.append((unknown, sympy.Integer(1), True))
    for number, direction in ((content.p, 1), (content.q, -1)):
        for prime, power in sympy.factorint(int(number)).items():
            result.append((sympy.Integer(prime), sympy.Integer(direction * power), True))
    return tuple(result)
