"""`docs/frames.md` against the code: every movement of its table is made, and every sign looked at."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from firmware_py.posture.blocks import SensorBlock, TrunkBlock
from firmware_py.posture.estimate import TrunkEstimator
from firmware_py.posture.flexion import flexion_deg, lateral_deg
from firmware_py.posture.profile import FLAT_ON_THE_BACK, CalibrationProfile

from ..conftest import ROOT
from .test_flexion import FORWARD, LEFT, UP, turn

DOCUMENT = (ROOT / "docs" / "frames.md").read_text(encoding="utf-8")

# Each movement as the axis about which the body turns, right-handed, in body axes.
MOVEMENTS = {
    "bow forward, slump": LEFT,
    "lean back": -LEFT,
    "bend to the right": FORWARD,
    "bend to the left": -FORWARD,
    "turn to the left, on the spot": UP,
    "turn to the right, on the spot": -UP,
}
POSITIONS = {
    "on the back": turn(LEFT, -90.0),
    "face down": turn(LEFT, 90.0),
    "on the right side": turn(FORWARD, 90.0),
    "on the left side": turn(FORWARD, -90.0),
}


def table(first_header: str) -> dict[str, list[str]]:
    """Rows of the document's table that begins with this header: first cell -> the others."""
    lines = DOCUMENT.splitlines()
    begin = next(i for i, line in enumerate(lines) if line.startswith(f"| {first_header} |"))
    rows = {}
    for line in lines[begin + 2 :]:
        if not line.startswith("|"):
            break
        name, *cells = (cell.strip() for cell in line.strip("|").split("|"))
        rows[name] = cells
    return rows


def turning(axis: NDArray[np.float64], seconds: float = 4.0, end_deg: float = 20.0) -> TrunkBlock:
    """A board flat on the back of someone who turns steadily about a body axis, out of the neutral."""
    rate_hz = 100.0
    t = np.arange(round(seconds * rate_hz)) / rate_hz
    body_from_sensor = np.array(FLAT_ON_THE_BACK)
    angles = end_deg * np.clip((t - 2.0) / (seconds - 2.0), 0.0, 1.0)
    ups = np.array([turn(axis, a).T @ UP for a in angles])
    rate = np.where(t >= 2.0, np.radians(end_deg) / (seconds - 2.0), 0.0)
    gyr = np.outer(rate, axis)
    block = SensorBlock(t, 9.80665 * ups @ body_from_sensor, gyr @ body_from_sensor, 25.0)
    return TrunkBlock(block, None, float(t[-1]))


def sign(value: float, least: float) -> str:
    return "0" if abs(value) < least else "+" if value > 0.0 else "−"


def test_the_table_of_movements_is_complete() -> None:
    assert table("movement from upright").keys() == MOVEMENTS.keys()


@pytest.mark.parametrize("movement", MOVEMENTS)
def test_a_movement_shows_with_the_signs_of_the_table(movement: str) -> None:
    last = TrunkEstimator(CalibrationProfile(), 100.0).feed(turning(MOVEMENTS[movement]))[-1].upper
    assert last is not None
    seen = [
        sign(flexion_deg(last.up), 2.0),
        sign(lateral_deg(last.up), 2.0),
        sign(last.up[0], 0.03),
        sign(last.up[1], 0.03),
        *(sign(rate, 0.01) for rate in last.gyr_rad_s),
    ]
    assert seen == table("movement from upright")[movement]


def test_standing_still_the_acceleration_points_up() -> None:
    first = TrunkEstimator(CalibrationProfile(), 100.0).feed(turning(LEFT))[5].upper
    assert first is not None
    np.testing.assert_allclose(first.acc_m_s2, (0.0, 0.0, 9.80665), atol=1e-9)
    np.testing.assert_allclose(first.up, (0.0, 0.0, 1.0), atol=1e-9)


@pytest.mark.parametrize("position", POSITIONS)
def test_lying_shows_as_the_table_says(position: str) -> None:
    up_cell, flexion_cell, lateral_cell = table("position")[position]
    x, y, z = POSITIONS[position].T @ UP
    assert up_cell == f"({x:.0f}, {y:.0f}, {abs(z):.0f})".replace("-0", "0").replace("-", "−")
    assert lateral_cell == f"{lateral_deg((x, y, z)):+.0f}°".replace("+0", "0").replace("-0", "0").replace(
        "-", "−"
    )
    if flexion_cell != "without meaning":
        assert flexion_cell == f"{flexion_deg((x, y, z)):+.0f}°".replace("-", "−")


def test_the_table_of_positions_is_complete() -> None:
    assert table("position").keys() == POSITIONS.keys()
