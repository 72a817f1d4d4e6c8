"""Where it is between noon and one o'clock: there live the tests that go by the real clock and say "today".

No midnight comes between what such a test does and what it asks, whenever it is run. What happens at a
midnight, at a month's end or at a change of the clocks is tested with days that are named.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

NOON = f"Etc/GMT{datetime.now(UTC).hour - 12:+d}"
"""Name of a time zone; by the rule of POSIX the sign counts westwards."""

NOON_ZONE = ZoneInfo(NOON)


def today() -> date:
    """The day there."""
    return datetime.now(NOON_ZONE).date()
