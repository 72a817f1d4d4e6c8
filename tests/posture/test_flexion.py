"""Angles of trunks whose rotation is known by construction."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from numpy.typing import NDArray

from firmware_py.posture.flexion import (
    UNKNOWN_ANGLE_SIGMA_DEG,
    flexion_deg,
    flexion_sigma_deg,
    lateral_deg,
    spine_flexion_deg,
    spine_flexion_sigma_deg,
    up_at,
)
from firmware_py.posture.trunk import Vector

FORWARD, LEFT, UP = np.eye(3)


def turn(axis: NDArray[np.float64], angle_deg: float) -> NDArray[np.float64]:
    """Right-handed rotation matrix about a unit axis (Rodrigues' formula)."""
    a = math.radians(angle_deg)
    x, y, z = axis
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    turned: NDArray[np.float64] = np.eye(3) + math.sin(a) * cross + (1 - math.cos(a)) * cross @ cross
    return turned


def up_after(rotation: NDArray[np.float64]) -> Vector:
    """`up` in the frame of a body that `rotation` (body to world) has turned out of its neutral."""
    x, y, z = rotation.T @ UP
    return float(x), float(y), float(z)


# Right-handed about y (left), the head goes forward; about x (forward), the head goes to the right.
bow = LEFT
tip_right = FORWARD
flexions = st.floats(-179.0, 179.0)
laterals = st.floats(-88.0, 88.0)
headings = st.floats(-180.0, 180.0)


def test_the_neutral_is_zero_in_both_angles() -> None:
    assert flexion_deg((0.0, 0.0, 1.0)) == 0.0
    assert lateral_deg((0.0, 0.0, 1.0)) == 0.0


@pytest.mark.parametrize("angle", [1.0, 10.0, 45.0, 89.0, 90.0, 100.0, 135.0])
def test_bending_forward_is_positive_flexion_past_the_horizontal_too(angle: float) -> None:
    up = up_after(turn(bow, angle))
    assert flexion_deg(up) == pytest.approx(angle, abs=1e-9)
    assert lateral_deg(up) == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize("angle", [-1.0, -30.0, -90.0, -120.0])
def test_leaning_back_is_negative_flexion(angle: float) -> None:
    assert flexion_deg(up_after(turn(bow, angle))) == pytest.approx(angle, abs=1e-9)


@pytest.mark.parametrize("angle", [-60.0, -20.0, 5.0, 60.0])
def test_a_side_bend_is_positive_to_the_right_and_leaves_flexion_alone(angle: float) -> None:
    up = up_after(turn(tip_right, angle))
    assert lateral_deg(up) == pytest.approx(angle, abs=1e-9)
    assert flexion_deg(up) == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize(
    ("how", "up", "flexion", "lateral"),
    [
        ("on the back, the chest up", (1.0, 0.0, 0.0), -90.0, 0.0),
        ("face down, the chest down", (-1.0, 0.0, 0.0), 90.0, 0.0),
        ("on the right side, the left side up", (0.0, 1.0, 0.0), None, 90.0),
        ("on the left side, the left side down", (0.0, -1.0, 0.0), None, -90.0),
        ("upside down", (0.0, 0.0, -1.0), 180.0, 0.0),
    ],
)
def test_lying(how: str, up: Vector, flexion: float | None, lateral: float) -> None:
    assert lateral_deg(up) == pytest.approx(lateral)
    if flexion is None:
        assert flexion_sigma_deg(up, 1.0) == UNKNOWN_ANGLE_SIGMA_DEG
    else:
        assert abs(flexion_deg(up)) == pytest.approx(abs(flexion))
        assert flexion_sigma_deg(up, 1.0) == pytest.approx(1.0)


@given(f=flexions, b=laterals, heading=headings)
@example(f=100.0, b=60.0, heading=0.0)
@example(f=100.0, b=-60.0, heading=77.0)
def test_the_two_angles_of_a_composed_rotation_come_back_whatever_the_heading(
    f: float, b: float, heading: float
) -> None:
    # In world axes: first the bow, then the tip about the level forward axis, then the heading.
    up = up_after(turn(UP, heading) @ turn(tip_right, b) @ turn(bow, f))
    assert flexion_deg(up) == pytest.approx(f, abs=1e-6)
    assert lateral_deg(up) == pytest.approx(b, abs=1e-6)


@given(f=flexions, b=laterals)
def test_up_at_is_the_inverse(f: float, b: float) -> None:
    up = up_at(f, b)
    assert flexion_deg(up) == pytest.approx(f, abs=1e-9)
    assert lateral_deg(up) == pytest.approx(b, abs=1e-9)


def test_a_lean_from_the_hips_cancels_in_the_bend_of_the_spine_and_a_slump_remains() -> None:
    assert spine_flexion_deg(16.0, 16.0) == 0.0
    assert spine_flexion_deg(23.0, 2.0) == 21.0


def test_the_bend_of_the_spine_does_not_jump_where_a_sensor_passes_the_half_circle() -> None:
    assert spine_flexion_deg(179.0, -179.0) == pytest.approx(-2.0)
    assert spine_flexion_deg(-179.0, 179.0) == pytest.approx(2.0)


@pytest.mark.parametrize(("f", "b"), [(0.0, 0.0), (40.0, 0.0), (100.0, 0.0), (20.0, 30.0), (-80.0, -60.0)])
def test_the_propagated_sigma_is_the_spread_of_the_angle_itself(f: float, b: float) -> None:
    rng = np.random.default_rng(1)
    up = np.array(up_at(f, b))
    # Errors of 0.5° in each of the two directions at right angles to "up".
    error = rng.normal(scale=math.radians(0.5), size=(100_000, 3))
    error -= np.outer(error @ up, up)
    spread = float(np.std([flexion_deg(one) for one in (up + error).tolist()]))
    assert flexion_sigma_deg(up_at(f, b), 0.5) == pytest.approx(spread, rel=0.02)


def test_an_uncertainty_is_never_larger_than_knowing_nothing() -> None:
    assert flexion_sigma_deg(up_at(0.0, 89.9), 5.0) == UNKNOWN_ANGLE_SIGMA_DEG
    assert flexion_sigma_deg(up_at(0.0), 500.0) == UNKNOWN_ANGLE_SIGMA_DEG
    assert spine_flexion_sigma_deg(100.0, 100.0) == UNKNOWN_ANGLE_SIGMA_DEG


def test_two_sensors_errors_add_as_variances() -> None:
    assert spine_flexion_sigma_deg(3.0, 4.0) == pytest.approx(5.0)
