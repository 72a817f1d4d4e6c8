"""Moving, still and lying; and a real day of walking, stairs and getting up without one false slouch."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from firmware_py.posture.activity import ActivityWatch
from firmware_py.posture.blocks import FloatArray, SensorBlock, TrunkBlock
from firmware_py.posture.events import Activity, Event, Reading, SlouchAlert, SlouchStarted
from firmware_py.posture.monitor import Monitor
from firmware_py.posture.profile import CalibrationProfile, Mounting, Neutral, SensorProfile
from firmware_py.posture.rules import Rules

from .trunks import segment

STILL, MOVING, LYING = Activity.STILL, Activity.MOVING, Activity.LYING
STANDING, SITTING, WALKING, STAIRS = (1,), (2, 3), (4, 5), (6, 7)
GRAVITY_ON_Y = Mounting(((0.0, 0.0, 1.0), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0)))
RATE_HZ = 51.0


def watched(*ticks: tuple[float, bool]) -> list[Activity]:
    watch = ActivityWatch(Rules())
    seen = []
    for angle_deg, moving in ticks:
        state = segment(angle_deg, moving=moving)
        seen.append(watch.step(state, state.up[2]))
    return seen


def test_moving_is_seen_within_half_a_second_and_lasts_over_the_pause_between_strides() -> None:
    seen = watched(*[(0.0, False)] * 20, *[(0.0, True)] * 20, *[(0.0, False)] * 60)
    assert seen[19] is STILL
    assert seen[24] is MOVING
    assert set(seen[24:60]) == {MOVING}
    assert seen[-1] is STILL


def test_lying_takes_time_and_sitting_up_ends_it() -> None:
    seen = watched(*[(0.0, False)] * 10, *[(-80.0, False)] * 150, *[(0.0, False)] * 10)
    assert seen[100] is STILL
    assert seen[120] is LYING
    assert seen[165] is STILL


def test_a_bow_to_the_floor_is_not_lying() -> None:
    assert LYING not in watched(*[(80.0, False)] * 60, *[(0.0, False)] * 10)


@pytest.fixture(scope="module")
def recording(shared_data: Path) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Labels, specific force and rate of the torso sensor of one person (FORTH-TRACE)."""
    with np.load(shared_data / "activity" / "torso_part4.npz") as data:
        return data["label"], data["acc_m_s2"], np.radians(data["gyr_deg_s"])


def profile(recording: tuple[FloatArray, FloatArray, FloatArray]) -> CalibrationProfile:
    """A neutral from a stretch of sitting, as a wearer would give it."""
    label, acc, _ = recording
    up = np.array(GRAVITY_ON_Y.rotation) @ acc[np.flatnonzero(label == 2)[250:500]].mean(axis=0)
    x, y, z = (up / np.linalg.norm(up)).tolist()
    return CalibrationProfile(SensorProfile(mounting=GRAVITY_ON_Y, neutral=Neutral((x, y, z))))


def story(
    recording: tuple[FloatArray, FloatArray, FloatArray], order: list[int]
) -> tuple[list[Event], FloatArray]:
    """The stretches of the recording (cut where the label changes) in this order, and each row's label."""
    label, acc, gyr = recording
    edges = [0, *(np.flatnonzero(np.diff(label)) + 1), len(label)]
    rows = np.concatenate([np.arange(edges[piece], edges[piece + 1]) for piece in order])
    t_s = np.arange(len(rows)) / RATE_HZ
    monitor = Monitor(profile(recording), RATE_HZ, Rules(grace_s=0))
    events = monitor.feed(TrunkBlock.of(SensorBlock(t_s, acc[rows], gyr[rows])))
    return events + monitor.finish(), label[rows]


def test_an_hour_of_walking_stairs_and_changes_in_random_order_raises_no_reminder(
    recording: tuple[FloatArray, FloatArray, FloatArray],
) -> None:
    pieces = int((np.diff(recording[0]) != 0).sum()) + 1
    random = np.random.default_rng(6)
    order = [int(piece) for _ in range(5) for piece in random.permutation(pieces)]
    events, _ = story(recording, order)
    assert max(event.t_s for event in events) >= 3500.0
    assert not [event for event in events if isinstance(event, SlouchAlert)]


def test_walking_and_stairs_are_moving_and_sitting_is_still(
    recording: tuple[FloatArray, FloatArray, FloatArray],
) -> None:
    events, label = story(recording, list(range(int((np.diff(recording[0]) != 0).sum()) + 1)))
    seen = [(label[min(round(r.t_s * RATE_HZ), len(label) - 1)], r) for r in events if isinstance(r, Reading)]
    for kinds, activity in ((WALKING + STAIRS, MOVING), (SITTING + STANDING, STILL)):
        of_kind = [reading.activity is activity for truth, reading in seen if truth in kinds]
        assert np.mean(of_kind) > 0.9, kinds
    assert not [event for event in events if isinstance(event, SlouchStarted)]
