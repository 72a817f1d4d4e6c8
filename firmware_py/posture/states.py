"""The states that people and judgement have, and the reasons that are told with them: one enum each."""

from __future__ import annotations

from enum import StrEnum


class Posture(StrEnum):
    """What the trunk does, seen from the wearer's own neutral. UNKNOWN is never counted as good."""

    UPRIGHT = "upright"
    SLOUCHED = "slouched"
    LEANING_FORWARD = "leaning_forward"
    LEANING_BACK = "leaning_back"
    SIDE_BENT = "side_bent"
    UNKNOWN = "unknown"


class Activity(StrEnum):
    """What the wearer does."""

    STILL = "still"
    MOVING = "moving"
    LYING = "lying"
    UNKNOWN = "unknown"


class Unjudged(StrEnum):
    """Why a moment is not judged. The first that holds, in this order, is the one told."""

    SENSOR_LOST = "sensor_lost"
    NOT_WORN = "not_worn"
    SETTLING = "settling"
    UNTRUSTED = "untrusted"
    EXERCISE = "exercise"
    BUZZ = "buzz"
    STALE = "stale"
    LYING = "lying"
    MOVING = "moving"


class Withheld(StrEnum):
    """Why an alert that was due was not given."""

    GRACE = "grace"
    INTERVAL = "interval"
    BUDGET = "budget"
    SNOOZED = "snoozed"
    MODE = "mode"
    PLAN = "plan"


class SlouchEnd(StrEnum):
    """How a slouch ended."""

    CORRECTED = "corrected"
    MOVED = "moved"
    UNKNOWN = "unknown"
    SESSION_ENDED = "session_ended"
