"""Reads which error of a number costs more from what each costs: `one too few loses 1.80, one too many 0.45`; `the first is four times worse`."""

from __future__ import annotations

import re

from lossgraph.recommender.answer import Finding

_TOO_LITTLE = (
    r"too (?:few|little|low|late|short|small|weak)|sold out|stock ?-?outs?|shortages?|shortfalls?|missing|lacking|absent|unmet|unfilled|unserved|turned away|"
    r"(?:lost|missed) (?:sales?|orders?|customers?)|empty shel(?:f|ves)|run(?:ning|s)? out|being short|"
    r"under-?(?:stock|estimat|predict|forecast|shoot|suppl|staff)\w*"
)
_TOO_MUCH = (
    r"too (?:many|much|high|early|long|large|big|strong)|unsold|left-?overs?|left over|surplus|excess|unused|thr[oe]w\w*(?: \w+){0,2} away|wasted?|spoil\w*|"
    r"expire[sd]?|spare|idle|over-?(?:stock|estimat|predict|forecast|shoot|suppl|staff)\w*"
)
_DIRECTION = rf"(?i)\b(?:(?P<low>{_TOO_LITTLE})|(?P<high>{_TOO_MUCH}))\b"  # compiled when first used: most texts need none of these
_MONEY = r"(?i)(?P<before>[$€£]\s?)?(?P<number>\d[\d,]*(?:\.\d+)?|\.\d+)\s?(?P<scale>k|m)?\b\s?(?P<after>%|€|[a-z]+)?"
_COINS = frozenset("€ eur euro euros usd dollar dollars gbp pounds chf margin profit each".split())
_SMALL_COINS = frozenset("c ct cent cents pence".split())
_COSTS = r"(?i)\b(?:cost|costs|costing|lose|loses|losing|worth|counts? as|billed|charged?|fined?|pays?|at)\b\D{0,25}$"
_FIRST = r"(?i)\b(?:the )?(first|former|second|latter)\b[^.;]{0,40}\b(?:worse|times|expensive|costlier|dearer|painful)\b"


def read_unit_costs(text: str) -> dict[str, Finding]:
    """Which error costs more where the price of each is given (one too few loses 1.80, one too many 0.45), or where one of two is said to be worse."""
    cues = list(re.finditer(_DIRECTION, text))
    if len({one.lastgroup for one in cues}) < 2:
        return {}
    prices: dict[str, float] = {}
    for one, following in zip(cues, [*(later.start() for later in cues[1:]), len(text)], strict=True):
        price = _price(text[one.end() : min(following, one.end() + 70)])
        if price is not None and one.lastgroup is not None:
            prices.setdefault(one.lastgroup, price)
    named = {"low": "underestimate", "high": "overestimate"}
    if len(prices) == 2 and prices["low"] != prices["high"]:
        value = named[max(prices, key=lambda name: prices[name])]
        return {"costly_error": Finding("costly_error", value, "text", f'"{cues[0].group()}" and "{cues[-1].group()}"', 0.85)}
    told = re.search(_FIRST, text)
    before = [one for one in cues if told is not None and one.end() <= told.start()]
    if told is None or len({one.lastgroup for one in before}) < 2:
        return {}
    order = list(dict.fromkeys(str(one.lastgroup) for one in before))
    value = named[order[0] if told.group(1).lower() in {"first", "former"} else order[1]]
    return {"costly_error": Finding("costly_error", value, "text", f'"{told.group()}"', 0.85)}


def _price(after: str) -> float | None:
    """The first sum of money in the words behind an error; None where there is none. A number that nothing tells to be money is none."""
    for match in re.finditer(_MONEY, after):
        unit = (match["after"] or "").lower()
        if (
            not match["before"]
            and unit not in _COINS
            and not (re.search(_COSTS, after[: match.start()]) and unit not in {"%", "times", "x", "percent", "min", "h"})
        ):
            continue
        if unit in {"times", "x", "%", "percent"}:
            continue
        return float(match["number"].replace(",", "")) * {"k": 1e3, "m": 1e6, "": 1.0}[(match["scale"] or "").lower()] * (0.01 if unit in _SMALL_COINS else 1.0)
    return None
