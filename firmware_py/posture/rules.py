"""Every number of the judgement in one frozen dataclass: default, range, source.

What the wearer wants differently stands in `plumbline.toml` under the same names; nothing else in
the core carries a threshold. The table with its sources, for readers: `docs/judgement.md`.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..errors import ConfigError
from .trunk import TICKS_PER_S

HYSTERESIS_DEG = 3.0
"""Least distance between entering and leaving a slouch: below it, the noise of the angle alone
would toggle the state (repeatability of "upright" on the sitting recordings: median 2.4°)."""


def _number(
    default: float, low: float, high: float, source: str, *, wearer: bool = True
) -> Any:  # Any: as dataclasses.field
    metadata = {"low": low, "high": high, "source": source, "wearer": wearer}
    return dataclasses.field(default=default, metadata=metadata)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """The numbers of the judgement; each field's metadata holds `low`, `high`, `source` and `wearer`.

    `wearer` says whether it is a matter of taste, which a wearer may change while it is worn
    (`settings.py`); the others describe bodies and sensors, and stand in the configuration alone.

    Angles are degrees from the wearer's own neutral, times are seconds.

    Slouch:
        slouch_enter_deg, slouch_exit_deg: flexion at which a slouch begins and ends.
        slouch_after_s: a slouch must be held this long to count, so that a reach is none.
        load_s: time to a reminder for one who stays exactly at `slouch_enter_deg`; the limit of the
            degree-second load is their product, so a deeper slouch reaches it sooner.
        load_leak_deg: what a moment of good posture takes off the load, in degree-seconds per second.
        alert_least_s: never a reminder sooner than this, however deep.
        clear_s: good posture that ends a slouch.
        moving_ends_slouch_s, unknown_ends_slouch_s: moving or unjudged time that ends a slouch.

    Reminders:
        interval_s: least time between two reminders.
        budget_per_hour: most reminders in any hour.
        grace_s: time without reminders after a start or a resumption.

    Posture:
        lean_back_deg: backward inclination of the upper back beyond which it leans back.
        side_bend_deg: lateral angle beyond which the trunk is bent sideways.

    Activity:
        moving_gyr_deg_s, moving_acc_m_s2: rate and acceleration (RMS over about a second) of moving.
        moving_hold_s: moving lasts at least this long after the last sign of it.
        lying_deg, lying_after_s: inclination that, held this long without moving, is lying.

    Trust:
        lost_after_s: a sensor without samples for longer than this is lost.
        sigma_limit_deg: an angle less certain than this is not judged.
        buzz_after_s: the trunk is not judged during a buzz and for this long after it.
        unknown_notice_s: a worn sensor whose posture nobody could tell for this long is told of.

    Sessions and breaks:
        off_ends_session_s: a sensor not worn for longer than this ends the session.
        break_after_s: time in one posture after which a break is suggested.
        break_change_deg: a change of posture is at least this large.
        break_clear_s: movement that counts as a break.

    Raises:
        ConfigError: naming the field and its range, where a number is outside it.
    """

    slouch_enter_deg: float = _number(
        10, 5, 30, "natural slouch 12 (SD 7), Claus 2016; above the sensor's error"
    )
    slouch_exit_deg: float = _number(7, 2, 27, "at least 3 below the entry")
    slouch_after_s: float = _number(4, 1, 30, "a static posture lasts at least 4 s, EN 1005-4")
    load_s: float = _number(30, 4, 600, "cumulative cueing beat instant cueing; peers use 5 to 120 s")
    load_leak_deg: float = _number(
        30, 1, 300, "own choice: 1 s upright undoes 3 s at the threshold", wearer=False
    )
    alert_least_s: float = _number(4, 4, 60, "a static posture lasts at least 4 s, EN 1005-4")
    clear_s: float = _number(2, 1, 10, "peers 2 to 3 s")
    moving_ends_slouch_s: float = _number(
        5, 1, 60, "own choice: fidgeting is shorter, getting up is not", wearer=False
    )
    unknown_ends_slouch_s: float = _number(10, 1, 120, "own choice: a lost packet is shorter", wearer=False)
    interval_s: float = _number(180, 30, 1800, "complaints of too many buzzes")
    budget_per_hour: int = _number(8, 0, 60, "inference from complaints of too many buzzes")
    grace_s: float = _number(60, 0, 600, "own choice: time to settle down")
    lean_back_deg: float = _number(10, 5, 40, "lean back moves the upper back by -18, sitting data")
    side_bend_deg: float = _number(12, 5, 30, "a slouch's own side bend is 2 (SD 3), sitting data: three SD")
    moving_gyr_deg_s: float = _number(
        20, 5, 100, "walking 54 to 80, sitting and talking below 6, FORTH-TRACE", wearer=False
    )
    moving_acc_m_s2: float = _number(
        0.6, 0.2, 5, "walking 1.5 to 2.6, sitting and talking 0.2, FORTH-TRACE", wearer=False
    )
    moving_hold_s: float = _number(2, 0.5, 10, "about two strides", wearer=False)
    lying_deg: float = _number(65, 45, 85, "own choice: beyond any held bend of a desk day", wearer=False)
    lying_after_s: float = _number(10, 2, 60, "own choice: a bow to the floor is shorter", wearer=False)
    lost_after_s: float = _number(0.5, 0.2, 10, "five readings", wearer=False)
    sigma_limit_deg: float = _number(5, 2, 15, "half of the least slouch", wearer=False)
    buzz_after_s: float = _number(0.2, 0, 2, "the motor's run-down", wearer=False)
    unknown_notice_s: float = _number(300, 60, 3600, "unknown is never counted as good; 5 min of it is news")
    off_ends_session_s: float = _number(900, 60, 7200, "own choice: longer than a shower", wearer=False)
    break_after_s: float = _number(1800, 1200, 3600, "static sitting, 20 to 60 min between breaks")
    break_change_deg: float = _number(10, 5, 30, "as large as the least slouch")
    break_clear_s: float = _number(60, 10, 600, "a minute of movement")

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            value, low, high = getattr(self, field.name), field.metadata["low"], field.metadata["high"]
            if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
                raise ConfigError(f"{field.name} is {value!r}; a number from {low} to {high} is needed")
            if not low <= value <= high:
                raise ConfigError(f"{field.name} is {value}; it must lie between {low} and {high}")
        if self.slouch_exit_deg > self.slouch_enter_deg - HYSTERESIS_DEG:
            raise ConfigError(
                f"slouch_exit_deg is {self.slouch_exit_deg}; it must lie at least {HYSTERESIS_DEG:g} below "
                f"slouch_enter_deg, which is {self.slouch_enter_deg}"
            )

    def but(self, numbers: Mapping[str, float]) -> Rules:
        """The same with other numbers, by name.

        Raises:
            ConfigError: naming the field, where a number is out of range or the field is unknown.
        """
        types = {field.name: field.type for field in dataclasses.fields(self)}
        for name, value in numbers.items():
            if name not in types:
                raise ConfigError(f"{name} is no number of the judgement")
            if types[name] == "int" and value != int(value):
                raise ConfigError(f"{name} is {value}; a whole number is needed")
        exact: dict[str, Any] = {n: int(v) if types[n] == "int" else v for n, v in numbers.items()}
        return dataclasses.replace(self, **exact)

    def changed(self, since: Rules) -> dict[str, float]:
        """The numbers that differ from an earlier set, by name."""
        names = [field.name for field in dataclasses.fields(self)]
        return {name: getattr(self, name) for name in names if getattr(self, name) != getattr(since, name)}

    @property
    def load_limit_deg_s(self) -> float:
        """Load at which a reminder is due: `load_s` seconds at the threshold."""
        return self.slouch_enter_deg * self.load_s


WEARER_RULES = tuple(field.name for field in dataclasses.fields(Rules) if field.metadata["wearer"])
"""Names of the numbers that a wearer may change from the page."""


def ticks(seconds: float) -> int:
    """Whole ticks in a duration, rounded."""
    return round(seconds * TICKS_PER_S)
