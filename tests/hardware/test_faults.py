"""Faults of the wire all the way into the core: what the wearer's history says of them."""

import dataclasses
from collections.abc import Callable
from typing import TypeVar

import pytest

from firmware_py.hardware.twin.motion import Resting
from firmware_py.posture.blocks import Place, RemarkKind
from firmware_py.posture.events import Event, Reading, SensorBack, SensorLost, SensorRemarked, SessionEnded
from firmware_py.posture.monitor import Monitor
from firmware_py.posture.profile import CalibrationProfile, SensorProfile

from .test_two_sensors import TwoSensors

G = 9.80665
UPRIGHT = Resting((G, 0.0, 0.0))
"""Flat on the back, x up, upright."""


EventT = TypeVar("EventT", bound=Event)


class Wearer:
    """Two upright sensors and a core that listens to them."""

    def __init__(self, upper: str = "MPU-6050", lower: str = "LSM6DSO", buses: int = 2) -> None:
        self.pair = TwoSensors(upper, lower, buses=buses)
        for chip in self.pair.chips.values():
            chip.motion = UPRIGHT
            chip.flaws = dataclasses.replace(chip.flaws, gyr_noise_rad_s_rthz=2e-3)
        self.profile = CalibrationProfile(
            upper=SensorProfile(), lower=SensorProfile(), made_at="2026-01-01T00:00:00+00:00"
        )
        self.monitor = Monitor(self.profile, self.pair.imus[Place.UPPER].rate_hz)
        self.events: list[Event] = []

    def sit(self, for_s: float) -> list[Event]:
        fresh = [event for block in self.pair.turns(for_s) for event in self.monitor.feed(block)]
        self.events += fresh
        return fresh

    def of(self, kind: type[EventT], events: list[Event] | None = None) -> list[EventT]:
        return [event for event in (self.events if events is None else events) if isinstance(event, kind)]


@pytest.fixture
def wearer() -> Wearer:
    sits = Wearer()
    sits.sit(5.0)
    return sits


def test_a_lost_upper_sensor_is_told_and_its_time_is_unknown(wearer: Wearer) -> None:
    bus = wearer.pair.buses[Place.UPPER]
    bus.silence(0x68, 30.0)
    during = wearer.sit(28.0)
    after = wearer.sit(10.0)
    assert [event.place for event in wearer.of(SensorLost, during)] == [Place.UPPER]
    [back] = wearer.of(SensorBack, after)
    assert back.lost_s == pytest.approx(30.0, abs=1.5)
    # no reading of the silent half minute, seen some seconds in, may call a posture
    unjudged = [reading.unjudged for reading in wearer.of(Reading, during) if reading.t_s > 10.0]
    assert len(unjudged) > 200
    assert None not in unjudged


def test_judgement_goes_on_with_one_sensor_when_the_lower_is_lost_and_says_so(wearer: Wearer) -> None:
    wearer.pair.buses[Place.LOWER].detach(wearer.pair.addresses[Place.LOWER])
    during = wearer.sit(20.0)
    assert [event.place for event in wearer.of(SensorLost, during)] == [Place.LOWER]
    late = [reading for reading in wearer.of(Reading, during) if reading.t_s > 10.0]
    assert {reading.sensors for reading in late} == {1}
    wearer.pair.buses[Place.LOWER].attach(wearer.pair.addresses[Place.LOWER], wearer.pair.chips[Place.LOWER])
    after = wearer.sit(10.0)
    assert wearer.of(SensorBack, after)
    assert wearer.of(Reading, after)[-1].sensors == 2


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (lambda pair: pair.chips[Place.UPPER].brown_out(), RemarkKind.RESET),
        (lambda pair: pair.clock.sleep(2.0), RemarkKind.OVERFLOW),
        (lambda pair: pair.chips[Place.UPPER].flip_bit(24, 6), RemarkKind.IMPLAUSIBLE),
    ],
    ids=["brown-out", "delayed loop", "flipped bit"],
)
def test_a_passing_fault_is_remarked_and_judged_through(
    wearer: Wearer, fault: Callable[[TwoSensors], None], kind: RemarkKind
) -> None:
    fault(wearer.pair)
    after = wearer.sit(10.0)
    assert kind in [event.kind for event in wearer.of(SensorRemarked, after)]
    angles = [reading.upper_deg for reading in wearer.of(Reading, after) if reading.sensors]
    assert len(angles) > 70
    assert all(abs(angle - angles[-1]) < 2.0 for angle in angles)


def test_every_tick_is_read_once_whatever_happens_to_the_wires(wearer: Wearer) -> None:
    faults: tuple[Callable[[], None], ...] = (
        lambda: wearer.pair.buses[Place.UPPER].stick(3.0),
        lambda: wearer.pair.buses[Place.LOWER].silence(wearer.pair.addresses[Place.LOWER], 8.0),
        lambda: wearer.pair.clock.sleep(2.0),
        lambda: wearer.pair.chips[Place.UPPER].brown_out(),
    )
    for fault in faults:
        fault()
        wearer.sit(12.0)
    ticks = [round(reading.t_s * 10) for reading in wearer.of(Reading)]
    assert ticks == list(range(ticks[0], ticks[0] + len(ticks)))
    [ended] = [event for event in wearer.monitor.finish() if isinstance(event, SessionEnded)]
    tally = ended.summary.tally
    assert tally.unjudged["sensor_lost"] > 20  # the three seconds of the stuck bus, and what came after
    assert tally.posture["unknown"] == tally.ticks - tally.judged > 50
