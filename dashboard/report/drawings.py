"""The record's drawings, as SVG that a grey printer keeps apart: shape, shade and place, never colour.

Each is a whole SVG document, so that it stands in the page and in the PDF alike. Lengths are in points of the
drawing's own box; text is 9 points.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from html import escape

from firmware_py.posture.trunk import TICK_S

from ..diary.body_map import HEAD, REGIONS, WIDTH
from ..diary.symptoms import Entry, Kind
from ..diary.timeline import hour_scale
from .collect import Column

FONT = "Libertinus Serif"
"""In the PDF; a page's stylesheet overrides it."""

INK, MID, LIGHT, FAINT, PAPER = "#111", "#777", "#bbb", "#e4e4e4", "#fff"
SHADES = ("#eee", "#c4c4c4", "#8f8f8f", "#4a4a4a")
"""Of the body map: never named, then a third each up to the most often named."""

_LEFT = 46.0
_SIZE = 9
_BESIDE = 10.5
"""Of the drawing beside the body map, which paper shows at six tenths: 6 points, the least that is read."""

Name = Callable[[date], str]


class Drawing:
    """Collects the elements of one drawing."""

    def __init__(self, width: float, height: float, label: str) -> None:
        self.width, self.height = width, height
        self._label = label
        self._parts: list[str] = []

    def rect(self, x: float, y: float, w: float, h: float, fill: str, stroke: str = "none") -> None:
        """A rectangle; nothing where it is flat."""
        if w > 0 and h > 0:
            self._parts.append(
                f'<rect x="{x:.1f}" y="{y:.1f}" width="{w:.1f}" height="{h:.1f}" '
                f'fill="{fill}" stroke="{stroke}" stroke-width="0.6"/>'
            )

    def line(
        self,
        x1: float,
        y1: float,
        x2: float,
        y2: float,
        stroke: str = FAINT,
        width: float = 0.7,
        dash: str = "",
    ) -> None:
        """A straight line."""
        dashed = f' stroke-dasharray="{dash}"' if dash else ""
        self._parts.append(
            f'<path d="M{x1:.1f} {y1:.1f}L{x2:.1f} {y2:.1f}" stroke="{stroke}" '
            f'stroke-width="{width}"{dashed}/>'
        )

    def circle(self, x: float, y: float, r: float, fill: str, stroke: str = INK) -> None:
        """A circle."""
        self._parts.append(
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{r}" fill="{fill}" stroke="{stroke}" stroke-width="0.8"/>'
        )

    def text(self, x: float, y: float, words: str, anchor: str = "middle", size: float = _SIZE) -> None:
        """Words at a place."""
        self._parts.append(
            f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" font-family="{FONT}" '
            f'fill="{INK}">{escape(words)}</text>'
        )

    def raw(self, part: str) -> None:
        """An element as it is."""
        self._parts.append(part)

    def svg(self) -> str:
        """The document."""
        return (
            '<svg xmlns="http://www.w3.org/2000/svg" role="img" '
            f'viewBox="0 0 {self.width:g} {self.height:g}" aria-label="{escape(self._label, quote=True)}">'
            + "".join(self._parts)
            + "</svg>"
        )


def _axis(drawing: Drawing, columns: Sequence[Column], name: Name) -> float:
    """Names of the columns along the foot; returns the width of one."""
    width = (drawing.width - _LEFT) / len(columns)
    every = max(1, round(38 / width))
    for n in range(0, len(columns), every):
        drawing.text(_LEFT + (n + 0.5) * width, drawing.height - 2, name(columns[n].first), size=8)
    return width


def hours(columns: Sequence[Column], name: Name, hour: Callable[[float], str], label: str) -> str:
    """Time recorded (outline), judged (grey), and of that slouched (dark), for each column."""
    drawing = Drawing(720, 102, label)
    top_y, foot_y = 6.0, 86.0
    step_s, top_s = hour_scale(max(column.figures.recorded_s for column in columns))

    def y(seconds: float) -> float:
        return foot_y - (foot_y - top_y) * seconds / top_s

    for seconds in range(0, top_s + 1, step_s):
        drawing.line(_LEFT, y(seconds), drawing.width, y(seconds))
        drawing.text(_LEFT - 5, y(seconds) + 3, hour(seconds), "end", 8)
    width = _axis(drawing, columns, name)
    for n, column in enumerate(columns):
        x, w = _LEFT + (n + 0.15) * width, 0.7 * width
        figures = column.figures
        slouched_s = figures.slouched * TICK_S
        drawing.rect(x, y(figures.recorded_s), w, foot_y - y(figures.recorded_s), PAPER, MID)
        drawing.rect(x, y(figures.judged_s), w, foot_y - y(figures.judged_s), LIGHT, MID)
        drawing.rect(x, y(slouched_s), w, foot_y - y(slouched_s), "#333")
    return drawing.svg()


def angles(columns: Sequence[Column], threshold_deg: float, name: Name, label: str) -> str:
    """P10 to P90 of each column as a bar, its median as a line; the neutral and the threshold across."""
    drawing = Drawing(720, 108, label)
    known = [p for column in columns for p in column.percentiles_deg if p is not None]
    low = min(-10, *(10 * int(p // 10) for p in known)) if known else -10
    high = max(30, *(10 * -int(-p // 10) for p in known)) if known else 30
    top_y, foot_y = 6.0, 92.0

    def y(angle: float) -> float:
        return foot_y - (foot_y - top_y) * (angle - low) / (high - low)

    step = 10 if high - low <= 60 else 20
    for angle in range(low, high + 1, step):
        drawing.line(_LEFT, y(angle), drawing.width, y(angle), MID if angle == 0 else FAINT)
        drawing.text(_LEFT - 5, y(angle) + 3, f"{angle}°".replace("-", "−"), "end", 8)
    drawing.line(_LEFT, y(threshold_deg), drawing.width, y(threshold_deg), INK, 0.9, "5 3")
    width = _axis(drawing, columns, name)
    for n, column in enumerate(columns):
        p10, p50, p90 = column.percentiles_deg
        if p10 is None or p50 is None or p90 is None:
            continue
        x, w = _LEFT + (n + 0.28) * width, 0.44 * width
        drawing.rect(x, y(p90), w, max(1.0, y(p10) - y(p90)), LIGHT, MID)
        drawing.line(x - 0.1 * width, y(p50), x + w + 0.1 * width, y(p50), INK, 2)
    return drawing.svg()


def symptoms(
    entries: Sequence[Entry],
    kinds: Sequence[tuple[Kind, str]],
    first: date,
    last: date,
    name: Name,
    label: str,
) -> str:
    """Every entry as a stroke on its day, as high as it was strong; one without a strength as a circle."""
    count = (last - first).days + 1
    lane = 30.0 if len(kinds) > 3 else 38.0
    per_point = (lane - 12.0) / 10
    drawing = Drawing(470, lane * len(kinds) + 16, label)
    left = 60.0
    width = (drawing.width - left - 12) / count
    for row, (kind, word) in enumerate(kinds):
        foot_y = (row + 1) * lane
        drawing.line(left, foot_y, drawing.width, foot_y, LIGHT)
        drawing.text(left - 6, foot_y - 2, word, "end", _BESIDE)
        mine = [entry for entry in entries if entry.kind is kind]
        for day in sorted({entry.day for entry in mine}):
            of_day = [entry for entry in mine if entry.day == day]
            for n, entry in enumerate(of_day):
                share = (n + 1) / (len(of_day) + 1)
                x = left + ((day - first).days + share) * width
                if entry.strength is None:
                    drawing.circle(x, foot_y - 4, 2.4, PAPER)
                    continue
                drawing.line(
                    x, foot_y, x, foot_y - 1 - per_point * entry.strength, INK, min(4.0, 0.5 * width)
                )
                if width > 9 and len(of_day) == 1:
                    top_y = foot_y - 4 - per_point * entry.strength
                    drawing.text(x, top_y, str(entry.strength), size=_BESIDE)
    every = max(1, round(56 / width))
    for n in range(0, count, every):
        day = first + timedelta(days=n)
        drawing.text(left + (n + 0.5) * width, drawing.height - 3, name(day), size=_BESIDE)
    return drawing.svg()


def distribution(flexion: Mapping[int, int], percent: Callable[[float], str], label: str) -> str:
    """Share of the judged time at each angle, two degrees a bar; the neutral as a line."""
    drawing = Drawing(340, 116, label)
    judged = sum(flexion.values()) or 1
    shares: dict[int, float] = {}
    for degree, ticks in flexion.items():
        shares[degree // 2] = shares.get(degree // 2, 0.0) + ticks / judged
    seen = [at for at, share in shares.items() if share >= 0.001]
    low, high = min([-10, *seen]), max([20, *(at + 1 for at in seen)])
    top = max(shares.values(), default=0.1)
    left, top_y, foot_y = 34.0, 10.0, 96.0
    width = (drawing.width - left - 12) / (high - low)
    for share in (0.0, top):
        y = foot_y - (foot_y - top_y) * share / top
        drawing.line(left, y, drawing.width, y)
        drawing.text(left - 4, y + 3, percent(share), "end", 8)
    for at, share in shares.items():
        if low <= at < high:
            h = (foot_y - top_y) * share / top
            drawing.rect(left + (at - low) * width, foot_y - h, width * 0.9, h, MID)
    for at in range(low, high + 1):
        if (2 * at) % 10 == 0:
            x = left + (at - low) * width
            drawing.text(x, foot_y + 11, f"{2 * at}°".replace("-", "−"), size=8)
            if at == 0:
                drawing.line(x, top_y - 4, x, foot_y, INK, 1, "2 2")
    return drawing.svg()


def body(view: str, counts: Mapping[str, int], left: str, right: str, label: str) -> str:
    """The body map from one side; the more often a place was named, the darker."""
    drawing = Drawing(WIDTH, 282, label)
    most = max(counts.values(), default=0)
    if view == "front":
        drawing.raw(f'<path d="{HEAD}" fill="{SHADES[0]}"/>')
    for region in (region for region in REGIONS if region.view == view):
        n = counts.get(region.key, 0)
        fill = SHADES[-(-3 * n // most)] if n else SHADES[0]
        turned = f' transform="translate({WIDTH} 0) scale(-1 1)"' if region.mirrored else ""
        drawing.raw(
            f'<path d="{region.path}"{turned} fill="{fill}" stroke="{INK if n else LIGHT}" '
            f'stroke-width="{1.4 if n else 0.8}" stroke-linejoin="round"/>'
        )
    names = (left, right) if view == "back" else (right, left)
    drawing.text(22, 62, names[0], size=14)
    drawing.text(WIDTH - 22, 62, names[1], size=14)
    return drawing.svg()
