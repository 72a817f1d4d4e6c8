"""The wearer of the demonstration shows within two minutes what the product does, and never ends."""

from __future__ import annotations

import numpy as np
import pytest

from firmware_py.hardware.twin.wearer_demo import KEPT_S, demo_motion
from firmware_py.posture.blocks import SensorBlock, TrunkBlock
from firmware_py.posture.events import Activity, Event, Reading, SlouchAlert, SlouchEnd, SlouchEnded
from firmware_py.posture.monitor import Monitor

RATE_HZ = 50.0


def first_minutes(seed: int, sensors: int, for_s: float) -> list[Event]:
    wearer = demo_motion(seed)
    monitor = Monitor(wearer.person.profile(sensors), RATE_HZ)
    events: list[Event] = []
    for first in range(0, int(for_s * RATE_HZ), 500):
        t_s = np.arange(first, first + 500) / RATE_HZ
        upper = SensorBlock(t_s, *wearer.upper.at(t_s))
        lower = SensorBlock(t_s, *wearer.lower.at(t_s)) if sensors == 2 else None
        events += monitor.feed(TrunkBlock.of(upper, lower))
    return events + monitor.finish()


@pytest.mark.parametrize("sensors", [1, 2])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_two_minutes_show_a_slouch_its_reminder_its_correction_and_a_walk(seed: int, sensors: int) -> None:
    events = first_minutes(seed, sensors, 130.0)
    (alert, *_) = [event for event in events if isinstance(event, SlouchAlert)]
    assert 60.0 < alert.t_s < 90.0
    assert alert.flexion_deg > 13.0
    ended = [event for event in events if isinstance(event, SlouchEnded) and event.alerted_s is not None]
    assert ended[0].outcome is SlouchEnd.CORRECTED
    moving = [e.t_s for e in events if isinstance(e, Reading) and e.activity is Activity.MOVING]
    assert len([t_s for t_s in moving if 92.0 < t_s < 120.0]) > 100


def test_the_demonstration_is_the_same_again_however_it_is_asked_for() -> None:
    t_s = np.arange(0.0, 600.0, 0.1)
    at_once = np.hstack(demo_motion(4).lower.at(t_s))
    wearer = demo_motion(4)
    pieces = [np.hstack(wearer.lower.at(piece)) for piece in np.array_split(t_s, 77)]
    assert np.abs(np.concatenate(pieces) - at_once).max() < 1e-9


def test_two_sensors_may_be_asked_in_turns() -> None:
    t_s = np.arange(0.0, 900.0, 0.25)
    alone = np.hstack(demo_motion(1).lower.at(t_s))
    wearer = demo_motion(1)
    pieces = []
    for piece in np.array_split(t_s, 9):
        wearer.upper.at(piece + 120.0)
        pieces.append(np.hstack(wearer.lower.at(piece)))
    assert np.abs(np.concatenate(pieces) - alone).max() < 1e-9


def test_hours_of_demonstration_take_no_more_memory_than_minutes() -> None:
    wearer = demo_motion(2)
    script = wearer._script  # there is no public way to ask how much is remembered
    kept = []
    for hour in range(6):
        t_s = np.arange(hour * 3600.0, (hour + 1) * 3600.0, 1.0)
        for piece in np.array_split(t_s, 60):
            acc_m_s2, _ = wearer.upper.at(piece)
            assert np.isfinite(acc_m_s2).all()
        kept.append(len(script.channels))
    assert max(kept[1:]) < 3 * max(kept[0], 500)
    assert script.now_s < 6 * 3600.0 + KEPT_S
