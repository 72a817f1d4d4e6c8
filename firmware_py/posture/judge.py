"""Ten times a second: the trunk's few numbers in, events out. Plain Python floats, no numpy in a tick.

The order of a tick: commands that are due, sensors that went or came, worn or not, the session, the
exercise, the reading (angles, whether they can be judged, activity, posture), the slouch, the break, the
tally.
Every tick of a session makes exactly one `Reading`, judged or not, and says why not. A session has no holes:
it ends where ticks are missing (a machine that slept), and after long without a worn sensor.
"""

from __future__ import annotations

import heapq
import math
from typing import assert_never

from .activity import ActivityWatch
from .blocks import Place, RemarkKind
from .breaks import BreakWatch
from .commands import (
    Command,
    EndSession,
    NoteBuzz,
    SetCalendar,
    SetMode,
    SetNeutral,
    SetPlan,
    SetRules,
    Snooze,
)
from .events import (
    Activity,
    Event,
    FitChanged,
    NeutralChanged,
    Posture,
    ProfileStale,
    Reading,
    RulesChanged,
    SensorRemarked,
    Unjudged,
    WornChanged,
)
from .exercise_stage import ExerciseStage
from .exercise_words import ExerciseCommand
from .fit import FitChecker, NeutralOf
from .flexion import flexion_deg, flexion_sigma_deg, lateral_deg, spine_flexion_deg, spine_flexion_sigma_deg
from .gate import AlertGate
from .neutral import NeutralInForce
from .neutral_check import UNDECIDED as FIT_UNDECIDED
from .position import Standing
from .presence import Presence
from .profile import CalibrationProfile
from .recognition import Recogniser
from .rules import Rules, ticks
from .sessions import SessionBook, Unfinished
from .slouch import Sight, SlouchWatch
from .trunk import TICKS_PER_S, SegmentState, TrunkState
from .unknown import UnknownWatch
from .wear import UNDECIDED, Wear, WearDetector


class Judge:
    """Judges one run.

    Args:
        profile: whose neutral the trunk states are given in, and whether a lower sensor is expected.
        rules: the numbers.
        run: the run's id; sessions are `<run>-1`, `<run>-2`, …
        neutral_of: when the profile's neutral was taken.
    """

    def __init__(
        self,
        profile: CalibrationProfile,
        rules: Rules,
        run: str,
        neutral_of: NeutralOf = NeutralOf.THIS_WEAR,
    ) -> None:
        self._rules = rules
        self._two = profile.lower is not None
        self._neutral = NeutralInForce(profile)
        self._gate = AlertGate(rules)
        self._upper = Presence(Place.UPPER, rules)
        self._lower = Presence(Place.LOWER, rules)
        self._book = SessionBook(run, 2 if self._two else 1)
        self._activity = ActivityWatch(rules)
        self._recogniser = Recogniser(rules, profile.own_poses, two=self._two)
        self._slouch = SlouchWatch(rules, self._gate)
        self._break = BreakWatch(rules, self._gate)
        self._unknown = UnknownWatch(rules)
        self._exercises = ExerciseStage(Standing.of(profile), self._gate)
        self._wear = WearDetector()
        self._verdict = UNDECIDED
        self._fit = FitChecker(profile, neutral_of=neutral_of)
        self._told_fit = FIT_UNDECIDED
        self._stale = False
        self._buzz_until_s = -math.inf
        self._off_ticks = 0
        self._next_tick = 0
        self._queue: list[tuple[int, int, Command]] = []
        self._told = 0

    @property
    def next_s(self) -> float:
        """Time of the first tick not judged yet, the earliest at which a command can still take effect."""
        return self._next_tick / TICKS_PER_S

    def unfinished(self) -> Unfinished | None:
        """The minute that is not full yet; None without a session."""
        return self._book.unfinished(self._next_tick)

    def tell(self, command: Command) -> list[Event]:
        """Take a command; it takes effect at the first tick at or after its time that is still to come."""
        tick = max(self._next_tick, math.ceil(command.t_s * TICKS_PER_S - 1e-6))
        if tick > self._next_tick:
            heapq.heappush(self._queue, (tick, self._told, command))
            self._told += 1
            return []
        return self._obey(tick, command)

    def finish(self) -> list[Event]:
        """The run is over: close what is open. Commands for a later time are dropped."""
        self._queue.clear()
        return [*self._exercises.close(), *self._close(self._next_tick)]

    def step(self, state: TrunkState) -> list[Event]:
        """Judge one tick. Ticks come in order; `state.tick` is never smaller than `next_s` says."""
        tick = state.tick
        events = self._close(self._next_tick) if tick > self._next_tick else []
        self._next_tick = tick
        while self._queue and self._queue[0][0] <= tick:
            events += self._obey(tick, heapq.heappop(self._queue)[2])
        events += self._gate.step(tick)
        if state.remarks:
            events += [
                SensorRemarked(r.t_s, r.place, r.kind, r.detail)
                for r in state.remarks
                if r.kind not in (RemarkKind.LOST, RemarkKind.BACK)
            ]
        events += self._upper.step(tick, state.upper, state.remarks)
        if self._two:
            events += self._lower.step(tick, state.lower, state.remarks)
        events += self._attend(state)
        seen = self._neutral.applied(state)
        events += self._exercises.step(seen, self._verdict.worn, state.t_s <= self._buzz_until_s)
        if self._book.open:
            events += self._book.pass_time(tick)
            reading = self._read(seen)
            told = self._slouch.step(tick, _sight(reading), reading.flexion_deg)
            told += self._break.step(tick, reading)
            told += self._unknown.step(tick, reading)
            events.append(reading)
            events += told
            self._book.count(reading, told)
        self._next_tick = tick + 1
        return events

    def _attend(self, state: TrunkState) -> list[Event]:
        """Open a session when there is a back to judge, close it when there was none for long."""
        tick = state.tick
        events: list[Event] = []
        verdict = self._wear.step(state)
        if verdict is not self._verdict:
            if verdict.worn or self._verdict.worn or self._verdict.wear is Wear.UNKNOWN:
                events.append(WornChanged(tick / TICKS_PER_S, verdict.worn, verdict.reason))
            if verdict.worn and self._verdict.wear is Wear.NOT_WORN:
                self._gate.resume(tick)
            self._verdict = verdict
        # What an exercise does to the sensor says nothing about its strap.
        unseen = TrunkState(tick, None, None)
        fit = self._fit.step(unseen if self._exercises.busy else state, verdict)
        if fit is not self._told_fit:
            known = self._told_fit
            as_before = (fit.fit, fit.cause, fit.suggested_up) == (known.fit, known.cause, known.suggested_up)
            if not as_before or abs(fit.off_deg - known.off_deg) >= 1.0:
                told = (fit.fit, fit.cause, fit.off_deg, fit.reason, fit.suggested_up)
                events.append(FitChanged(tick / TICKS_PER_S, *told))
            self._told_fit = fit
        if fit.stale is not self._stale:
            self._stale = fit.stale
            events.append(ProfileStale(tick / TICKS_PER_S, fit.stale, fit.off_deg, fit.reason))
        if state.upper is None or verdict.wear is Wear.NOT_WORN:
            self._off_ticks += 1
            if self._off_ticks > ticks(self._rules.off_ends_session_s):
                events += self._close(tick)
            return events
        self._off_ticks = 0
        if not self._book.open:
            self._gate.resume(tick)
            self._slouch.new_session()
            self._break.restart(tick)
            self._unknown.restart()
            events += self._book.begin(tick, self._rules)
        return events

    def _close(self, tick: int) -> list[Event]:
        if not self._book.open:
            return []
        return [*self._slouch.close(tick), *self._book.end(tick)]

    def _read(self, state: TrunkState) -> Reading:
        upper = state.upper
        if upper is None:
            if self._upper.lost:
                self._activity.reset()
            nan = math.nan
            return Reading(
                state.t_s,
                nan,
                nan,
                nan,
                None,
                nan,
                Posture.UNKNOWN,
                Activity.UNKNOWN,
                Unjudged.SENSOR_LOST,
                0,
            )
        up = upper.up
        upper_deg = flexion_deg(up)
        lateral = lateral_deg(up)
        sigma_deg = flexion_sigma_deg(up, upper.sigma_deg)
        flexion = upper_deg
        lower_deg = None
        lower = state.lower if self._two else None
        if lower is not None:
            low_up = lower.up
            lower_deg = flexion_deg(low_up)
            flexion = spine_flexion_deg(upper_deg, lower_deg)
            sigma_deg = spine_flexion_sigma_deg(sigma_deg, flexion_sigma_deg(low_up, lower.sigma_deg))
        activity = self._activity.step(upper, up[2] if upper.trusted else 1.0)
        unjudged = self._unjudged(state.t_s, upper, lower, sigma_deg, activity)
        posture = (
            self._recogniser.step(flexion, lateral, upper_deg, lower_deg)
            if unjudged is None
            else Posture.UNKNOWN
        )
        sensors = 1 if lower is None else 2
        return Reading(
            state.t_s, flexion, lateral, upper_deg, lower_deg, sigma_deg, posture, activity, unjudged, sensors
        )

    def _unjudged(
        self,
        t_s: float,
        upper: SegmentState,
        lower: SegmentState | None,
        sigma_deg: float,
        activity: Activity,
    ) -> Unjudged | None:
        """The first reason, in the order of `Unjudged`, not to judge this tick."""
        if self._two and lower is None and not self._lower.lost:
            return Unjudged.SENSOR_LOST  # a lost packet: with one sensor the angle would mean another thing
        if self._verdict.wear is Wear.NOT_WORN:
            return Unjudged.NOT_WORN
        if not self._upper.settled or (lower is not None and not self._lower.settled):
            return Unjudged.SETTLING
        if not upper.trusted or (lower is not None and not lower.trusted):
            return Unjudged.UNTRUSTED
        if sigma_deg > self._rules.sigma_limit_deg:
            return Unjudged.UNTRUSTED
        if self._exercises.busy:
            return Unjudged.EXERCISE
        if t_s <= self._buzz_until_s:
            return Unjudged.BUZZ
        if self._stale:
            return Unjudged.STALE
        if activity is Activity.LYING:
            return Unjudged.LYING
        if activity is Activity.MOVING:
            return Unjudged.MOVING
        return None

    def _obey(self, tick: int, command: Command) -> list[Event]:
        if isinstance(command, Snooze):
            return self._gate.snooze(tick, command)
        if isinstance(command, SetMode):
            return self._gate.set_mode(tick, command)
        if isinstance(command, SetCalendar):
            return self._gate.set_calendar(tick, command)
        if isinstance(command, SetRules):
            return self._follow(tick, command.rules)
        if isinstance(command, SetPlan):
            self._gate.set_plan(command.share)
            return []
        if isinstance(command, SetNeutral):
            off_deg = self._neutral.change(command)
            self._fit.set_neutral(command.upper_up)
            return [NeutralChanged(tick / TICKS_PER_S, off_deg)]
        if isinstance(command, NoteBuzz):
            end_s = command.t_s + command.for_s + self._rules.buzz_after_s
            self._buzz_until_s = max(self._buzz_until_s, end_s)
            return []
        if isinstance(command, EndSession):
            return self._close(tick)
        if isinstance(command, ExerciseCommand):
            return [*self._exercises.obey(tick, command)]
        assert_never(command)

    def _follow(self, tick: int, rules: Rules) -> list[Event]:
        changed = rules.changed(self._rules)
        self._rules = rules
        for part in (
            self._gate,
            self._upper,
            self._lower,
            self._activity,
            self._recogniser,
            self._slouch,
            self._break,
            self._unknown,
        ):
            part.follow(rules)
        # What a run begins with is no change, whatever the program that plays it back was configured to.
        return [RulesChanged(tick / TICKS_PER_S, changed)] if changed and tick > 0 else []


def _sight(reading: Reading) -> Sight:
    if reading.posture is Posture.SLOUCHED:
        return Sight.BAD
    if reading.unjudged is None:
        return Sight.GOOD
    if reading.unjudged in (Unjudged.MOVING, Unjudged.LYING):
        return Sight.MOVING
    return Sight.UNKNOWN
