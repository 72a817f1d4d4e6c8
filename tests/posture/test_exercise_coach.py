"""The coach: leads by cues alone, counts what it sees, says what it counted by time, stops at once."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware_py.posture.exercise_words import (
    ExerciseCue,
    ExerciseOutcome,
    ExercisePhase,
    ExerciseProgress,
    ExerciseRemark,
)
from firmware_py.posture.position import Position
from firmware_py.posture.trunk import TrunkState

from .exercising import BLIND, LIFT, Coached, Follower, coached
from .trunks import segment

REPETITION = [ExercisePhase.MOVE, ExercisePhase.HOLD, ExercisePhase.RETURN, ExercisePhase.REST]


def cues(made: Coached) -> list[ExerciseCue]:
    return [one.cue for one in made.told if one.cue not in (ExerciseCue.NONE, ExerciseCue.TICK)]


def test_a_set_as_asked_is_seen_from_the_first_repetition_to_the_last() -> None:
    made = coached()
    ended = made.to_end()
    assert (ended.outcome, ended.seen, ended.by_time, ended.short) == (ExerciseOutcome.FINISHED, 3, 0, 0)
    assert ended.position_seen
    assert ended.held_s == pytest.approx(3 * 5.0, abs=2.5)
    assert ended.steadiness_deg is not None
    assert ended.steadiness_deg < 0.6
    expected = [ExercisePhase.POSITION, ExercisePhase.COUNTDOWN, *(3 * REPETITION)]
    assert made.phases() == [*expected[:-1], ExercisePhase.ENDED]


def test_its_cues_alone_tell_the_pace() -> None:
    made = coached()
    made.to_end()
    assert cues(made) == [*(3 * [ExerciseCue.GO, ExerciseCue.HELD, ExerciseCue.RELEASE]), ExerciseCue.DONE]


def test_a_still_sensor_is_counted_by_time_and_praised_for_nothing() -> None:
    made = coached(follower=Follower(by_deg=0.0))
    ended = made.to_end()
    assert (ended.seen, ended.by_time, ended.held_s, ended.steadiness_deg) == (0, 3, 0.0, None)
    rests = [one for one in made.told if one.phase is ExercisePhase.REST]
    assert {one.remark for one in rests} == {ExerciseRemark.BY_TIME}
    assert all(one.held_s is None and one.steadiness_deg is None for one in made.told)


def test_an_exercise_that_no_sensor_sees_is_counted_by_time() -> None:
    ended = coached(BLIND, Follower(by_deg=20.0, rests_deg=0.0)).to_end()
    assert (ended.seen, ended.by_time, ended.position_seen) == (0, 3, True)


def test_without_a_sensor_it_leads_by_time_and_says_that_it_saw_no_position() -> None:
    made = coached()
    while made.ended is None:
        made.go_on(1.0, lambda tick: TrunkState(tick, None, None))
    assert (made.ended.seen, made.ended.by_time, made.ended.position_seen) == (0, 3, False)
    remarks = {one.remark for one in made.told}
    assert ExerciseRemark.POSITION_UNSEEN in remarks
    assert remarks.isdisjoint({ExerciseRemark.SEEN, ExerciseRemark.SHORT})


def test_a_hold_that_ends_early_is_seen_and_told_as_short() -> None:
    made = coached(follower=Follower(holds_s=1.5))
    ended = made.to_end()
    assert (ended.seen, ended.short) == (3, 3)
    short = next(one for one in made.told if one.remark is ExerciseRemark.SHORT)
    assert short.held_s == pytest.approx(1.5, abs=0.8)
    assert cues(made)[2] is ExerciseCue.RELEASE, "who is waited for no longer feels it"


def test_the_other_direction_is_no_repetition() -> None:
    assert coached(follower=Follower(by_deg=-10.0)).to_end().seen == 0


def test_who_moves_late_holds_as_long_as_anybody() -> None:
    made = coached()
    assert made.go_on(5.1).phase is ExercisePhase.MOVE
    began = made.tick
    made.follower.by_deg = 0.0
    assert made.go_on(4.0).phase is ExercisePhase.HOLD
    made.follower.by_deg = 10.0
    made.follower._from = made.tick
    while made.phase is ExercisePhase.HOLD:
        made.go_on(0.1)
    assert made.tick - began > 10 * (LIFT.move_s + LIFT.hold_s) + 20
    assert made.phase is ExercisePhase.RETURN


def test_it_waits_in_another_position_says_which_and_goes_on_when_asked() -> None:
    made = coached(follower=Follower(rests_deg=2.0))
    assert made.go_on(30.0).phase is ExercisePhase.POSITION
    told = made.told[-1]
    assert (told.remark, told.position) == (ExerciseRemark.OTHER_POSITION, Position.UPRIGHT)
    assert ExerciseCue.WRONG in cues(made)
    made.hear(made.coach.resume())
    assert made.phase is ExercisePhase.COUNTDOWN
    assert not made.to_end().position_seen


def test_nobody_in_position_for_two_minutes_ends_it() -> None:
    made = coached(follower=Follower(rests_deg=2.0))
    made.go_on(121.0)
    assert made.ended is not None
    assert (made.ended.outcome, made.ended.seen, made.ended.by_time) == (ExerciseOutcome.LEFT, 0, 0)


def test_who_leaves_the_position_is_waited_for_and_does_the_repetition_again() -> None:
    made = coached()
    made.go_on(6.0)
    assert made.phase is ExercisePhase.MOVE
    made.follower.rests_deg = 0.0
    made.go_on(8.0)
    assert (made.phase, made.told[-1].repetition) == (ExercisePhase.POSITION, 1)
    assert ExerciseRemark.LEFT_POSITION in {one.remark for one in made.told}
    made.follower.rests_deg = 52.0
    assert made.to_end().seen == 3


def test_a_pause_is_at_once_and_the_repetition_begins_anew() -> None:
    made = coached()
    assert made.go_on(9.0).phase is ExercisePhase.HOLD
    made.hear(made.coach.pause())
    assert made.told[-1].phase is ExercisePhase.PAUSED
    assert made.go_on(60.0).phase is ExercisePhase.PAUSED
    made.hear(made.coach.resume())
    assert (made.phase, made.told[-1].repetition) == (ExercisePhase.COUNTDOWN, 1)
    assert made.to_end().seen == 3


def test_a_pause_without_end_ends_by_itself() -> None:
    made = coached().go_on(9.0)
    made.hear(made.coach.pause())
    made.go_on(601.0)
    assert made.ended is not None
    assert made.ended.outcome is ExerciseOutcome.LEFT


@pytest.mark.parametrize("outcome", [ExerciseOutcome.STOPPED, ExerciseOutcome.WORSE])
@pytest.mark.parametrize("after_s", [0.0, 1.0, 4.0, 6.0, 9.0, 13.0, 16.0])
def test_a_stop_is_at_once_in_every_phase(after_s: float, outcome: ExerciseOutcome) -> None:
    made = coached().go_on(after_s)
    made.hear(made.coach.stop(outcome))
    assert made.ended is not None
    assert made.ended.outcome is outcome
    assert (made.phase, made.told[-1].cue) == (ExercisePhase.ENDED, ExerciseCue.STOP)
    assert made.coach.stop(outcome) == made.coach.pause() == made.coach.resume() == []


def test_the_motors_own_shaking_is_no_unsteadiness() -> None:
    steady, shaken = coached(), coached()
    steady.to_end()
    while shaken.ended is None:
        shaken.tick += 1
        tick = shaken.tick
        buzz = tick % 40 < 4
        jolt = 6.0 if buzz and tick % 2 else 0.0
        state = TrunkState(tick, segment(shaken.follower.angle_deg(tick) + jolt, tick=tick), None)
        shaken.hear(shaken.coach.step(state, shaken=buzz))
    assert steady.ended is not None
    assert shaken.ended.seen == 3
    assert shaken.ended.steadiness_deg == pytest.approx(steady.ended.steadiness_deg, abs=0.1)


def test_a_shaky_hold_is_seen_and_its_unsteadiness_told() -> None:
    made = coached()

    def trembling(tick: int) -> TrunkState:
        by_deg = -1.5 if tick % 2 else 1.5
        return TrunkState(tick, segment(made.follower.angle_deg(tick) + by_deg, tick=tick), None)

    while made.ended is None:
        made.go_on(0.1, trembling)
    assert made.ended.seen == 3
    assert made.ended.steadiness_deg is not None
    assert made.ended.steadiness_deg > 0.4


def test_with_a_second_sensor_swaying_as_a_whole_is_no_movement() -> None:
    made = coached()
    while made.ended is None:
        made.go_on(
            0.1,
            lambda tick: TrunkState(
                tick,
                segment(made.follower.angle_deg(tick), tick=tick),
                segment(made.follower.angle_deg(tick) + 30.0, tick=tick),
            ),
        )
    assert (made.ended.seen, made.ended.by_time) == (0, 3)


def test_a_machine_that_slept_coaches_nobody() -> None:
    made = coached().go_on(9.0)
    made.tick += 400
    made.go_on(0.1)
    assert made.ended is not None
    assert made.ended.outcome is ExerciseOutcome.LEFT


ACTS = st.lists(
    st.tuples(
        st.sampled_from(["on", "pause", "resume", "stop", "blind", "sit", "lie", "lift", "still"]),
        st.floats(0.1, 12.0),
    ),
    max_size=25,
)


@given(ACTS)
@settings(max_examples=60)
def test_whatever_happens_its_counts_agree_and_nothing_follows_the_end(acts: list[tuple[str, float]]) -> None:
    made = coached()
    for act, for_s in acts:
        over = made.ended is not None
        before = len(made.told)
        if act == "pause":
            made.hear(made.coach.pause())
        elif act == "resume":
            made.hear(made.coach.resume())
        elif act == "stop":
            made.hear(made.coach.stop(ExerciseOutcome.STOPPED))
        elif act == "sit":
            made.follower.rests_deg = 0.0
        elif act == "lie":
            made.follower.rests_deg = 52.0
        elif act in ("lift", "still"):
            made.follower.by_deg = 10.0 if act == "lift" else 0.0
        blind = act == "blind"
        made.go_on(for_s, (lambda tick: TrunkState(tick, None, None)) if blind else None)
        assert not (over and len(made.told) > before)
    for earlier, later in zip(made.told, made.told[1:], strict=False):
        assert _agrees(later)
        assert 0 <= (later.seen + later.by_time) - (earlier.seen + earlier.by_time) <= 1
        assert later.t_s >= earlier.t_s
    if made.ended is not None:
        last = made.told[-1]
        assert (last.seen, last.by_time) == (made.ended.seen, made.ended.by_time)
        assert (made.ended.outcome is ExerciseOutcome.FINISHED) == (last.seen + last.by_time == 3)


def _agrees(told: ExerciseProgress) -> bool:
    waits = told.phase in (ExercisePhase.POSITION, ExercisePhase.PAUSED, ExercisePhase.ENDED)
    return (
        1 <= told.repetition <= told.repetitions
        and 0.0 <= told.remaining_s <= told.lasts_s
        and (told.lasts_s == 0.0) == waits
    )
