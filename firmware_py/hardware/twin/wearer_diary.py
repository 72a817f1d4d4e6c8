"""What a simulated wearer notes in the symptom diary. Nobody felt it, and every entry says so.

The entries know nothing of the simulated posture of the same days: neither is made to look like a cause.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta, tzinfo
from typing import Any, Literal
from uuid import UUID

import numpy as np

_LIKELY = (
    # kind, where, how strong, what brings it on, what brings relief, likelihood of a day
    ("stiffness", ("neck_back", "shoulder_top_left"), (2, 5), ("screen",), ("moving", "warmth"), 0.3),
    ("pain", ("between_shoulder_blades",), (2, 6), ("sitting",), ("changing_position",), 0.35),
    ("tingling", ("forearm_back_right", "hand_back_right"), (1, 4), ("lying",), ("moving",), 0.12),
    ("pain", ("shoulder_blade_right",), (3, 5), ("lifting",), ("resting", "warmth"), 0.1),
)

Language = Literal["en", "de"]

_WORDS: dict[Language, tuple[str, ...]] = {
    "en": (
        "After two calls in a row.",
        "Woke up with it, gone by noon.",
        "Could not turn the head fully to the left.",
        "Less than last week.",
        "Carried shopping home.",
    ),
    "de": (
        "Nach zwei Telefonaten hintereinander.",
        "Damit aufgewacht, mittags war es weg.",
        "Konnte den Kopf nicht ganz nach links drehen.",
        "Weniger als letzte Woche.",
        "Einkäufe nach Hause getragen.",
    ),
}

_BEGAN_DAYS_BEFORE = 24
"""The lasting ones began so long before the first entry."""


def simulated_diary(
    days: int, *, until: date, zone: tzinfo, seed: int = 0, language: Language = "en"
) -> Iterator[dict[str, Any]]:
    """Entries of the last `days` days up to `until`, in the fields of the diary's JSON, in order.

    The same days give the same entries with the same ids, so that making them twice changes nothing;
    in another language only the wearer's own words are others.
    """
    said = _WORDS[language]
    began = until - timedelta(days=days + _BEGAN_DAYS_BEFORE)
    for ago in range(days - 1, -1, -1):
        day = until - timedelta(days=ago)
        rng = np.random.default_rng([seed, day.toordinal()])
        for kind, places, (weakest, strongest), brought_on, relief, likelihood in _LIKELY:
            if rng.random() > likelihood:
                continue
            hour, minute = int(rng.integers(8, 22)), int(rng.integers(0, 12)) * 5
            at = datetime(day.year, day.month, day.day, hour, minute, tzinfo=zone)
            yield {
                "entry_id": str(UUID(bytes=rng.bytes(16), version=4)),
                "day": day.isoformat(),
                "time": f"{hour:02d}:{minute:02d}",
                "kind": kind,
                "places": list(places[: int(rng.integers(1, len(places) + 1))]),
                "strength": int(rng.integers(weakest, strongest + 1)),
                "since": began.isoformat()
                if kind == "stiffness"
                else "days"
                if rng.random() < 0.3
                else "today",
                "brought_on": list(brought_on),
                "relief": list(relief),
                "words": said[int(rng.integers(len(said)))] if rng.random() < 0.35 else "",
                "simulated": True,
                "edited_utc_ms": round(at.timestamp() * 1000),
            }
