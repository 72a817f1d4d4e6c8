"""Body axes from standing and bowing, whatever way the sensor is strapped."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calibration.mounting import measure_mounting, squared_on_the_back
from firmware_py.errors import CalibrationRejected
from firmware_py.posture.blocks import SensorBlock
from firmware_py.posture.flexion import flexion_deg, lateral_deg
from firmware_py.posture.profile import FLAT_ON_THE_BACK, Mounting, Neutral, Quality, SensorProfile
from tests.calibration.strappings import off_deg, sloppy


def errors_deg(people: int, bows: int = 3) -> np.ndarray:
    found = []
    for seed in range(people):
        wearer = sloppy(seed, bows)
        found.append(
            off_deg(measure_mounting(wearer.standing, wearer.bows).mounting.rotation, wearer.to_sensor)
        )
    return np.array(found)


@settings(max_examples=30)
@given(st.integers(0, 2**31))
def test_straight_bows_find_the_body_whatever_way_the_sensor_is_strapped(seed: int) -> None:
    wearer = sloppy(seed, off_plane_deg=(0.0, 0.0))
    found = measure_mounting(wearer.standing, wearer.bows)
    assert off_deg(found.mounting.rotation, wearer.to_sensor) < 1.5


def test_sloppy_bows_find_the_body_within_2_degrees_mostly_and_5_nearly_always() -> None:
    errors = errors_deg(300)
    assert np.median(errors) < 2.0
    assert np.percentile(errors, 97) < 5.0


@pytest.mark.slow
def test_ten_thousand_strappings_are_found_within_2_degrees_mostly_and_5_in_99_of_100() -> None:
    errors = errors_deg(10_000)
    assert np.median(errors) < 2.0
    assert np.percentile(errors, 99) < 5.0


def test_a_forward_bow_reads_forward_after_the_mounting_is_applied() -> None:
    for seed in range(20):
        wearer = sloppy(seed)
        part = measure_mounting(wearer.standing, wearer.bows).onto(SensorProfile())
        body = part.apply_mounting(wearer.bows[0])
        deepest = body.acc_m_s2[int(np.argmin(body.acc_m_s2[:, 2]))]
        assert deepest[0] < -3.0, "up goes backward in the body: it bends forward"
        assert body.gyr_rad_s[: len(body) // 3, 1].mean() > 0.1, "turning about the left is bending forward"


def test_the_spread_of_the_bows_is_told() -> None:
    straight = [sloppy(seed, off_plane_deg=(0.0, 0.0)) for seed in range(10)]
    crooked = [sloppy(seed, off_plane_deg=(6.0, 6.0)) for seed in range(10)]
    calm, wide = (
        np.mean([measure_mounting(w.standing, w.bows).spread_deg for w in people])
        for people in (straight, crooked)
    )
    assert calm < 1.0
    assert wide > 3.0
    found = measure_mounting(crooked[0].standing, crooked[0].bows)
    quality = found.onto(SensorProfile()).quality
    assert (quality.bows, quality.bow_spread_deg) == (3, found.spread_deg)


def test_nodding_is_no_bow() -> None:
    wearer = sloppy(4)
    with pytest.raises(CalibrationRejected, match=r"that bow was \d+° deep"):
        measure_mounting(wearer.standing, [wearer.standing, wearer.standing])


def test_one_bow_is_not_enough() -> None:
    wearer = sloppy(5, bows=1)
    with pytest.raises(CalibrationRejected, match="1 good bows, 2 are needed"):
        measure_mounting(wearer.standing, wearer.bows)


def test_bows_to_both_sides_are_no_repetition() -> None:
    wearer = sloppy(6, off_plane_deg=(25.0, 25.0))
    other = sloppy(7, off_plane_deg=(25.0, 25.0))
    turned = []
    for bow in other.bows:
        onto = wearer.to_sensor * other.to_sensor.inv()
        turned.append(SensorBlock(bow.t_s, onto.apply(bow.acc_m_s2), onto.apply(bow.gyr_rad_s)))
    bows = [*wearer.bows, *turned]
    with pytest.raises(CalibrationRejected, match="apart; bow straight forward"):
        measure_mounting(wearer.standing, bows)


def test_who_twists_while_bowing_is_told_so() -> None:
    wearer = sloppy(8)
    bow = wearer.bows[0]
    up = wearer.standing.acc_m_s2.mean(axis=0) / 9.81
    twist = 2.0 * np.sin(np.linspace(0.0, 6.0 * np.pi, len(bow)))[:, None] * up
    twisted = SensorBlock(bow.t_s, bow.acc_m_s2, bow.gyr_rad_s + twist)
    with pytest.raises(CalibrationRejected, match=r"you (twisted|turned round) while bowing"):
        measure_mounting(wearer.standing, [twisted, twisted])


def test_who_does_not_stand_still_is_told_so() -> None:
    wearer = sloppy(9)
    with pytest.raises(CalibrationRejected, match=r"you moved \d+° while standing still — once more"):
        measure_mounting(wearer.bows[0], wearer.bows)


def rotation(axis: int, angle_deg: float) -> np.ndarray:
    """(3, 3) turn about one of the axes x, y, z."""
    c, s = np.cos(np.radians(angle_deg)), np.sin(np.radians(angle_deg))
    turn = np.eye(3)
    one, other = [i for i in range(3) if i != axis]
    turn[one, one] = turn[other, other] = c
    turn[one, other], turn[other, one] = (s, -s) if axis == 1 else (-s, s)
    return turn


@given(askew_deg=st.floats(-25, 25), back_deg=st.floats(0, 40), flexion=st.floats(-40, 60))
def test_a_board_askew_in_the_plane_of_the_back_bends_forward_and_to_no_side(
    askew_deg: float, back_deg: float, flexion: float
) -> None:
    def up_in_board(bent_deg: float) -> np.ndarray:
        # In the axes that the default mounting makes of the board's; bent about the body's own left.
        return np.asarray(rotation(0, askew_deg).T @ rotation(1, back_deg + bent_deg).T @ (0.0, 0.0, 1.0))

    x, y, z = up_in_board(0.0).tolist()
    squared = squared_on_the_back(SensorProfile(neutral=Neutral((x, y, z))))
    up = squared.to_neutral() @ np.array(FLAT_ON_THE_BACK).T @ up_in_board(flexion)
    assert flexion_deg(tuple(up)) == pytest.approx(flexion, abs=1e-6)
    assert lateral_deg(tuple(up)) == pytest.approx(0.0, abs=1e-6)


def test_a_mounting_that_was_measured_or_written_by_hand_is_left_as_it_is() -> None:
    tilted = Neutral((-0.5, 0.1, 0.86023253))
    measured = SensorProfile(neutral=tilted, quality=Quality(bows=3))
    by_hand = SensorProfile(
        neutral=tilted, mounting=Mounting(((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)))
    )
    assert squared_on_the_back(measured) is measured
    assert squared_on_the_back(by_hand) is by_hand
    once = squared_on_the_back(SensorProfile(neutral=tilted))
    again = squared_on_the_back(once)
    assert np.allclose(again.mounting.rotation, once.mounting.rotation)
