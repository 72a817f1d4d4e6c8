"""Simulated people: their build, how the sensors sit on them, how they hold themselves.

Every number of a person is drawn from a population, by a seed; nobody's recording enters. Sources:
natural sitting is 12° (SD 6–8) more bent than standing and a slump rolls the pelvis back by about
10° (Claus 2016, PMID 26476893; Nairn 2013); at T4 the back leans the sensor forward by about 27°
(median of 22 people, IMU Sitting Postures Dataset, Ali et al. 2026, CC BY 4.0). Where no figure was
found, the spread is a guess on the generous side and says so (`docs/simulation.md`).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

import numpy as np

from ...posture.blocks import FloatArray, Place
from ...posture.events import Posture
from ...posture.profile import (
    FLAT_ON_THE_BACK,
    CalibrationProfile,
    Mounting,
    Neutral,
    PoseExample,
    SensorProfile,
    rotation_onto_up,
)
from .wearer_trunk import Build


class Style(StrEnum):
    """How somebody works."""

    STEADY = "steady"
    """Sits quietly for long, slides into a slouch slowly and stays in it."""
    RESTLESS = "restless"
    """Fidgets, gestures, gets up often, slouches briefly and often."""


class Pose(NamedTuple):
    """Where the trunk is held, degrees from the wearer's sitting neutral: + forward, + right."""

    upper_deg: float = 0.0
    lateral_deg: float = 0.0
    lower_deg: float = 0.0
    lower_lateral_deg: float = 0.0


class Strapping(NamedTuple):
    """How a flat board sits on the back, degrees: leaning forward, leaning right, turned left."""

    tilt_deg: float
    roll_deg: float
    turn_deg: float

    @property
    def neutral_up(self) -> tuple[float, float, float]:
        """Direction of "up" in the body frame of the mounting, while the wearer is upright."""
        tilt, roll = np.radians(self.tilt_deg), np.radians(self.roll_deg)
        return (
            float(-np.sin(tilt) * np.cos(roll)),
            float(np.sin(roll)),
            float(np.cos(tilt) * np.cos(roll)),
        )

    @property
    def mounting(self) -> FloatArray:
        """(3, 3) rotation from sensor to body, the turn about the spine included."""
        c, s = np.cos(np.radians(self.turn_deg)), np.sin(np.radians(self.turn_deg))
        return np.asarray(np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]]) @ np.array(FLAT_ON_THE_BACK))

    @property
    def to_sensor(self) -> FloatArray:
        """(3, 3) rotation from the axes of the segment, upright in neutral, to the sensor's."""
        return np.asarray((rotation_onto_up(self.neutral_up) @ self.mounting).T)

    def profile(self, standing: tuple[float, float]) -> SensorProfile:
        """What a perfect calibration would find; `standing` is flexion and lateral of standing, degrees."""
        f, lat = np.radians(standing)
        up = np.array([-np.sin(f) * np.cos(lat), np.sin(lat), np.cos(f) * np.cos(lat)])
        x, y, z = rotation_onto_up(self.neutral_up).T @ up
        rows = [(float(a), float(b), float(c)) for a, b, c in self.mounting]
        return SensorProfile(
            mounting=Mounting((rows[0], rows[1], rows[2])),
            neutral=Neutral(self.neutral_up, standing_up=(float(x), float(y), float(z))),
        )


@dataclass(frozen=True, slots=True)
class Person:
    """One simulated person.

    Attributes:
        style: how they work.
        seed: what they were drawn by.
        build: lengths of the trunk.
        upper: strapping of the sensor at T4.
        lower: strapping of the sensor at L5.
        poses: how they hold each posture while sitting; UPRIGHT is the neutral, all zero.
        standing: how they stand.
        breaths_per_min: 12–18 at rest.
        breath_deg: amplitude at T4.
        sway_deg: spread of the unrest of sitting, at T4 and sagittal.
        steps_hz: cadence of their walk.
        seat_to_stand_m: how far the hip rises when they get up.
    """

    style: Style
    seed: int
    build: Build
    upper: Strapping
    lower: Strapping
    poses: dict[Posture, Pose]
    standing: Pose
    breaths_per_min: float
    breath_deg: float
    sway_deg: float
    steps_hz: float
    seat_to_stand_m: float

    def strapping(self, place: Place) -> Strapping:
        """How the sensor at `place` sits."""
        return self.lower if place is Place.LOWER else self.upper

    def profile(self, sensors: int = 2, own_poses: bool = False) -> CalibrationProfile:
        """The profile that a perfect calibration of this person would give, marked as simulated.

        Args:
            sensors: 1 or 2.
            own_poses: with the person's own example of each posture.
        """
        examples = tuple(
            PoseExample(
                posture,
                pose.upper_deg,
                pose.lateral_deg,
                pose.lower_deg if sensors == 2 else None,
                pose.lower_lateral_deg if sensors == 2 else None,
                spread_deg=1.0,
            )
            for posture, pose in self.poses.items()
        )
        return CalibrationProfile(
            upper=self.upper.profile(self.standing[:2]),
            lower=self.lower.profile(self.standing[2:]) if sensors == 2 else None,
            note=f"a simulated wearer, {self.style.value}, seed {self.seed}",
            simulated=True,
            own_poses=examples if own_poses else (),
        )


def person(style: Style | str = Style.STEADY, seed: int = 0) -> Person:
    """Draw a person: the same for the same style and seed."""
    style = Style(style)
    rng = np.random.default_rng([seed, list(Style).index(style)])

    def draw(mean: float, spread: float, low: float, high: float) -> float:
        return float(np.clip(rng.normal(mean, spread), low, high))

    # The pelvis rolls back in a slump, and the thorax bends the more; a bend at the hip leaves the
    # spine straight. The spreads between people are guesses of the size of the published ones.
    slouch = Pose(draw(20, 5, 14, 34), draw(0, 1.5, -4, 4), draw(-8, 4, -15, 2), draw(0, 1, -2, 2))
    hinge_deg = draw(18, 5, 11, 30)
    forward = Pose(hinge_deg + draw(0, 2, -4, 4), draw(0, 1.5, -4, 4), hinge_deg, draw(0, 1, -2, 2))
    recline_deg = draw(-16, 5, -28, -9)
    back = Pose(recline_deg, draw(0, 2, -5, 5), recline_deg - draw(9, 4, 2, 18), draw(0, 1, -2, 2))
    side_deg = draw(16, 4, 11, 26)
    side = Pose(draw(7, 4, 0, 15), side_deg, draw(1, 2, -3, 5), side_deg * draw(0.3, 0.1, 0.1, 0.5))
    return Person(
        style=style,
        seed=seed,
        build=Build(
            (-0.11, 0.0, draw(0.11, 0.015, 0.07, 0.15)),
            (-0.05, 0.0, draw(0.16, 0.015, 0.12, 0.20)),
            (-0.09, 0.0, draw(0.31, 0.03, 0.24, 0.38)),
        ),
        upper=Strapping(draw(27, 6, 12, 40), draw(0, 3, -8, 8), draw(0, 2, -5, 5)),
        lower=Strapping(draw(5, 7, -12, 20), draw(0, 3, -8, 8), draw(0, 2, -5, 5)),
        poses={
            Posture.UPRIGHT: Pose(),
            Posture.SLOUCHED: slouch,
            Posture.LEANING_FORWARD: forward,
            Posture.LEANING_BACK: back,
            Posture.SIDE_BENT: side,
        },
        # The neutral is the wearer's own upright sitting, 2–3° more bent than standing.
        standing=Pose(draw(-2.5, 2.5, -7, 2), draw(0, 1, -2, 2), draw(4, 4, -4, 12), draw(0, 1, -2, 2)),
        breaths_per_min=draw(15, 2, 11, 19),
        breath_deg=draw(0.45, 0.12, 0.25, 0.8),
        sway_deg=draw(0.6, 0.15, 0.35, 1.0) * (1.4 if style is Style.RESTLESS else 1.0),
        steps_hz=draw(1.85, 0.09, 1.65, 2.15),
        seat_to_stand_m=draw(0.38, 0.04, 0.28, 0.48),
    )
