"""Numbers to the coordinates of SVG drawings. Pure geometry: no words, no colours.

Drawings stretch to the width of their box: x runs 0–1000, y 0–100 downwards.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

WIDTH = 1000.0
HEIGHT = 100.0


def number(value: float) -> str:
    """A coordinate, short."""
    return f"{value:.1f}".removesuffix(".0")


def stacked(columns: Iterable[tuple[float, float, Sequence[float]]], layers: int) -> list[str]:
    """Columns of stacked shares, as one path for each layer.

    Args:
        columns: left and right edge (0–1000), and each layer's share from the bottom up (sum ≤ 1).
        layers: how many shares a column has.
    """
    paths: list[list[str]] = [[] for _ in range(layers)]
    for left, right, shares in columns:
        bottom, bottom_y = HEIGHT, number(HEIGHT)
        left_x, right_x = number(left), number(right)
        for layer, share in enumerate(shares):
            if share <= 0:
                continue
            top = max(0.0, bottom - share * HEIGHT)
            top_y = number(top)
            paths[layer].append(f"M{left_x} {top_y}H{right_x}V{bottom_y}H{left_x}z")
            bottom, bottom_y = top, top_y
    return ["".join(path) for path in paths]


def runs(points: Sequence[tuple[float, float | None]], reach: float) -> list[list[tuple[float, float]]]:
    """Cut a series at its unknown values and where two neighbours are further apart than `reach`."""
    pieces: list[list[tuple[float, float]]] = []
    before: float | None = None
    for x, y in points:
        if y is None:
            before = None
            continue
        if before is None or x - before > reach:
            pieces.append([])
        pieces[-1].append((x, y))
        before = x
    return pieces


def line(points: Sequence[tuple[float, float | None]], reach: float) -> str:
    """A path through the known points, broken at gaps; a lone point becomes a short dash."""
    path = []
    for piece in runs(points, reach):
        if len(piece) == 1:
            x, y = piece[0]
            piece = [(x - reach / 4, y), (x + reach / 4, y)]
        path.append("M" + "L".join(f"{number(x)} {number(y)}" for x, y in piece))
    return "".join(path)


def area(
    low: Sequence[tuple[float, float | None]], high: Sequence[tuple[float, float | None]], reach: float
) -> str:
    """The area between two series that are known at the same places."""
    path = []
    for lower, upper in zip(runs(low, reach), runs(high, reach), strict=True):
        if len(lower) == 1:
            (x, y0), (_, y1) = lower[0], upper[0]
            w = reach / 4
            lower, upper = [(x - w, y0), (x + w, y0)], [(x - w, y1), (x + w, y1)]
        outline = upper + lower[::-1]
        path.append("M" + "L".join(f"{number(x)} {number(y)}" for x, y in outline) + "z")
    return "".join(path)


def scale(value: float, low: float, high: float) -> float:
    """Height of a value on an axis from `low` (100, bottom) to `high` (0, top), clipped."""
    share = (value - low) / (high - low)
    return HEIGHT * (1.0 - min(1.0, max(0.0, share)))
