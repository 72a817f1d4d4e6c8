"""What a simulated wearer can do: sit, slouch, type, stand, walk, climb, lie. Each writes into a script."""

from __future__ import annotations

from enum import StrEnum

from ...posture.events import Activity, Posture
from .wearer_channels import Channel
from .wearer_person import Pose
from .wearer_script import Script


class Lying(StrEnum):
    """How somebody lies."""

    SUPINE = "supine"
    PRONE = "prone"
    ON_THE_RIGHT = "on_the_right"
    ON_THE_LEFT = "on_the_left"
    ON_THE_ELBOWS = "on_the_elbows"
    """On the front, the chest propped up on the elbows."""


_LYING = {
    Lying.SUPINE: Pose(-84, 0, -89, 0),
    Lying.PRONE: Pose(86, 0, 88, 0),
    Lying.ON_THE_RIGHT: Pose(6, 82, 8, 85),
    Lying.ON_THE_LEFT: Pose(6, -82, 8, -85),
    Lying.ON_THE_ELBOWS: Pose(52, 0, 84, 0),
}

# How far a posture differs from one time to the next, one sigma at the upper back, flexion and lateral: the
# pooled spread within each of 22 people over their three trials of it, IMU Sitting Postures Dataset.
_AGAIN = {
    Posture.SLOUCHED: Pose(0.0, 1.5),  # how deep is drawn by `slouch`
    Posture.LEANING_FORWARD: Pose(2.9, 1.4, 0.4, 0.2),
    Posture.LEANING_BACK: Pose(3.9, 1.3, 0.4, 0.2),
    Posture.SIDE_BENT: Pose(2.8, 4.3, 0.4, 0.2),
}

# Amplitudes of gait by harmonic of the stride (two steps). The hip rises and falls by 4–5 cm once a
# step and sways by 4 cm once a stride (Zijlstra & Hof 2003, doi 10.1016/S0966-6362(02)00190-X); the
# higher harmonics make the heel strike; pelvis and thorax turn against one another.
_GAIT = {
    Channel.RISE: (0.0, 0.021, 0.0, 0.0018, 0.0, 0.0005),
    Channel.LEFT: (0.020, 0.0, 0.0012, 0.0),
    Channel.FORE: (0.0, 0.010, 0.0, 0.0010, 0.0, 0.0003),
    Channel.LOWER_FLEXION: (0.3, 1.5, 0.1, 0.3),
    Channel.LOWER_LATERAL: (3.5, 0.3, 0.4),
    Channel.HEADING: (4.0, 0.0, 0.3),
    Channel.UPPER_FLEXION: (0.3, 1.2, 0.1, 0.2),
    Channel.UPPER_LATERAL: (2.2, 0.2, 0.3),
    Channel.UPPER_TWIST: (-7.0, 0.0, -0.4),
}


def sit_upright(script: Script, in_s: float | None = None, off_deg: float | None = None) -> None:
    """Straighten up; upright again is not the same upright.

    Args:
        script: where it is written.
        in_s: how quickly; about a second if not said.
        off_deg: how far from the neutral, forward; drawn with a spread of 2.4° if not said, the
            repeatability of "upright" (median over 22 people, `docs/simulation.md`).
    """
    script.end_slouch()
    off_deg = script.about(0.0, 2.4) if off_deg is None else off_deg
    in_s = script.between((0.8, 1.5)) if in_s is None else in_s
    script.pose(Pose(off_deg, 0.3 * off_deg, 0.4 * off_deg, 0.0), in_s, 0.5)
    with script.meanwhile("straightening"):
        script.wait(in_s)
    script.holding("working", Posture.UPRIGHT)


def slouch(script: Script, for_s: float, depth_deg: float | None = None, in_s: float | None = None) -> None:
    """Slouch for so long, the way this person does, and stay in it (`sit_upright` ends it).

    Args:
        script: where it is written.
        for_s: from when the slouch is reached.
        depth_deg: flexion of the upper back; about the person's own if not said, never under 13°,
            so that it is a slouch by anybody's threshold.
        in_s: how quickly; 1–2.5 s if not said. A slide may take minutes.
    """
    own = script.person.poses[Posture.SLOUCHED]
    if depth_deg is None:
        depth_deg = max(13.0, own.upper_deg * script.about(1.0, 0.15))
    share = depth_deg / own.upper_deg
    in_s = script.between((1.0, 2.5)) if in_s is None else in_s
    script.begin_slouch(depth_deg)
    again = _AGAIN[Posture.SLOUCHED]
    script.pose(Pose(depth_deg, own.lateral_deg, own.lower_deg * share, own.lower_lateral_deg), in_s, again)
    script.holding("slouching", Posture.SLOUCHED)
    script.wait(in_s)
    script.hold(for_s, fidget_deg=1.0)


def take_posture(script: Script, posture: Posture, for_s: float, side: float = 1.0) -> None:
    """Lean forward, back or to a side (`side` −1: left) the way this person does, for so long."""
    script.end_slouch()
    own = script.person.poses[posture]
    in_s = script.between((0.9, 2.0))
    script.pose(
        Pose(own.upper_deg, side * own.lateral_deg, own.lower_deg, side * own.lower_lateral_deg),
        in_s,
        _AGAIN[posture],
    )
    with script.meanwhile("changing_posture"):
        script.wait(in_s)
    script.holding(posture.value, posture)
    script.hold(for_s)


def type_keys(script: Script, for_s: float) -> None:
    """Type from now on: a fine tremor through the arms; time does not pass."""
    script.shake(
        {
            Channel.UPPER_FLEXION: 0.02,
            Channel.UPPER_LATERAL: 0.02,
            Channel.UPPER_TWIST: 0.03,
            Channel.FORE: 0.00006,
            Channel.RISE: 0.00005,
        },
        for_s,
        0.05,
        5.0,
    )


def stand_up(script: Script) -> None:
    """Get up: bend forward, rise, straighten; about two seconds."""
    script.end_slouch()
    standing = script.person.standing
    lean_s, rise_s = script.between((0.6, 0.8)), script.between((1.1, 1.6))
    with script.meanwhile("getting_up"):
        script.aim_by(Channel.UPPER_FLEXION, script.about(32, 5), lean_s)
        script.aim_by(Channel.LOWER_FLEXION, script.about(24, 4), lean_s)
        script.aim_by(Channel.FORE, 0.25, lean_s + 0.6 * rise_s)
        script.wait(0.8 * lean_s)
        script.aim_by(Channel.RISE, script.person.seat_to_stand_m, rise_s)
        script.wait(0.2 * lean_s)
        script.pose(standing, rise_s, 1.0)
        script.wait(rise_s)
    script.holding("standing", Posture.UPRIGHT)


def sit_down(script: Script) -> None:
    """Sit down: bend forward, sink, straighten; about two seconds."""
    lean_s, sink_s = script.between((0.6, 0.9)), script.between((1.1, 1.6))
    with script.meanwhile("sitting_down"):
        script.aim_by(Channel.UPPER_FLEXION, script.about(28, 5), lean_s)
        script.aim_by(Channel.LOWER_FLEXION, script.about(20, 4), lean_s)
        script.wait(0.7 * lean_s)
        script.aim_by(Channel.RISE, -script.person.seat_to_stand_m, sink_s)
        script.aim_by(Channel.FORE, -0.25, sink_s)
        script.wait(0.3 * lean_s)
        sit_upright(script, sink_s)
    script.label("working", Posture.UPRIGHT, Activity.STILL)


def walk(script: Script, for_s: float, speed_m_s: float = 1.3, stairs: bool = False) -> None:
    """Walk, with turns, or climb stairs; begins and ends standing."""
    upper, lower = (8.0, 5.0) if stairs else (2.5, 1.0)
    steps_hz = script.person.steps_hz * (0.88 if stairs else script.about(1.0, 0.03))
    vigour = 1.25 if stairs else 1.0
    speed_m_s = 0.5 if stairs else speed_m_s
    for_s = max(for_s, 4.0)
    with script.meanwhile("stairs" if stairs else "walking"):
        end_s = script.now_s + for_s
        waves = {
            channel: [vigour * script.about(1.0, 0.08) * a for a in wave] for channel, wave in _GAIT.items()
        }
        script.rhythm(waves, steps_hz / 2.0, for_s, 1.1, 0.25)
        for channel, by in ((Channel.UPPER_FLEXION, upper), (Channel.LOWER_FLEXION, lower)):
            script.aim_by(channel, by, 1.2)
            script.aim_by(channel, -by, 1.2, end_s - 1.2)
        script.aim(Channel.SPEED, speed_m_s, 1.2)
        script.wait(1.2)
        while True:
            script.wait(script.between((2.0, 6.0)) if stairs else script.rng.exponential(9.0))
            turn_s = script.between((1.0, 2.2))
            if script.now_s + turn_s > end_s - 1.2:
                break
            script.aim_by(Channel.HEADING, script.rng.choice((-1.0, 1.0)) * script.between((25, 170)), turn_s)
            script.wait(turn_s)
        script.now_s = end_s - 1.2
        script.aim(Channel.SPEED, 0.0, 1.2)
        script.wait(1.2)


def lie_down(script: Script, how: Lying, for_s: float) -> None:
    """From sitting (on a bed) to lying, for so long; `sit_up` ends it."""
    script.end_slouch()
    in_s = script.between((2.5, 4.0))
    with script.meanwhile("lying_down"):
        script.pose(_LYING[how], in_s, 2.0)
        script.aim_by(Channel.RISE, -0.2, in_s)
        script.wait(in_s)
    script.holding(f"lying_{how.value}", Posture.UNKNOWN, Activity.LYING)
    script.hold(for_s, every_s=60.0)


def sit_up(script: Script) -> None:
    """From lying to sitting upright."""
    in_s = script.between((2.0, 3.5))
    with script.meanwhile("sitting_up"):
        script.aim_by(Channel.RISE, 0.2, in_s)
        sit_upright(script, in_s)
    script.label("working", Posture.UPRIGHT, Activity.STILL)
