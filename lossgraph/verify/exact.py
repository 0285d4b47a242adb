"""Values of a formula at rational points: exact fractions as long as the functions allow, else rigorous balls; no SymPy, so nothing is simplified away."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import nullcontext
from fractions import Fraction
from math import isqrt
from typing import Any

from lossgraph.formula.tree import Call, Compare, Constant, Index, Name, Node, Number
from lossgraph.verify.order import Undefined

PRECISION = 256
MAX_POWER = 400
MAX_BITS = 200_000  # of an exact power; larger ones are balls
Value = Any  # Fraction, or flint.arb; a tuple of them for a vector


class Unsure(Exception):
    """The value, or a comparison on the way to it, cannot be told at this precision."""


def _precision() -> Any:
    """The working precision of balls; without python-flint there are only fractions, which need none."""
    try:
        import flint
    except ImportError:
        return nullcontext()
    return flint.ctx.workprec(PRECISION)


def _balls() -> Any:
    """The library of balls. Raises `Unsure` where it is not installed: a value that is no fraction is then not known."""
    try:
        import flint
    except ImportError:
        raise Unsure("python-flint is not installed") from None
    return flint


def evaluate(node: Node, values: Mapping[str, Any]) -> Value:
    """The value of `node`; names stand for fractions or tuples of them. Raises `Undefined` where it is proved to have none, `Unsure` where that is open."""
    with _precision():
        result = _value(node, values)
        for part in result if isinstance(result, tuple) else (result,):
            if not isinstance(part, Fraction) and not part.is_finite():
                raise Unsure("not finite")
        return result


def holds(node: Node, values: Mapping[str, Any]) -> bool:
    """The truth of a condition. Raises `Unsure`."""
    with _precision():
        return _truth(node, values)


def ball(value: Value) -> Any:
    """A value as a ball."""
    if type(value) is not Fraction:  # `isinstance` asks the abstract classes of numbers about every ball
        return value
    flint = _balls()
    return flint.arb(flint.fmpq(value.numerator, value.denominator))


def sign(value: Value) -> int:
    """-1, 0 or 1. Raises `Unsure`."""
    if type(value) is Fraction:
        return (value.numerator > 0) - (value.numerator < 0)
    if value > 0:
        return 1
    if value < 0:
        return -1
    raise Unsure("a ball around zero")


def _value(node: Node, values: Mapping[str, Any]) -> Value:
    if isinstance(node, Call) and node.function != "Piecewise":  # the commonest first: searches for counterexamples spend their time here
        return _apply(node.function, [_value(argument, values) for argument in node.arguments])
    match node:
        case Name(name):
            return values[name]
        case Number(value):
            return value
        case Constant(name):
            return _constant(name)
        case Index(vector, position):
            return values[vector][position]
        case Call("Piecewise", branches):
            for branch in branches:
                if isinstance(branch, Call) and _truth(branch.arguments[1], values):
                    return _value(branch.arguments[0], values)
            raise Undefined("no branch of the Piecewise applies")
        case _:
            raise Unsure("not a number")


def _constant(name: str) -> Value:
    flint = _balls()
    if name == "pi":
        return flint.arb.pi()
    if name == "E":
        return flint.arb(1).exp()
    raise Unsure(name)


def _truth(node: Node, values: Mapping[str, Any]) -> bool:
    match node:
        case Constant("True"):
            return True
        case Constant("False"):
            return False
        case Compare(operators, operands):
            numbers = [_value(operand, values) for operand in operands]
            return all(_compare(operator, numbers[i], numbers[i + 1]) for i, operator in enumerate(operators))
        case Call("Eq", (left, right)):
            return _compare("==", _value(left, values), _value(right, values))
        case Call("Ne", (left, right)):
            return _compare("!=", _value(left, values), _value(right, values))
        case Call("And", parts):
            return all(_truth(part, values) for part in parts)
        case Call("Or", parts):
            return any(_truth(part, values) for part in parts)
        case Call("Not", (part,)):
            return not _truth(part, values)
        case _:
            raise Unsure("not a condition")


def _compare(operator: str, left: Value, right: Value) -> bool:
    found = sign(subtract(left, right))
    return {"<": found < 0, "<=": found <= 0, ">": found > 0, ">=": found >= 0, "==": found == 0, "!=": found != 0}[operator]


def _apply(function: str, arguments: list[Value]) -> Value:
    operation = _SCALAR.get(function)
    if operation is None:
        whole = _VECTOR.get(function)
        if whole is None:
            raise Unsure(function)
        return whole(*arguments)
    if tuple not in map(type, arguments):
        return operation(*arguments)
    size = max(len(argument) for argument in arguments if isinstance(argument, tuple))
    spread = [argument if isinstance(argument, tuple) else (argument,) * size for argument in arguments]
    return tuple(operation(*parts) for parts in zip(*spread, strict=True))


def add(left: Value, right: Value) -> Value:
    """left + right."""
    return left + right if (type(left) is Fraction) == (type(right) is Fraction) else ball(left) + ball(right)


def subtract(left: Value, right: Value) -> Value:
    """left - right."""
    return left - right if (type(left) is Fraction) == (type(right) is Fraction) else ball(left) - ball(right)


def multiply(left: Value, right: Value) -> Value:
    """left * right; an exact zero stays one."""
    exact = type(left) is Fraction, type(right) is Fraction
    if (exact[0] and not left) or (exact[1] and not right):
        return Fraction(0)
    return left * right if exact[0] == exact[1] else ball(left) * ball(right)


def divide(left: Value, right: Value) -> Value:
    """left / right; `Undefined` for an exact zero divisor."""
    if isinstance(right, Fraction):
        if right == 0:
            raise Undefined("division by zero")
        return left / right if isinstance(left, Fraction) else left / ball(right)
    sign(right)
    return ball(left) / right


def power(base: Value, exponent: Value) -> Value:
    """base ** exponent: exact for small whole exponents and exact roots."""
    if isinstance(exponent, Fraction) and exponent.denominator == 1:
        return _whole_power(base, int(exponent))
    if isinstance(exponent, Fraction) and exponent.denominator == 2 and isinstance(base, Fraction) and base >= 0:
        return _whole_power(root(base), int(exponent.numerator))
    if isinstance(base, Fraction) and base == 0 and sign(exponent) > 0:
        return Fraction(0)
    if sign(base) < 0 or (isinstance(base, Fraction) and base == 0):
        if isinstance(exponent, Fraction):
            raise Undefined("a power that is not a finite real number")
        raise Unsure("a power of a number that is not positive")
    if isinstance(base, Fraction) and base == 1:
        return Fraction(1)
    return (ball(exponent) * ball(base).log()).exp()


def _whole_power(base: Value, exponent: int) -> Value:
    if exponent < 0:
        return divide(Fraction(1), _whole_power(base, -exponent))
    if isinstance(base, Fraction) and exponent <= MAX_POWER and exponent * max(base.numerator.bit_length(), base.denominator.bit_length()) <= MAX_BITS:
        return base**exponent
    return ball(base) ** exponent


def root(value: Value) -> Value:
    """The square root: exact for squares of fractions."""
    if isinstance(value, Fraction):
        if value < 0:
            raise Undefined("the square root of a negative number")
        top, bottom = isqrt(value.numerator), isqrt(value.denominator)
        return Fraction(top, bottom) if top**2 == value.numerator and bottom**2 == value.denominator else ball(value).sqrt()
    if sign(value) < 0:
        raise Undefined("the square root of a negative number")
    return value.sqrt()


def logarithm(value: Value) -> Value:
    """The natural logarithm; exact at 1."""
    if sign(value) <= 0:
        raise Undefined("the logarithm of a number that is not positive")
    return Fraction(0) if value == 1 and isinstance(value, Fraction) else ball(value).log()


def exponential(value: Value) -> Value:
    """exp; exact at 0."""
    return Fraction(1) if isinstance(value, Fraction) and value == 0 else ball(value).exp()


def _odd(name: str) -> Callable[[Value], Value]:
    def function(value: Value) -> Value:
        return Fraction(0) if isinstance(value, Fraction) and value == 0 else getattr(ball(value), name)()

    return function


def _even(name: str) -> Callable[[Value], Value]:
    def function(value: Value) -> Value:
        return Fraction(1) if isinstance(value, Fraction) and value == 0 else getattr(ball(value), name)()

    return function


def _arc(name: str) -> Callable[[Value], Value]:
    def function(value: Value) -> Value:
        beyond = sign(subtract(absolute(value), Fraction(1)))
        if beyond > 0:
            raise Undefined("asin or acos beyond 1")
        return Fraction(0) if name == "asin" and isinstance(value, Fraction) and value == 0 else getattr(ball(value), name)()

    return function


def loggamma(value: Value) -> Value:
    """log of Gamma, for positive arguments."""
    if sign(value) <= 0:
        raise Undefined("loggamma of a number that is not positive")
    return Fraction(0) if isinstance(value, Fraction) and value in (1, 2) else ball(value).lgamma()


def absolute(value: Value) -> Value:
    """|value|."""
    return abs(value) if isinstance(value, Fraction) else (value if sign(value) >= 0 else -value)


def _round(value: Value, up: bool) -> Fraction:
    if isinstance(value, Fraction):
        return Fraction(-((-value.numerator) // value.denominator) if up else value.numerator // value.denominator)
    whole = (value.ceil() if up else value.floor()).unique_fmpz()
    if whole is None:
        raise Unsure("floor or ceiling at a jump")
    return Fraction(int(whole))


def _extreme(direction: int) -> Callable[..., Value]:
    def function(*values: Value) -> Value:
        best = values[0]
        for value in values[1:]:
            if sign(subtract(value, best)) == direction:
                best = value
        return best

    return function


def _sum(vector: tuple[Value, ...]) -> Value:
    total: Value = Fraction(0)
    for part in vector:
        total = add(total, part)
    return total


_SCALAR: dict[str, Callable[..., Value]] = {
    "add": add,
    "sub": subtract,
    "mul": multiply,
    "div": divide,
    "pow": power,
    "neg": lambda value: -value,
    "sqrt": root,
    "log": logarithm,
    "exp": exponential,
    "Abs": absolute,
    "Max": _extreme(1),
    "Min": _extreme(-1),
    "sign": lambda value: Fraction(sign(value)),
    "Heaviside": lambda value: Fraction(sign(value) + 1, 2),
    "floor": lambda value: _round(value, False),
    "ceiling": lambda value: _round(value, True),
    "log1p": lambda value: logarithm(add(Fraction(1), value)),
    "expm1": lambda value: subtract(exponential(value), Fraction(1)),
    "sigmoid": lambda value: divide(Fraction(1), add(Fraction(1), exponential(-value))),
    "softplus": lambda value: logarithm(add(Fraction(1), exponential(value))),
    "relu": lambda value: _extreme(1)(Fraction(0), value),
    "loggamma": loggamma,
    "Rational": divide,
    "asin": _arc("asin"),
    "acos": _arc("acos"),
    **{name: _odd(name) for name in ("sin", "tan", "atan", "tanh", "sinh", "erf")},
    **{name: _even(name) for name in ("cos", "cosh", "erfc")},
}
_VECTOR: dict[str, Callable[..., Value]] = {
    "sum": _sum,
    "dot": lambda first, second: _sum(tuple(multiply(a, b) for a, b in zip(first, second, strict=True))),
    "norm": lambda vector: root(_sum(tuple(multiply(part, part) for part in vector))),
    "vector": lambda *parts: parts,
    "logsumexp": lambda vector: logarithm(_sum(tuple(exponential(part) for part in vector))),
    "softmax": lambda vector: tuple(divide(exponential(part), _sum(tuple(exponential(other) for other in vector))) for part in vector),
}
