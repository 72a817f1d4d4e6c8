"""The rows of the table below a day's band: a hundred of them with eight cells each.

Put together here and not by the template, which looks up, calls and escapes for every cell anew: that was
a third of the time in which the page is drawn.
"""

from __future__ import annotations

from datetime import tzinfo

from markupsafe import Markup, escape

from .views import BandDrawing
from .words import Words

SHOWN = ("upright", "slouched", "leaning_forward", "leaning_back", "side_bent", "unknown")
"""The postures of a row, in the order of the heading."""


class _Cells(dict[str, str]):
    """Texts as cells of a table; few of them are different ones."""

    def __missing__(self, text: str) -> str:
        self[text] = cell = f"<td>{escape(text)}</td>"
        return cell


def band_rows(drawing: BandDrawing, t: Words, zone: tzinfo) -> Markup:
    """The body of the table: for each column of the band its beginning, its shares, slouches, reminders."""
    cells = _Cells()
    rows = []
    for left, right, column in drawing.columns:
        figures, ticks = column.figures, column.figures.ticks
        shares = "".join([cells[t.percent(getattr(figures, n) / ticks if ticks else None)] for n in SHOWN])
        begins = escape(t.clock(column.stretch.start_utc_ms, zone))
        rows.append(
            f'<tr data-left="{left}" data-right="{right}"><th scope="row">{begins}</th>{shares}'
            f"<td>{figures.slouches}</td><td>{column.reminders}</td></tr>\n"
        )
    return Markup("".join(rows))  # noqa: S704 - numbers, and words that were escaped
