"""What the motor says is chosen kind by kind, and quiet hours come and go without a buzz."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from firmware_py.hardware.haptics import ALERTS, Haptics, pattern_for
from firmware_py.hardware.patterns import patterns
from firmware_py.hardware.twin.clock import VirtualClock
from firmware_py.posture.blocks import Place
from firmware_py.posture.events import (
    BreakDue,
    Event,
    Mode,
    ModeChanged,
    NoteBuzz,
    SensorLost,
    SlouchAlert,
    SlouchEnd,
    SlouchEnded,
    Snoozed,
)
from firmware_py.posture.settings import BodyAlert

SAID: dict[BodyAlert, Event] = {
    BodyAlert.SLOUCH: SlouchAlert(1.0, 1, 1, 14.0, 300.0),
    BodyAlert.CORRECTED: SlouchEnded(9.0, 1, 0.0, 5.0, 15.0, 13.0, 1.0, 6.0, SlouchEnd.CORRECTED),
    BodyAlert.BREAK: BreakDue(1.0, 1800.0),
    BodyAlert.SENSOR_LOST: SensorLost(1.0, Place.UPPER, "no samples"),
    BodyAlert.ANSWER: Snoozed(1.0, 900.0),
}


class Still:
    """A motor that turns nothing."""

    name = "still"

    def drive(self, strength: float) -> None:
        pass

    def close(self) -> None:
        pass


def felt(events: list[Event], wanted: Callable[[BodyAlert], bool]) -> int:
    """How often the motor ran; one event at a time, so that none is dropped as late."""
    notes: list[NoteBuzz] = []
    for event in events:
        haptics = Haptics(Still(), patterns(), VirtualClock(0.0), tell=notes.append, wanted=wanted)
        haptics(event)
        haptics.close()
    return len(notes)


@pytest.mark.parametrize("kind", BodyAlert)
def test_a_kind_that_is_switched_off_is_not_felt_and_the_others_are(kind: BodyAlert) -> None:
    assert felt([SAID[kind]], lambda asked: asked is not kind) == 0
    assert felt(list(SAID.values()), lambda asked: asked is not kind) == len(SAID) - 1


def test_every_pattern_that_answers_an_event_belongs_to_a_kind() -> None:
    answers = {pattern_for(event) for event in SAID.values()}
    assert answers <= set(ALERTS)
    assert set(ALERTS.values()) == set(BodyAlert)


def test_quiet_hours_begin_and_end_unfelt_and_a_mode_of_the_wearers_is_felt() -> None:
    for mode in Mode:
        assert pattern_for(ModeChanged(1.0, mode, None, calendar=True)) is None
        assert pattern_for(ModeChanged(1.0, mode, None)) is not None
