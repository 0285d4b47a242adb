"""What the columns beside the target tell: an event column of survival times, groups and queries, missing entries, and labels that a model disputes."""

from __future__ import annotations

from typing import Any

from lossgraph.recommender.quantity import Found
from lossgraph.recommender.table import Column, library

EVENTS = frozenset("event status censor censored censoring death died dead deceased observed failed failure churned relapse".split())
DURATIONS = frozenset("time duration days weeks months years survival tenure lifetime followup tte futime".split())
GROUPS = frozenset("qid query queryid queries session sessionid srch".split())
ANGLES = frozenset("angle heading direction bearing azimuth orientation dir phase yaw compass".split())
MANY_MISSING = 0.05
DISPUTED = 0.08  # of the labels that a cross-validated model contradicts, from which they are suspected
LEAST_ROWS, MOST_ROWS = 200, 3_000


def words(name: str) -> set[str]:
    """The words of a column's name: `srch_id` has srch and id."""
    return set("".join(one if one.isalnum() else " " for one in name.lower()).split())


def censoring(column: Column, found: Found, notes: list[str]) -> None:
    """A column of events beside a column of durations: survival times, some of which are only lower bounds."""
    if column.head is None or not words(column.name) & DURATIONS:
        return
    for name in column.head.columns:
        values = column.head[name].dropna()
        if name != column.name and words(str(name)) & EVENTS and values.nunique() == 2:
            shown = f"{column.name!r} is a duration and {name!r} has two values ({', '.join(repr(value) for value in sorted(map(str, values.unique())))})"
            found.add("censored", True, shown, 0.7)
            notes.append(f"{name!r} looks like an event indicator; check which of its values means that the event was seen")
            return


def groups(column: Column, notes: list[str]) -> bool:
    """Whether the rows belong to queries, within which items are ranked; said in a note."""
    if column.head is None:
        return False
    for name in column.head.columns:
        values = column.head[name].dropna()
        if name != column.name and words(str(name)) & GROUPS and 1 < values.nunique() <= 0.5 * len(values):
            each = len(values) / values.nunique()
            notes.append(f"{name!r} groups the rows, {each:.1f} each in the first {len(values):,}: if items are ranked within a group, say task ranking")
            return True
    return False


def circular(values: Any, column: Column, found: Found) -> None:
    """A target called an angle that fills the range of one: its largest value lies next to the smallest."""
    low, high = float(values.min()), float(values.max())
    turns = ((0.0, 360.0), (-180.0, 180.0), (0.0, 6.2832), (-3.1416, 3.1416))
    for start, end in turns:
        width = end - start
        if words(column.name) & ANGLES and start <= low <= start + 0.1 * width and end - 0.1 * width <= high <= end:
            found.add("circular", True, f"{column.name!r} runs from {low:.4g} to {high:.4g}, a full turn", 0.75)
            return


def capped(values: Any, column: Column, notes: list[str]) -> None:
    """Many values that all equal the largest one: it may be a limit of what was measured."""
    share = float((values == values.max()).mean())
    if len(values) > 50 and share >= 0.02 and float((values >= 0.98 * values.max()).mean()) <= 1.5 * share and len(set(values.tolist())) > 30:
        shown = f"{share:.1%} of the values of {column.name!r} equal the largest one, {values.max():g}"
        notes.append(f"{shown}: if that is a limit of what was recorded, say censored")


def missing_entries(column: Column, found: Found) -> None:
    """The share of entries of the other columns that are missing."""
    if column.head is None or column.head.shape[1] < 2:
        return
    share = float(column.head.drop(columns=[column.name], errors="ignore").isna().to_numpy().mean())
    if share >= MANY_MISSING:
        found.add("missing_values", True, f"{share:.0%} of the entries beside {column.name!r} are missing (of the first {len(column.head):,} rows)", 0.9)


def disputed_labels(column: Column, found: Found, notes: list[str]) -> None:
    """Labels that a cross-validated model contradicts with more than its usual confidence in the other class (confident learning, Northcutt et al. 2021)."""
    numpy, pandas = library("numpy"), library("pandas")
    if column.head is None or column.name not in column.head.columns:
        return
    rows = column.head[column.head[column.name].notna()].iloc[:MOST_ROWS]
    labels = rows[column.name].astype(str)
    features = rows.drop(columns=[column.name]).select_dtypes("number").replace([numpy.inf, -numpy.inf], numpy.nan)
    counts = labels.value_counts()
    if len(rows) < LEAST_ROWS or features.shape[1] < 2 or not 2 <= len(counts) <= 20 or counts.min() < 10:
        return
    ensemble, selection = library("sklearn.ensemble"), library("sklearn.model_selection")
    model = ensemble.RandomForestClassifier(n_estimators=60, min_samples_leaf=3, random_state=0, n_jobs=1)
    filled = features.fillna(features.median()).fillna(0)
    chances = selection.cross_val_predict(model, filled, labels, cv=selection.StratifiedKFold(3, shuffle=True, random_state=0), method="predict_proba")
    names = numpy.array(sorted(counts.index))
    own = pandas.Index(names).get_indexer(labels)
    usual = numpy.array([chances[own == index, index].mean() for index in range(len(names))])
    sure = numpy.where(chances >= usual, chances, 0)
    other = sure.argmax(axis=1)
    share = float(((other != own) & (sure.max(axis=1) > 0)).mean())
    right = float((chances.argmax(axis=1) == own).mean())
    if share >= DISPUTED and right >= 0.7:
        shown = f"a cross-validated random forest contradicts {share:.0%} of {len(rows):,} labels with at least its usual confidence ({DISPUTED:.0%} or more)"
        found.add("label_noise", True, shown, 0.5)
        notes.append(f"{shown}: look at some of them before you trust the labels; overlapping classes look the same")
