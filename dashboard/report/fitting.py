"""How much of what was said fits on the first side, estimated from the lengths of its lines.

The sheet is set by two programs in two fonts, so the estimate is on the safe side; a test holds the fullest
record there can be against the paper in both.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil

SIDE_MM = 250.0
"""Height of a side: US letter's, less its margins; A4 is higher."""

LINE_MM = 3.8
ROW_MM = 1.7
CHARACTERS = (19, 22, 12, 15, 15, 15)
"""In a line of each column of the table of symptoms."""

QUOTE_CHARACTERS = 84
HEADS_MM = 78.0
"""Title, headings, the table's head, the line below it and the foot."""

EXERCISES_MM, EXERCISE_MM = 14.0, 5.6
FIGURES_MM, LANE_MM, FIGURE_HEAD_MM = 46.0, 7.6, 9.0

MOST_NAMED = 4
MOST_QUOTES = 14
LEAST_QUOTES = 3

Row = Sequence[Sequence[str]]


def lines(text: str, characters: int) -> int:
    """How many lines a text takes."""
    return max(1, ceil(len(text) / characters))


def table_mm(rows: Sequence[Row]) -> float:
    """Height of the rows of the table of symptoms."""
    return sum(
        ROW_MM
        + LINE_MM
        * max(
            sum(lines(line, characters) for line in cell)
            for cell, characters in zip(row, CHARACTERS, strict=True)
        )
        for row in rows
    )


def room_mm(kinds: int, exercises: int) -> float:
    """What is left on the first side for the table and the quotes."""
    figures = max(FIGURES_MM, FIGURE_HEAD_MM + LANE_MM * kinds) if kinds else 0.0
    done = EXERCISES_MM + EXERCISE_MM * exercises if exercises else 4.0
    return SIDE_MM - HEADS_MM - figures - done


def quotes_that_fit(quotes: Sequence[str], height_mm: float) -> int:
    """How many of these, from the first on, fit into a height."""
    for count, text in enumerate(quotes[:MOST_QUOTES]):
        height_mm -= ROW_MM + LINE_MM * lines(text, QUOTE_CHARACTERS)
        if height_mm < 0:
            return count
    return min(len(quotes), MOST_QUOTES)
