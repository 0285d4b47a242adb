"""Reads formula text into the syntax tree: Python's own grammar as tokens, a whitelist of node types as language; nothing is ever executed.

Bounds keep hostile input cheap: length of the text, depth of the tree, digits of a number, size of a constant power.
"""

from __future__ import annotations

import ast
import re
import threading
from collections.abc import Collection
from difflib import get_close_matches
from fractions import Fraction

from lossgraph.formula.tree import Call, CardCall, Compare, Constant, Index, Name, Node, Number, walk
from lossgraph.model import InputError

_ONE_AT_A_TIME = threading.Lock()  # Python 3.11 counts the depth of trees once for all threads, and fails when two parse at once
MAX_LENGTH = 20_000
MAX_DEPTH = 80
MAX_DIGITS = 60  # of a decimal exponent, and a measure for constant powers
MAX_BITS = 4096  # of a number's numerator and denominator
MAX_EXPONENT = 1000
MAX_NODES = 20_000

# name -> (canonical name, fewest arguments, most arguments; None = any number)
FUNCTIONS: dict[str, tuple[str, int, int | None]] = {
    **{name: (name, 1, 1) for name in (
        "exp", "log", "sqrt", "sin", "cos", "tan", "asin", "acos", "atan", "tanh", "cosh", "sinh", "erf", "erfc", "loggamma", "sign", "floor", "ceiling",
        "Heaviside", "Abs", "Not", "log1p", "expm1", "sigmoid", "softplus", "relu", "sum", "norm", "softmax", "logsumexp")},
    **{name: (name, 1, None) for name in ("Max", "Min", "And", "Or", "vector")},
    **{name: (name, 2, 2) for name in ("Eq", "Ne", "dot", "Rational")},
    "abs": ("Abs", 1, 1), "max": ("Max", 1, None), "min": ("Min", 1, None), "ln": ("log", 1, 1), "Piecewise": ("Piecewise", 1, None),
}  # fmt: skip
CONSTANTS = {"pi": "pi", "E": "E", "oo": "oo"}
RESERVED = frozenset(FUNCTIONS) | frozenset(CONSTANTS) | {"True", "False", "U", "real", "simplex", "limit"}
_BINARY: dict[type[ast.operator], str] = {ast.Add: "add", ast.Sub: "sub", ast.Mult: "mul", ast.Div: "div", ast.Pow: "pow"}
_COMPARE: dict[type[ast.cmpop], str] = {ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!="}
_HINTS: dict[type[ast.AST], str] = {
    ast.BitXor: "write a power as `**`, not `^`",
    ast.BitAnd: "write `And(a, b)`, not `&`",
    ast.BitOr: "write `Or(a, b)`, not `|`",
    ast.BoolOp: "write `And(a, b)` or `Or(a, b)`",
    ast.IfExp: "write `Piecewise((value, condition), (other, True))`",
    ast.Lambda: "write `lam` for a parameter, not `lambda`",
}


def parse_expression(text: str, *, names: Collection[str] | None = None, cards: Collection[str] | None = None) -> Node:
    """Reads one formula.

    `names` are the variables, parameters and lengths that may occur (None: any). `cards` are the ids that may be called as functions, in relations
    only. Raises `InputError` with the place and the reason for anything outside the language.
    """
    return _Reader(text, names, cards).read()


class _Reader:
    """One pass over Python's parse of the text; holds the text for error messages."""

    def __init__(self, text: str, names: Collection[str] | None, cards: Collection[str] | None) -> None:
        self.text, self.names, self.cards = text, names, cards
        self.lines: list[bytes] = []  # as Python's parser counts them: it places nodes by line and byte

    def read(self) -> Node:
        if not isinstance(self.text, str):  # pyright: ignore[reportUnnecessaryIsInstance]  (a guard for untyped callers)
            raise InputError(f"a formula is text, not {type(self.text).__name__}: {self.text!r}; put it in quotes")
        if len(self.text) > MAX_LENGTH:
            raise InputError(f"formula of {len(self.text):,} characters is too long; the limit is {MAX_LENGTH:,}")
        if not self.text.strip():
            raise InputError("the formula is empty; write an expression such as Abs(x)")
        if "#" in self.text:
            raise InputError(f"formula `{shortened(self.text)}`: `#` would begin a comment; remove it")
        if re.search(r"\blambda\b", self.text):
            raise InputError(f"formula `{shortened(self.text)}`: `lambda` is a word of Python; write `lam`")
        source = self.text.strip()
        try:
            self.lines = [line.encode() for line in re.split(r"\r\n|\r|\n", source)]
            with _ONE_AT_A_TIME:
                tree = ast.parse(source, mode="eval")
        except SyntaxError as error:
            place = f" at character {error.offset}" if error.offset else ""
            raise InputError(f"formula `{shortened(self.text)}`: syntax error{place}: {error.msg}") from None
        except (MemoryError, RecursionError, ValueError):
            raise InputError(f"formula `{shortened(self.text)}` cannot be read: it is nested too deeply or holds a null character") from None
        node = self.node(tree.body, 0)
        if sum(1 for _ in walk(node)) > MAX_NODES:
            raise InputError(f"formula `{shortened(self.text)}` has more than {MAX_NODES:,} parts; simplify it")
        return node

    def fail(self, node: ast.AST, reason: str) -> InputError:
        place = getattr(node, "col_offset", 0) + 1
        return InputError(f"formula `{shortened(self.text)}`: character {place}: {reason}")

    def node(self, node: ast.AST, depth: int) -> Node:
        if depth > MAX_DEPTH:
            raise self.fail(node, f"nested more than {MAX_DEPTH} deep; simplify it")
        match node:
            case ast.Constant():
                return self.constant(node)
            case ast.Name():
                return self.name(node)
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                inner = self.node(operand, depth + 1)
                return Number(-inner.value) if isinstance(inner, Number) else Call("neg", (inner,))
            case ast.UnaryOp(op=ast.UAdd(), operand=operand):
                return self.node(operand, depth + 1)
            case ast.BinOp(op=operator, left=left, right=right) if type(operator) in _BINARY:
                return self.binary(node, _BINARY[type(operator)], self.node(left, depth + 1), self.node(right, depth + 1))
            case ast.Compare():
                return self.compare(node, depth)
            case ast.Call():
                return self.call(node, depth)
            case ast.Subscript():
                return self.index(node)
            case _:
                raise self.fail(node, _hint(node))

    def constant(self, node: ast.Constant) -> Node:
        if node.value is True or node.value is False:
            return Constant(str(node.value))
        if not isinstance(node.value, int | float):
            raise self.fail(node, f"{node.value!r} is not a number; only numbers, names and functions may stand here")
        source = self.lines[node.lineno - 1][node.col_offset : node.end_col_offset].decode().replace("_", "")
        match = re.fullmatch(r"(\d*)\.?(\d*)(?:[eE]([+-]?\d+))?", source)
        if not match:
            raise self.fail(node, f"`{shortened(source)}` is not a decimal number")
        if len(match[1]) + len(match[2]) > MAX_BITS or abs(int((match[3] or "0")[:9])) > MAX_DIGITS:
            raise self.fail(node, f"the number `{shortened(source)}` is too long; the limit is e{MAX_DIGITS}")
        return self.sized(node, Fraction(source))

    def name(self, node: ast.Name) -> Node:
        if node.id in CONSTANTS:
            return Constant(node.id)
        if node.id in RESERVED:
            raise self.fail(node, f"`{node.id}` is a function or a word of the language, not a name; write it with its arguments, or choose another name")
        # Python folds letters such as a bold x to plain ones; a name must be what it looks like.
        plain = re.fullmatch(r"[A-Za-z]\w*", node.id, re.ASCII) and node.id in self.text
        if not plain or len(node.id) > 40:
            raise self.fail(node, f"`{shortened(node.id)}` is no name for a variable; use letters, digits and `_`, beginning with a letter")
        if self.names is not None and node.id not in self.names:
            raise self.fail(node, f"unknown name `{node.id}`{_near(node.id, self.names)}; declare it as a variable or a parameter")
        return Name(node.id)

    def binary(self, node: ast.AST, function: str, left: Node, right: Node) -> Node:
        if function == "div" and isinstance(right, Number):
            if right.value == 0:
                raise self.fail(node, "division by zero")
            if isinstance(left, Number):
                return self.sized(node, left.value / right.value)
        if function == "pow":
            return self.power(node, left, right)
        return Call(function, (left, right))

    def power(self, node: ast.AST, base: Node, exponent: Node) -> Node:
        value = _rational(exponent)
        if value is None:
            if not any(isinstance(inner, Name | Index | CardCall | Call) for inner in walk(exponent)) or exponent == Constant("E"):
                return Call("pow", (base, exponent))
            if _numeric_tower(exponent):
                raise self.fail(node, "a constant exponent that is itself a power may be astronomically large; write the number out")
            return Call("pow", (base, exponent))
        if abs(value) > MAX_EXPONENT or value.denominator > MAX_EXPONENT:
            raise self.fail(node, f"the exponent {shortened(str(value))} is too large; the limit is {MAX_EXPONENT}")
        if isinstance(base, Number) and value.denominator == 1:
            if base.value == 0 and value <= 0:
                raise self.fail(node, "0 to the power of zero or less has no value")
            if abs(value) * max(len(str(base.value.numerator)), len(str(base.value.denominator))) > 4 * MAX_DIGITS:
                raise self.fail(node, "this constant power is too large; write it in another way")
            return self.sized(node, base.value ** int(value))
        return Call("pow", (base, Number(value)))

    def sized(self, node: ast.AST, value: Fraction) -> Number:
        if max(value.numerator.bit_length(), value.denominator.bit_length()) > MAX_BITS:
            raise self.fail(node, "this number has too many digits")
        return Number(value)

    def compare(self, node: ast.Compare, depth: int) -> Node:
        unknown = [operator for operator in node.ops if type(operator) not in _COMPARE]
        if unknown:
            raise self.fail(node, f"`{type(unknown[0]).__name__}` is not a comparison of numbers; use < <= > >= == !=")
        operands = tuple(self.node(operand, depth + 1) for operand in (node.left, *node.comparators))
        return Compare(tuple(_COMPARE[type(operator)] for operator in node.ops), operands)

    def call(self, node: ast.Call, depth: int) -> Node:
        view = None
        target = node.func
        if isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name) and self.cards is not None:
            target, view = target.value, target.attr
        if not isinstance(target, ast.Name):
            raise self.fail(node, "only a named function of the language can be called")
        if self.cards is not None and target.id in self.cards:
            keywords = tuple((keyword.arg or "**", self.node(keyword.value, depth + 1)) for keyword in node.keywords)
            return CardCall(target.id, view, tuple(self.node(argument, depth + 1) for argument in node.args), keywords)
        if self.cards is not None and target.id == "limit" and len(node.args) in (3, 4) and not node.keywords:
            return Call("limit", tuple(self.node(argument, depth + 1) for argument in node.args))
        if target.id not in FUNCTIONS:
            known = [*FUNCTIONS, *(self.cards or ())]
            raise self.fail(node, f"unknown function `{shortened(target.id)}`{_near(target.id, known)}; the language has {', '.join(sorted(FUNCTIONS))}")
        function, fewest, most = FUNCTIONS[target.id]
        if node.keywords:
            raise self.fail(node, f"`{target.id}` takes no named arguments")
        if len(node.args) < fewest or (most is not None and len(node.args) > most):
            wanted = str(fewest) if fewest == most else f"{fewest} or more"
            raise self.fail(node, f"`{target.id}` takes {wanted} argument{'' if wanted == '1' else 's'}, not {len(node.args)}")
        if function == "Piecewise":
            return self.piecewise(node, depth)
        arguments = tuple(self.node(argument, depth + 1) for argument in node.args)
        return self.rational(node, arguments) if function == "Rational" else Call(function, arguments)

    def rational(self, node: ast.Call, arguments: tuple[Node, ...]) -> Node:
        top, bottom = (_rational(argument) for argument in arguments)
        if top is None or bottom is None or bottom == 0:
            raise self.fail(node, "`Rational(p, q)` takes two numbers, the second not zero")
        return self.sized(node, top / bottom)

    def piecewise(self, node: ast.Call, depth: int) -> Node:
        branches: list[Node] = []
        for argument in node.args:
            if not isinstance(argument, ast.Tuple) or len(argument.elts) != 2:
                raise self.fail(argument, "`Piecewise` takes pairs: Piecewise((value, condition), (other, True))")
            value, condition = (self.node(element, depth + 1) for element in argument.elts)
            branches.append(Call("branch", (value, condition)))
        last = branches[-1]
        if not (isinstance(last, Call) and last.arguments[1] == Constant("True")):
            raise self.fail(node, "the last branch of a Piecewise needs the condition `True`, so that it has a value everywhere")
        return Call("Piecewise", tuple(branches))

    def index(self, node: ast.Subscript) -> Node:
        if not isinstance(node.value, ast.Name) or not isinstance(node.slice, ast.Constant) or type(node.slice.value) is not int:
            raise self.fail(node, "only a vector's name can be indexed, with a whole number: `v[0]`")
        vector = self.name(node.value)
        if not isinstance(vector, Name) or not 0 <= node.slice.value < 1000:
            raise self.fail(node, "an index is a whole number from 0 to 999")
        return Index(vector.name, node.slice.value)


def _rational(node: Node) -> Fraction | None:
    """The value of a small constant expression made of numbers and + - * /; None where it is anything else."""
    match node:
        case Number(value):
            return value
        case Call("neg", (inner,)):
            value = _rational(inner)
            return None if value is None else -value
        case Call(("add" | "sub" | "mul" | "div") as function, (left, right)):
            first, second = _rational(left), _rational(right)
            if first is None or second is None or (function == "div" and second == 0) or max(abs(first.numerator), abs(second.numerator)) > 10**40:
                return None
            return {"add": first + second, "sub": first - second, "mul": first * second, "div": first / second if second else None}[function]
        case _:
            return None


def _numeric_tower(node: Node) -> bool:
    """Whether a constant expression holds a power: such an exponent is refused, since its size is not bounded."""
    inside = list(walk(node))
    constant = not any(isinstance(inner, Name | Index | CardCall) for inner in inside)
    return constant and any(isinstance(inner, Call) and inner.function in {"pow", "exp", "cosh", "sinh"} for inner in inside)


def _hint(node: ast.AST) -> str:
    operator = getattr(node, "op", node)
    for kind, hint in _HINTS.items():
        if isinstance(operator, kind) or isinstance(node, kind):
            return hint
    return f"`{type(node).__name__}` is not part of the formula language"


def _near(name: str, known: Collection[str]) -> str:
    found = get_close_matches(name, known, 1)
    return f"; did you mean `{found[0]}`?" if found else ""


def shortened(text: str) -> str:
    """The text for a message: on one line, what cannot be printed as escapes, cut where it is long."""
    text = " ".join(text.split())
    text = "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in text[:61])
    return text if len(text) <= 60 else f"{text[:57]}..."
