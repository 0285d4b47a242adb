"""Places the boxes of a network by stress majorisation: the same input gives the same places.

Stress majorisation (Gansner, Koren and North 2004, "Graph drawing by stress majorization") pulls every pair of boxes towards a distance that grows with
the edges between them. Each connected part is placed by itself, its boxes and labels are spread (`spread`), and smaller parts fill the gaps that larger
ones leave.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from math import cos, hypot, pi, sin

from lossgraph.export.spread import Box, Point, spread

_ROUNDS = 150
_STRETCH = 1.5  # boxes are wider than high, so the plane is stretched sideways
_PART_GAP, _GRID = 56.0, 40.0


@dataclass(frozen=True)
class Connection:
    """A line between two boxes, and the size of the label that stands on it."""

    first: str
    second: str
    label: Point


@dataclass(frozen=True)
class Layout:
    """A box for each name, one for the label of each connection, and the size of the whole; the origin is the upper left corner."""

    boxes: Mapping[str, Box]
    labels: tuple[Box, ...]
    size: Point


def place(sizes: Mapping[str, Point], connections: Sequence[Connection], spacing: float) -> Layout:
    """Places for all boxes and labels. `spacing` is the least length of a line; where many lines meet they are longer."""
    neighbours: dict[str, set[str]] = {name: set() for name in sizes}
    for line in connections:
        neighbours[line.first].add(line.second)
        neighbours[line.second].add(line.first)
    placed = [_place_part(part, sizes, neighbours, connections, spacing) for part in _parts(neighbours)]
    return _packed(placed, len(connections))


def _parts(neighbours: Mapping[str, set[str]]) -> list[list[str]]:
    """The connected parts, the largest first, each in the order in which a walk from its busiest member meets the others."""
    seen: set[str] = set()
    parts: list[list[str]] = []
    for start in sorted(neighbours, key=lambda name: (-len(neighbours[name]), name)):
        if start not in seen:
            parts.append(_walk(start, neighbours))
            seen.update(parts[-1])
    return sorted(parts, key=lambda part: (-len(part), part[0]))


def _walk(start: str, neighbours: Mapping[str, set[str]]) -> list[str]:
    found, waiting = {start: None}, deque([start])
    while waiting:
        for other in sorted(neighbours[waiting.popleft()]):
            if other not in found:
                found[other] = None
                waiting.append(other)
    return list(found)


def _place_part(
    part: Sequence[str], sizes: Mapping[str, Point], neighbours: Mapping[str, set[str]], connections: Sequence[Connection], spacing: float
) -> _Part:
    """One connected part, somewhere on the plane."""
    points = _stress(part, neighbours, spacing)
    index = {name: i for i, name in enumerate(part)}
    mine = [i for i, line in enumerate(connections) if line.first in index]
    boxes = [Box(points[name][0] * _STRETCH, points[name][1], *sizes[name]) for name in part]
    lines = [(index[connections[i].first], index[connections[i].second], connections[i].label) for i in mine]
    moved, labels = spread(boxes, lines)
    places = dict(zip(part, moved, strict=True))
    pieces: list[tuple[Point, Point]] = []
    for i, label in zip(mine, labels, strict=True):
        ends = places[connections[i].first], places[connections[i].second]
        pieces += [((end.x, end.y), (label.x, label.y)) for end in ends]
    return _Part(places, dict(zip(mine, labels, strict=True)), tuple(pieces))


def _stress(part: Sequence[str], neighbours: Mapping[str, set[str]], spacing: float) -> dict[str, Point]:
    """Places whose distances fit the wanted ones best, from a start on rings around the busiest member."""
    lengths = [_lengths(name, neighbours, spacing) for name in part]
    # The golden angle spreads the members of each ring without a search.
    angles = [index * pi * (3 - 5**0.5) for index in range(len(part))]
    x = [lengths[0][name] * cos(angle) for name, angle in zip(part, angles, strict=True)]
    y = [lengths[0][name] * sin(angle) for name, angle in zip(part, angles, strict=True)]
    wanted = [[found[name] for name in part] for found in lengths]
    weights = [[1.0 / (length * length) if length else 0.0 for length in row] for row in wanted]
    for _ in range(_ROUNDS if len(part) > 1 else 0):
        for index in range(len(part)):
            x[index], y[index] = _pulled(index, x, y, wanted[index], weights[index])
    return dict(zip(part, zip(x, y, strict=True), strict=True))


def _lengths(start: str, neighbours: Mapping[str, set[str]], spacing: float) -> dict[str, float]:
    """The wanted distance to each member: along the shortest way, lines being longer where many meet."""
    found: dict[str, float] = {}
    waiting: list[tuple[float, str]] = [(0.0, start)]
    while waiting:
        distance, name = heappop(waiting)
        if name in found:
            continue
        found[name] = distance
        for other in neighbours[name]:
            busy = len(neighbours[name] ^ neighbours[other]) - 2
            heappush(waiting, (distance + spacing * (1 + 0.1 * max(busy, 0)), other))
    return found


def _pulled(index: int, x: Sequence[float], y: Sequence[float], wanted: Sequence[float], weights: Sequence[float]) -> Point:
    """Where the stress of one member is least while all others stand still (one localised step); its weight for itself is 0."""
    here_x, here_y = x[index], y[index]
    to_x = to_y = 0.0
    for other_x, other_y, distance, weight in zip(x, y, wanted, weights, strict=True):
        pull = distance / (hypot(here_x - other_x, here_y - other_y) or 1.0)
        to_x += weight * (other_x + pull * (here_x - other_x))
        to_y += weight * (other_y + pull * (here_y - other_y))
    total = sum(weights)
    return to_x / total, to_y / total


@dataclass(frozen=True)
class _Part:
    """A placed part: its boxes, the labels of its connections by their number, and its lines as pieces of straight ones."""

    boxes: Mapping[str, Box]
    labels: Mapping[int, Box]
    lines: tuple[tuple[Point, Point], ...]

    @property
    def frame(self) -> tuple[float, float, float, float]:
        """Left, top, right and bottom."""
        everything = [*self.boxes.values(), *self.labels.values()]
        return (
            min(box.x - box.width / 2 for box in everything), min(box.y - box.height / 2 for box in everything),
            max(box.x + box.width / 2 for box in everything), max(box.y + box.height / 2 for box in everything),
        )  # fmt: skip

    def moved(self, x: float, y: float) -> _Part:
        """The same part elsewhere."""
        lines = tuple(((a + x, b + y), (c + x, d + y)) for (a, b), (c, d) in self.lines)
        boxes = {name: box.moved(x, y) for name, box in self.boxes.items()}
        return _Part(boxes, {number: box.moved(x, y) for number, box in self.labels.items()}, lines)

    def free(self, place: Box) -> bool:
        """Whether a rectangle keeps clear of everything here."""
        return not any(box.meets(place, _PART_GAP / 2) for box in (*self.boxes.values(), *self.labels.values())) and not any(
            place.crossed_by(start, end, _PART_GAP / 2) for start, end in self.lines
        )


def _packed(parts: Sequence[_Part], count: int) -> Layout:
    """The largest part, the others in the gaps that it leaves, or in rows below it."""
    if not parts:
        return Layout({}, (), (0.0, 0.0))
    left, top, right, bottom = parts[0].frame
    width, height = right - left, bottom - top
    placed = [parts[0].moved(-left, -top)]
    row_x, row_y, row_height = 0.0, height + _PART_GAP, 0.0
    for part in parts[1:]:
        left, top, right, bottom = part.frame
        size = (right - left, bottom - top)
        gap = _gap(placed, size, (width, height))
        if gap is None:
            if row_x and row_x + size[0] > width:
                row_x, row_y, row_height = 0.0, row_y + row_height + _PART_GAP, 0.0
            gap = (row_x, row_y)
            row_x, row_height = row_x + size[0] + _PART_GAP, max(row_height, size[1])
        placed.append(part.moved(gap[0] - left, gap[1] - top))
    frames = [part.frame for part in placed]
    boxes = {name: box for part in placed for name, box in part.boxes.items()}
    labels = {number: box for part in placed for number, box in part.labels.items()}
    return Layout(boxes, tuple(labels[i] for i in range(count)), (max(frame[2] for frame in frames), max(frame[3] for frame in frames)))


def _gap(placed: Sequence[_Part], size: Point, room: Point) -> Point | None:
    """The first place, row by row, where a rectangle lies clear of everything within the room."""
    for row in range(int((room[1] - size[1]) // _GRID) + 1 if room[1] >= size[1] else 0):
        for column in range(int((room[0] - size[0]) // _GRID) + 1 if room[0] >= size[0] else 0):
            x, y = column * _GRID, row * _GRID
            if all(part.free(Box(x + size[0] / 2, y + size[1] / 2, *size)) for part in placed):
                return x, y
    return None
