"""Where the strap is when nobody wears it: taking it off, where it lies, putting it on again.

While it is off, the script's trunk is the strap itself: the same coordinates, another thing.
"""

from __future__ import annotations

from enum import StrEnum

from ...posture.events import Activity, Posture
from .wearer_activities import sit_upright
from .wearer_channels import Channel
from .wearer_person import Pose
from .wearer_script import Script


class Spot(StrEnum):
    """Somewhere to leave a strap."""

    TABLE = "on_the_table"
    DRAWER = "in_a_drawer"
    CHAIR_BACK = "on_a_chairs_back"
    BAG = "in_a_bag"
    CARRIED_BAG = "in_a_carried_bag"
    """Swung by a walker; lying or hanging head down, for hung upright it is all but a walker's back."""
    CAR_SEAT = "in_a_car_seat"
    """Lying on the cushion of a driving car."""
    CAR_SEAT_BACK = "against_a_car_seats_back"
    """Leaning upright in a driving car, much as a driver's back."""


def take_off(script: Script, spot: Spot, for_s: float) -> None:
    """Take the strap off, some six seconds of handling, and leave it somewhere for so long."""
    script.end_slouch()
    script.label("taking_off", Posture.UNKNOWN, Activity.MOVING)
    _handle(script, script.between((3.0, 6.0)))
    script.worn = False
    script.label("taking_off", Posture.UNKNOWN, Activity.UNKNOWN)
    script.aim(Channel.LIVELINESS, 0.0, 1.0)
    down_s = script.between((1.0, 2.0))
    script.pose(_resting(script, spot), down_s, 1.5)
    script.wait(down_s)
    script.label(spot.value, Posture.UNKNOWN, Activity.UNKNOWN)
    _stay(script, spot, for_s)


def put_on(script: Script, shift_deg: float = 0.0, shift_lateral_deg: float = 0.0) -> None:
    """Put the strap on again, some eight seconds of handling; it may sit otherwise than the last time."""
    script.label("putting_on", Posture.UNKNOWN, Activity.UNKNOWN)
    _handle(script, script.between((5.0, 9.0)))
    script.slip(shift_deg, shift_lateral_deg, 0.5)
    script.aim(Channel.LIVELINESS, 1.0, 1.0)
    script.worn = True
    script.label("putting_on", Posture.UNKNOWN, Activity.MOVING)
    sit_upright(script, 1.5, off_deg=script.about(0.0, 1.0))


def _handle(script: Script, for_s: float) -> None:
    """Hands at the strap: large quick turns, ending anywhere."""
    end_s = script.now_s + for_s
    while script.now_s < end_s:
        in_s = script.between((0.4, 1.0))
        script.pose(
            Pose(script.about(0, 30), script.about(0, 25), script.about(0, 30), script.about(0, 20)), in_s
        )
        script.aim_by(Channel.HEADING, script.about(0, 30), in_s)
        script.aim(Channel.RISE, script.about(0.0, 0.12), in_s)
        script.aim(Channel.FORE, script.about(0.0, 0.12), in_s)
        script.wait(in_s)


def _resting(script: Script, spot: Spot) -> Pose:
    """How the strap comes to rest, as angles of the trunk that it would sit on."""
    upper, lower = script.person.upper.tilt_deg, script.person.lower.tilt_deg
    if spot is Spot.CHAIR_BACK:
        # The nasty one: hanging much as a back would hold it.
        recline_deg = script.between((-18, 4))
        return Pose(recline_deg, script.about(0, 4), recline_deg + script.about(0, 4), script.about(0, 4))
    if spot in (Spot.BAG, Spot.CARRIED_BAG):
        turn_deg = script.between((70, 170)) * script.rng.choice((-1.0, 1.0))
        lateral_deg, lower_lateral_deg = script.between((-40, 40)), script.between((-40, 40))
        return Pose(turn_deg, lateral_deg, turn_deg + script.about(0, 40), lower_lateral_deg)
    if spot is Spot.CAR_SEAT:
        face_deg = -75.0  # the cushion rises a little to the front
    elif spot is Spot.CAR_SEAT_BACK:
        face_deg = -25.0
    else:
        face_deg = script.rng.choice((-90.0, 90.0))
    return Pose(face_deg - upper, script.about(0, 2), face_deg - lower, script.about(0, 2))


def _stay(script: Script, spot: Spot, for_s: float) -> None:
    end_s = script.now_s + for_s
    if spot is Spot.DRAWER:
        while script.now_s + 40.0 < end_s:
            script.wait(script.between((15.0, 35.0)))
            script.aim(Channel.FORE, 0.3 if script.rng.random() < 0.5 else 0.0, script.between((0.5, 1.0)))
    elif spot is Spot.CHAIR_BACK:
        while script.now_s + 60.0 < end_s:
            script.wait(script.rng.exponential(120.0) + 20.0)
            if script.now_s < end_s - 3.0:  # somebody passes and touches the chair
                script.rhythm({Channel.UPPER_FLEXION: [0.8], Channel.FORE: [0.002]}, 1.3, 2.4, 1.0, 0.1)
    elif spot is Spot.CARRIED_BAG:
        swing = {
            Channel.RISE: [0.002, 0.020, 0.001, 0.003],
            Channel.UPPER_FLEXION: [6.0, 2.0],
            Channel.UPPER_LATERAL: [5.0, 2.0],
            Channel.LOWER_FLEXION: [6.0, 2.0],
            Channel.LOWER_LATERAL: [5.0, 2.0],
            Channel.FORE: [0.01, 0.012, 0.001, 0.001],
        }
        script.rhythm(swing, script.person.steps_hz / 2.0, for_s, 1.0, 0.4)
    elif spot in (Spot.CAR_SEAT, Spot.CAR_SEAT_BACK):
        ride(script, for_s)
    script.now_s = end_s


def ride(script: Script, for_s: float) -> None:
    """Let a car drive from now on: road under the seat, bends, braking; time does not pass."""
    end_s = script.now_s + for_s
    # About 0.4 m/s² up and down, the weighted vibration of a car's seat on an ordinary road (ISO 2631-1's
    # range of "a little uncomfortable" begins at 0.315 m/s²).
    script.shake(
        {
            Channel.RISE: 0.0003,
            Channel.FORE: 0.00015,
            Channel.LEFT: 0.00025,
            Channel.LOWER_FLEXION: 0.08,
            Channel.LOWER_LATERAL: 0.10,
            Channel.UPPER_FLEXION: 0.08,
            Channel.UPPER_LATERAL: 0.10,
        },
        for_s,
        0.03,
        2.0,
    )
    speed_m_s, at_s = 0.0, script.now_s + script.between((0.0, 3.0))
    while at_s + 40.0 < end_s:
        if script.rng.random() < 0.6:
            before_m_s, speed_m_s = speed_m_s, script.between((0.0, 16.0))
            in_s = 2.0 + abs(speed_m_s - before_m_s) / 1.2
            script.aim(Channel.SPEED, speed_m_s, in_s, at_s)
        else:
            in_s = script.between((3.0, 8.0))
            script.aim_by(Channel.HEADING, script.about(0.0, 30.0), in_s, at_s)
        at_s += in_s + script.rng.exponential(6.0)
    if speed_m_s:
        script.aim(Channel.SPEED, 0.0, 2.0 + speed_m_s / 1.2, at_s)
