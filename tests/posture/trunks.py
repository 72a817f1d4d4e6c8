"""Trunk states made by hand: what the judgement's tests feed it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

from firmware_py.posture.events import Event, Reading
from firmware_py.posture.flexion import up_at
from firmware_py.posture.judge import Judge
from firmware_py.posture.profile import CalibrationProfile, SensorProfile
from firmware_py.posture.rules import Rules
from firmware_py.posture.trunk import SegmentState, TrunkState

ONE = CalibrationProfile()
TWO = CalibrationProfile(lower=SensorProfile())


def segment(
    flexion_deg: float, lateral_deg: float = 0.0, *, tick: int = 0, moving: bool = False, trusted: bool = True
) -> SegmentState:
    """A sensor at these angles on somebody who breathes."""
    breath_rad_s = 0.01 * math.sin(2.0 * math.pi * 0.025 * tick)
    return SegmentState(
        up=up_at(flexion_deg, lateral_deg),
        sigma_deg=1.0,
        trusted=trusted,
        gyr_rad_s=(0.0, breath_rad_s, 0.0),
        gyr_rms_rad_s=1.2 if moving else 0.01,
        acc_m_s2=(0.0, 0.0, 9.81),
        acc_rms_m_s2=2.0 if moving else 0.05,
        samples=10,
        bad=0,
        temp_c=25.0,
    )


def at(tick: int, upper_deg: float | None, lateral_deg: float = 0.0, **state: bool) -> TrunkState:
    """One tick with the upper sensor alone; None where it is missing."""
    upper = None if upper_deg is None else segment(upper_deg, lateral_deg, tick=tick, **state)
    return TrunkState(tick, upper, None)


def both(tick: int, upper_deg: float, lower_deg: float | None, lateral_deg: float = 0.0) -> TrunkState:
    """One tick with two sensors, the lower one missing where its angle is None."""
    lower = None if lower_deg is None else segment(lower_deg, tick=tick)
    return TrunkState(tick, segment(upper_deg, lateral_deg, tick=tick), lower)


def held(start_s: float, end_s: float, upper_deg: float | None, **state: bool) -> Iterator[TrunkState]:
    """One posture from one time to another, the end excluded."""
    for tick in range(round(start_s * 10), round(end_s * 10)):
        yield at(tick, upper_deg, **state)


def judged(judge: Judge, *stretches: Iterable[TrunkState]) -> list[Event]:
    """Everything the judge says of these stretches."""
    return [event for stretch in stretches for state in stretch for event in judge.step(state)]


def a_judge(rules: Rules | None = None, profile: CalibrationProfile = ONE) -> Judge:
    """A judge without the time of grace, so that a story can be short."""
    return Judge(profile, rules or Rules(grace_s=0), "run")


def without_readings(events: Iterable[Event]) -> list[Event]:
    """The events that are not readings."""
    return [event for event in events if not isinstance(event, Reading)]
