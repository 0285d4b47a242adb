"""Moves boxes and the labels of the lines between them off each other, and boxes off lines, in rounds that keep the shape of the layout."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import hypot

Point = tuple[float, float]
Line = tuple[int, int, Point]  # the numbers of two boxes, and the size of the line's label

_ROUNDS, _FREE, _LAST = 260, 0.6, 400
_BOX_GAP, _LABEL_GAP, _LINE_GAP = 22.0, 8.0, 9.0
_DRIFT = 40.0  # how far a box may have been pushed since the round sorted them; one pushed further waits for the next round


@dataclass(frozen=True)
class Box:
    """A rectangle by its centre and size."""

    x: float
    y: float
    width: float
    height: float

    def moved(self, x: float, y: float) -> Box:
        """The same box elsewhere."""
        return replace(self, x=self.x + x, y=self.y + y)

    def meets(self, other: Box, gap: float = 0.0) -> bool:
        """Whether the two overlap or come nearer than `gap` on both axes."""
        across = (self.width + other.width) / 2 + gap - abs(self.x - other.x)
        return across > 0 and (self.height + other.height) / 2 + gap - abs(self.y - other.y) > 0

    def crossed_by(self, start: Point, end: Point, gap: float = 0.0) -> bool:
        """Whether the segment meets the rectangle, widened by `gap` (Liang and Barsky's clipping)."""
        low, high = 0.0, 1.0
        for origin, step, centre, size in ((start[0], end[0] - start[0], self.x, self.width), (start[1], end[1] - start[1], self.y, self.height)):
            first, last = centre - size / 2 - gap - origin, centre + size / 2 + gap - origin
            if abs(step) < 1e-9:
                if first > 0 or last < 0:
                    return False
                continue
            enter, leave = sorted((first / step, last / step))
            low, high = max(low, enter), min(high, leave)
            if low > high:
                return False
        return True


class _Plane:
    """The moving places while they are being spread: boxes first, then one label for each line."""

    def __init__(self, boxes: Sequence[Box], lines: Sequence[Line]) -> None:
        self.lines = lines
        self.count = len(boxes)
        middles = [((boxes[i].x + boxes[j].x) / 2, (boxes[i].y + boxes[j].y) / 2) for i, j, _ in lines]
        self.x = [*(box.x for box in boxes), *(x for x, _ in middles)]
        # A tiny shift tells labels that would stand on one point which way to go.
        self.y = [*(box.y for box in boxes), *(y + 0.01 * i for i, (_, y) in enumerate(middles))]
        self.width = [*(box.width for box in boxes), *(size[0] for _, _, size in lines)]
        self.height = [*(box.height for box in boxes), *(size[1] for _, _, size in lines)]
        self.gap = [_BOX_GAP / 2] * len(boxes) + [_LABEL_GAP / 2] * len(lines)

    def box(self, i: int) -> Box:
        return Box(self.x[i], self.y[i], self.width[i], self.height[i])

    def pull_labels(self, strength: float) -> None:
        """Draws every label towards the middle of its line."""
        for k, (i, j, _) in enumerate(self.lines, self.count):
            self.x[k] += strength * ((self.x[i] + self.x[j]) / 2 - self.x[k])
            self.y[k] += strength * ((self.y[i] + self.y[j]) / 2 - self.y[k])

    def push_boxes(self) -> bool:
        """Parts every two that overlap, along the axis on which they do so least; a sweep from top to bottom finds them."""
        order = sorted(range(len(self.x)), key=lambda i: self.y[i] - self.height[i] / 2)
        tallest = max(self.height, default=0.0) + _BOX_GAP
        widest = max(self.width, default=0.0) + _BOX_GAP
        moved = False
        for place, i in enumerate(order):
            for j in order[place + 1 :]:
                if self.y[j] - self.height[j] / 2 > self.y[i] + self.height[i] / 2 + tallest:
                    break
                if -widest < self.x[i] - self.x[j] < widest:
                    moved = self._part(i, j) or moved
        return moved

    def _part(self, i: int, j: int) -> bool:
        gap = self.gap[i] + self.gap[j]
        dx, dy = self.x[i] - self.x[j], self.y[i] - self.y[j]
        across = (self.width[i] + self.width[j]) / 2 + gap - abs(dx)
        down = (self.height[i] + self.height[j]) / 2 + gap - abs(dy)
        if across <= 0.01 or down <= 0.01:
            return False
        # Labels give way more easily than boxes do.
        share = 0.5 if (i < self.count) == (j < self.count) else 0.25 if i < self.count else 0.75
        if across < down:
            step = across if dx >= 0 else -across
            self.x[i] += step * share
            self.x[j] -= step * (1 - share)
        else:
            step = down if dy >= 0 else -down
            self.y[i] += step * share
            self.y[j] -= step * (1 - share)
        return True

    def push_off_lines(self) -> None:
        """Moves boxes, and the bends of lines, apart where a line would run under a box that it does not join."""
        order = sorted(range(self.count), key=self.y.__getitem__)
        heights = [self.y[m] for m in order]
        reach = max(self.height[: self.count], default=0.0) / 2 + _LINE_GAP + _DRIFT
        for k, (i, j, _) in enumerate(self.lines, self.count):
            for end in (i, j):
                start, stop = (self.x[end], self.y[end]), (self.x[k], self.y[k])
                low_x, high_x = min(start[0], stop[0]), max(start[0], stop[0])
                low_y, high_y = min(start[1], stop[1]), max(start[1], stop[1])
                for m in order[bisect_left(heights, low_y - reach) : bisect_right(heights, high_y + reach)]:
                    if m in (i, j) or not (low_x - self.width[m] / 2 - _LINE_GAP < self.x[m] < high_x + self.width[m] / 2 + _LINE_GAP):
                        continue
                    if low_y - self.height[m] / 2 - _LINE_GAP < self.y[m] < high_y + self.height[m] / 2 + _LINE_GAP:
                        self._push_off(k, m, start, stop)

    def _push_off(self, k: int, m: int, start: Point, stop: Point) -> None:
        if not self.box(m).crossed_by(start, stop, _LINE_GAP):
            return
        length = max(hypot(stop[0] - start[0], stop[1] - start[1]), 1e-6)
        normal_x, normal_y = -(stop[1] - start[1]) / length, (stop[0] - start[0]) / length
        side = 1.0 if (self.x[m] - start[0]) * normal_x + (self.y[m] - start[1]) * normal_y >= 0 else -1.0
        for index, step in ((m, 3.0 * side), (k, -4.0 * side)):
            self.x[index] += step * normal_x
            self.y[index] += step * normal_y


def spread(boxes: Sequence[Box], lines: Sequence[Line]) -> tuple[list[Box], list[Box]]:
    """The boxes, and a label box for each line, so that no two overlap. At first labels are drawn to their lines and lines kept off boxes; in the last
    rounds only overlaps are parted."""
    plane = _Plane(boxes, lines)
    for turn in range(_ROUNDS):
        if turn < _ROUNDS * _FREE:
            plane.pull_labels(0.12)
        plane.push_off_lines()
        plane.push_boxes()
    for _ in range(_LAST):
        if not plane.push_boxes():
            break
    everything = [plane.box(i) for i in range(len(plane.x))]
    return everything[: plane.count], everything[plane.count :]
