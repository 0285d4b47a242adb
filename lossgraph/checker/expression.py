"""The checker's own reader of formulas: text to a tree of tuples by a small precedence parser, no `ast`, no SymPy.

A node is `("number", Fraction)`, `("name", text)`, or `(function, argument, ...)` with functions add, mul, pow, neg, the named ones, and the relations
< <= > >= == !=, and, or, not. It reads both the language of the cards and the way SymPy prints.
"""

from __future__ import annotations

import re
from fractions import Fraction
from functools import lru_cache
from typing import Any

Node = tuple[Any, ...]
MAX_LENGTH = 200_000
MAX_DEPTH = 200

FUNCTIONS = frozenset(
    "exp log sqrt sin cos tan asin acos atan tanh cosh sinh erf erfc loggamma sign floor ceiling Abs Max Min Heaviside Piecewise And Or Not Eq Ne Rational "
    "abs max min ln log1p expm1 sigmoid softplus relu polygamma digamma gamma sum dot norm softmax logsumexp".split()
)
_CONSTANTS = frozenset({"pi", "E", "oo", "True", "False"})
_ALSO_NAMES = frozenset({"gamma"})  # cards call a parameter so
_TOKEN = re.compile(r"\s*(?:(\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+)|([A-Za-z_]\w*)|(\*\*|<=|>=|==|!=|[-+*/<>(),&|~\[\]]))")
# operator -> (how tightly it binds, whether the right side binds as tightly)
_BINDING = {"|": 1, "&": 2, "<": 4, "<=": 4, ">": 4, ">=": 4, "==": 4, "!=": 4, "+": 5, "-": 5, "*": 6, "/": 6, "**": 8}


class Unreadable(ValueError):
    """A text that is no formula; the certificate is then refused."""


def number(value: Fraction | int) -> Node:
    """A constant node. Raises `Unreadable` for a float, which would not be exact."""
    if isinstance(value, float):
        raise Unreadable("a number that is not exact")
    return ("number", Fraction(value))


ZERO, ONE = number(0), number(1)


def parse(text: str) -> Node:
    """The tree of `text`. Raises `Unreadable`."""
    if not isinstance(text, str):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise Unreadable("no text")
    return _tree_of(text)


@lru_cache(maxsize=20_000)
def _tree_of(text: str) -> Node:
    return Reader(tokens_of(text)).read()


def tokens_of(text: str, token: re.Pattern[str] = _TOKEN) -> list[str]:
    """The tokens of `text`. Raises `Unreadable`."""
    if not isinstance(text, str) or len(text) > MAX_LENGTH:  # pyright: ignore[reportUnnecessaryIsInstance]
        raise Unreadable("no text, or too long")
    tokens: list[str] = []
    position = 0
    while position < len(text):
        match = token.match(text, position)
        if not match or match.end() == position:
            if not text[position:].strip():
                break
            raise Unreadable(f"cannot read {text[position : position + 20]!r}")
        tokens.append(match[0].strip())
        position = match.end()
    return tokens


class Reader:
    """One pass over the tokens of a formula."""

    def __init__(self, tokens: list[str]) -> None:
        self.tokens, self.position = tokens, 0

    def read(self) -> Node:
        """The tree of all tokens."""
        node = self.expression(0, 0)
        if self.position != len(self.tokens):
            raise Unreadable(f"unexpected {self.tokens[self.position]!r}")
        return node

    def peek(self) -> str:
        """The next token, "" at the end."""
        return self.tokens[self.position] if self.position < len(self.tokens) else ""

    def take(self, wanted: str | None = None) -> str:
        """The next token, which has to be `wanted` if that is given."""
        token = self.peek()
        if not token or (wanted is not None and token != wanted):
            raise Unreadable(f"{wanted or 'a value'} expected, not {token or 'the end'!r}")
        self.position += 1
        return token

    def expression(self, least: int, depth: int) -> Node:
        """What follows, as far as operators bind at least as tightly as `least`."""
        if depth > MAX_DEPTH:
            raise Unreadable("nested too deeply")
        left = self.prefix(depth)
        links: list[tuple[str, Node]] = []
        while self.peek() == "[":  # v[0]
            self.take()
            left = ("index", left, self.expression(0, depth + 1))
            self.take("]")
        while (operator := self.peek()) in _BINDING and _BINDING[operator] >= least:
            self.take()
            strength = _BINDING[operator]
            right = self.expression(7 if operator == "**" else strength + 1, depth + 1)
            if strength == 4:
                links.append((operator, right))
                continue
            left = _join(operator, left, right)
        return _chain(left, links) if links else left

    def prefix(self, depth: int) -> Node:
        """A number, name, call, bracket or sign."""
        token = self.take()
        if token == "-":
            inner = self.expression(7, depth + 1)
            return number(-inner[1]) if inner[0] == "number" else ("neg", inner)
        if token == "+":
            return self.expression(7, depth + 1)
        if token == "~":
            return ("not", self.expression(3, depth + 1))
        if token == "(":
            node = self.expression(0, depth + 1)
            if self.peek() == ",":
                parts = [node]
                while self.peek() == ",":
                    self.take()
                    parts.append(self.expression(0, depth + 1))
                node = ("tuple", *parts)
            self.take(")")
            return node
        if token[0].isdigit() or token[0] == ".":
            if len(token) > 5000 or ("e" in token.lower() and abs(int(re.split("[eE]", token)[1])) > 400):
                raise Unreadable("a number is too long")
            return number(Fraction(token))
        if token[0].isalpha() or token[0] == "_":
            return self.word(token, depth)
        raise Unreadable(f"unexpected {token!r}")

    def word(self, token: str, depth: int) -> Node:
        """A name, or a call of a function."""
        if self.peek() != "(":
            if token in FUNCTIONS - _ALSO_NAMES:
                raise Unreadable(f"{token} needs arguments")
            return ("name", token)
        if token not in FUNCTIONS:
            raise Unreadable(f"unknown function {token}")
        self.take("(")
        arguments = [self.expression(0, depth + 1)]
        while self.peek() == ",":
            self.take()
            arguments.append(self.expression(0, depth + 1))
        self.take(")")
        return _call(token, arguments)


def _join(operator: str, left: Node, right: Node) -> Node:
    match operator:
        case "+":
            return ("add", left, right)
        case "-":
            return ("add", left, ("neg", right))
        case "*":
            return ("mul", left, right)
        case "/":
            if left[0] == right[0] == "number" and right[1]:
                return number(left[1] / right[1])
            return ("mul", left, ("pow", right, number(-1)))
        case "**":
            return ("pow", left, right)
        case "&":
            return ("and", left, right)
        case _:
            return ("or", left, right)


def _chain(left: Node, links: list[tuple[str, Node]]) -> Node:
    parts: list[Node] = []
    for operator, right in links:
        parts.append((operator, left, right))
        left = right
    return parts[0] if len(parts) == 1 else ("and", *parts)


def _call(name: str, arguments: list[Node]) -> Node:
    """The node of a call, spelled in one way: ln is log, relu is Max, sigmoid and the like are written out."""
    first = arguments[0]
    one = len(arguments) == 1
    match name:
        case "Rational" if len(arguments) == 2 and all(argument[0] == "number" for argument in arguments) and arguments[1][1]:
            return number(first[1] / arguments[1][1])
        case "And" | "Or":
            return (name.lower(), *arguments)
        case "Not" if one:
            return ("not", first)
        case "Eq" | "Ne" if len(arguments) == 2:
            return ("==" if name == "Eq" else "!=", *arguments)
        case "Piecewise":
            if any(argument[0] != "tuple" or len(argument) != 3 for argument in arguments):
                raise Unreadable("Piecewise takes pairs")
            return ("Piecewise", *arguments)
        case "Max" | "Min" | "max" | "min":
            return (name.capitalize(), *arguments)
        case "polygamma" | "dot" if len(arguments) == 2:
            return (name, *arguments)
        case "Heaviside" if len(arguments) == 2 and arguments[1] == number(Fraction(1, 2)):
            return ("Heaviside", first)
        case _ if not one or name in {"Rational", "Eq", "Ne", "polygamma", "dot"}:
            raise Unreadable(f"{name} with {len(arguments)} arguments")
        case "sqrt":
            return ("pow", first, number(Fraction(1, 2)))
        case "ln":
            return ("log", first)
        case "abs":
            return ("Abs", first)
        case "log1p":
            return ("log", ("add", ONE, first))
        case "expm1":
            return ("add", ("exp", first), number(-1))
        case "sigmoid":
            return ("pow", ("add", ONE, ("exp", ("neg", first))), number(-1))
        case "softplus":
            return ("log", ("add", ONE, ("exp", first)))
        case "relu":
            return ("Max", ZERO, first)
        case _:
            return (name, first)


def names(node: Node) -> frozenset[str]:
    """The free names of a tree, without pi, E and oo."""
    found: set[str] = set()
    waiting = [node]
    while waiting:
        part = waiting.pop()
        if part[0] == "name":
            found.add(part[1])
        elif part[0] != "number":
            waiting.extend(part[1:])
    return frozenset(found - _CONSTANTS)


def substitute(node: Node, values: dict[str, Node]) -> Node:
    """The tree with names replaced by trees."""
    if node[0] == "number":
        return node
    if node[0] == "name":
        return values.get(node[1], node)
    return (node[0], *(substitute(child, values) for child in node[1:]))
