"""Whole working days of a simulated person: sitting, slouches, everyday movements, breaks, walks, lunch."""

from __future__ import annotations

from ...posture.events import Activity, Posture
from .wearer_activities import sit_down, sit_upright, slouch, stand_up, take_posture, type_keys, walk
from .wearer_habits import HABITS, Habits
from .wearer_moves import WHILE_SITTING
from .wearer_person import Person, Style, person
from .wearer_script import Script

WALK_S = 15.0
STANDING_S = 28.0
"""Means of exponential lengths, on one's feet: 40 % of walks have fewer than 12 steps and 75 % fewer than 40,
half the pauses between them last 20 s or less (Orendurff 2008); 38 of 116 min on one's feet are walked
(Gorman 2013)."""

STAIRS = 0.07
"""Share of the walks that are stairs: some ten flights a day (guess)."""


def working_day(style: Style | str = Style.STEADY, seed: int = 0, hours: float = 8.0) -> Script:
    """A day's work of the person of this style and seed: `Wearer(working_day("steady", 3))`.

    It begins with a minute of sitting upright and ends sitting. Lunch is spent on one's feet, in the middle.
    """
    return day_of(person(style, seed), seed, hours, lunch=hours >= 2.0)


def day_of(
    who: Person, seed: int, hours: float = 8.0, habits: Habits | None = None, lunch: bool = True
) -> Script:
    """The day `seed` of a person, with the habits of their style if no others are given."""
    script = Script(who, seed)
    habits = habits or HABITS[who.style]
    end_s = hours * 3600.0
    lunch_s = end_s * script.between((0.45, 0.55)) if lunch else end_s
    script.hold(60.0)
    while script.now_s < end_s - 120.0:
        pause_s = min(script.now_s + script.rng.exponential(habits.sitting_s), end_s)
        if script.now_s < lunch_s <= pause_s:
            pause_s = lunch_s
        sitting(script, habits, pause_s)
        if pause_s >= end_s - 120.0:
            break
        leave_desk(script, script.between((900.0, 1500.0)) if pause_s == lunch_s else None)
    sit_upright(script)
    script.hold(end_s - script.now_s)
    return script


def sitting(script: Script, habits: Habits, until_s: float) -> None:
    """Work at the desk until then: upright, and now and again another posture."""
    while script.now_s < until_s - 5.0:
        _upright(script, habits, min(until_s, script.now_s + 8.0 + script.rng.exponential(habits.upright_s)))
        left_s = until_s - script.now_s
        if left_s < 15.0:
            break
        if script.rng.random() < habits.slouching:
            slide_s = script.between((30.0, 90.0)) if script.rng.random() < habits.sliding else None
            for_s = 5.0 + script.rng.exponential(habits.slouch_s)
            slouch(script, min(for_s, left_s), in_s=slide_s)
        else:
            how = (Posture.LEANING_FORWARD, Posture.LEANING_BACK, Posture.SIDE_BENT)[script.rng.integers(3)]
            for_s = min(3.0 + script.rng.exponential(habits.lean_s), left_s)
            take_posture(script, how, for_s, float(script.rng.choice((-1.0, 1.0))))
        sit_upright(script)


def _upright(script: Script, habits: Habits, until_s: float) -> None:
    """Upright work until then, with everyday movements in it."""
    while script.now_s < until_s - 1.0:
        gap_s = script.rng.exponential(3600.0 / habits.moves_per_hour)
        for_s = min(gap_s, until_s - script.now_s)
        if for_s > 4.0 and script.rng.random() < habits.typing:
            with script.meanwhile("typing", Posture.UPRIGHT, Activity.STILL):
                type_keys(script, for_s)
                script.hold(for_s, every_s=habits.fidget_every_s)
        else:
            script.hold(for_s, every_s=habits.fidget_every_s)
        if gap_s == for_s:
            move = WHILE_SITTING[script.rng.integers(len(WHILE_SITTING))]
            script.move(move)
            if move.leaves:
                sit_upright(script)


def leave_desk(script: Script, for_s: float | None = None) -> None:
    """Get up, walk and stand about for a while (2–5 min if not said), by the stairs now and then, sit again.

    Two thirds of it are spent standing, and most walks are short: 75 % have fewer than 40 steps
    (`docs/simulation.md`).
    """
    end_s = script.now_s + (script.between((120.0, 300.0)) if for_s is None else for_s)
    stand_up(script)
    standing_s = 1.0
    while script.now_s < end_s - 12.0:
        script.hold(min(standing_s, end_s - script.now_s))
        left_s = end_s - script.now_s
        if left_s > 40.0 and script.rng.random() < STAIRS:
            walk(script, script.between((8.0, 20.0)), stairs=True)
        elif left_s > 6.0:
            walk(script, min(script.rng.exponential(WALK_S), left_s))
        standing_s = script.rng.exponential(STANDING_S) + 1.0
    script.hold(2.0)
    sit_down(script)
