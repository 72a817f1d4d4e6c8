"""Where a reader can go: four tabs within a thumb's reach, and the rest behind "More".

Each place has a text (`nav.<key>`) and an icon (`templates/_icons.html`). A page says with
`Site.page(..., here=<key>)` which place it belongs to.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Place:
    """One entry: the key of its text and icon, and its address."""

    key: str
    path: str


TABS = (
    Place("now", "/"),
    Place("history", "/history"),
    Place("exercises", "/exercises"),
    Place("diary", "/diary"),
)
"""What is opened daily. With "More" these are at most five: as many as a phone holds in one hand."""

MORE = (
    Place("wear", "/wear"),
    Place("settings", "/settings"),
    Place("devices", "/devices"),
    Place("data", "/data"),
)
"""What is opened now and then."""
