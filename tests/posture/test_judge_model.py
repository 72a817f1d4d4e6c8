"""The whole judgement under random postures, losses, gaps, commands: what must hold whatever happens.

The invariants:
- two reminders are never closer than the interval, and never more than the budget in an hour;
- a reminder is never given at a tick that is not judged, in another mode than training, during a
  snooze, or within the time of grace after a resumption;
- every slouch that started ended, once, and was reminded of at most twice, level 1 before 2;
- every tick of a session is one reading and in one minute; minutes add up to the session, and the
  session's ticks to its length;
- time never runs backwards in what is told;
- each of these by the numbers in force at that moment, and every change of them is told; the calendar
  silences and gives back, and says that it was the calendar;
- unknown posture is told of once, after exactly `unknown_notice_s` of it.
"""

from __future__ import annotations

import math

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from firmware_py.posture.commands import (
    EndSession,
    Mode,
    NoteBuzz,
    SetCalendar,
    SetMode,
    SetNeutral,
    SetPlan,
    SetRules,
    Snooze,
)
from firmware_py.posture.events import (
    Event,
    MinutePassed,
    ModeChanged,
    PostureUnknown,
    Reading,
    RulesChanged,
    SessionEnded,
    SessionStarted,
    SlouchAlert,
    SlouchEnded,
    SlouchStarted,
    Snoozed,
    Unjudged,
)
from firmware_py.posture.flexion import up_at
from firmware_py.posture.judge import Judge
from firmware_py.posture.rules import Rules
from firmware_py.posture.tally import Tally
from firmware_py.posture.trunk import TrunkState

from .trunks import TWO, segment

RULES = Rules(
    interval_s=30,
    budget_per_hour=2,
    grace_s=10,
    load_s=4,
    break_after_s=1200,
    off_ends_session_s=60,
    unknown_notice_s=60,
)

DURATIONS = st.sampled_from([1, 3, 7, 19, 45, 90, 300, 700])
ANGLES = st.sampled_from([-25.0, 0.0, 5.0, 8.0, 12.0, 20.0, 40.0, 88.0])


class AnyStory(RuleBasedStateMachine):
    """Feeds a judge whatever comes to mind, and looks at all it said."""

    def __init__(self) -> None:
        super().__init__()
        self.judge = Judge(TWO, RULES, "run")
        self.tick = 0
        self.events: list[Event] = []
        self.in_force = RULES
        self.feed(1, 0.0, None, moving=False, trusted=True)  # rules that change later are told

    def feed(
        self, ticks: int, upper: float | None, lower: float | None, *, moving: bool, trusted: bool
    ) -> None:
        for _ in range(ticks):
            state = TrunkState(
                self.tick,
                None if upper is None else segment(upper, tick=self.tick, moving=moving, trusted=trusted),
                None if lower is None else segment(lower, tick=self.tick),
            )
            self.events += self.judge.step(state)
            self.tick += 1

    @rule(
        ticks=DURATIONS, upper=ANGLES, lower=st.none() | ANGLES, moving=st.booleans(), trusted=st.booleans()
    )
    def sit(self, ticks: int, upper: float, lower: float | None, moving: bool, trusted: bool) -> None:
        self.feed(ticks, upper, lower, moving=moving, trusted=trusted)

    @rule(ticks=DURATIONS, depth=st.sampled_from([15.0, 22.0, 30.0]))
    def slouch(self, ticks: int, depth: float) -> None:
        self.feed(ticks, depth, 0.0, moving=False, trusted=True)

    @rule(ticks=DURATIONS)
    def lose_the_sensors(self, ticks: int) -> None:
        self.feed(ticks, None, None, moving=False, trusted=True)

    @rule(ticks=st.sampled_from([2, 500, 9000]))
    def let_the_clock_jump(self, ticks: int) -> None:
        self.tick += ticks

    @rule(mode=st.sampled_from(list(Mode)), for_s=st.none() | st.sampled_from([0.0, 5.0, 40.0]))
    def set_mode(self, mode: Mode, for_s: float | None) -> None:
        self.events += self.judge.tell(SetMode(self.judge.next_s, mode, for_s))

    @rule(for_s=st.sampled_from([0.0, 3.0, 60.0]))
    def snooze(self, for_s: float) -> None:
        self.events += self.judge.tell(Snooze(self.judge.next_s, for_s))

    @rule(in_s=st.sampled_from([0.0, 0.05, 7.0, 30.0]))
    def end_the_session(self, in_s: float) -> None:
        self.events += self.judge.tell(EndSession(self.judge.next_s + in_s))

    @rule(for_s=st.sampled_from([0.1, 0.6]))
    def buzz(self, for_s: float) -> None:
        self.events += self.judge.tell(NoteBuzz(self.judge.next_s, for_s))

    @rule(
        interval_s=st.sampled_from([30.0, 90.0]),
        budget=st.sampled_from([0, 1, 2, 8]),
        grace_s=st.sampled_from([0.0, 10.0, 45.0]),
        enter_deg=st.sampled_from([8.0, 10.0, 18.0]),
        load_s=st.sampled_from([4.0, 20.0]),
    )
    def change_the_rules(
        self, interval_s: float, budget: int, grace_s: float, enter_deg: float, load_s: float
    ) -> None:
        asked = RULES.but(
            {
                "interval_s": interval_s,
                "budget_per_hour": budget,
                "grace_s": grace_s,
                "slouch_enter_deg": enter_deg,
                "slouch_exit_deg": enter_deg - 3.0,
                "load_s": load_s,
            }
        )
        told = self.judge.tell(SetRules(self.judge.next_s, asked))
        self.in_force = told_rules(self.in_force, told)
        assert self.in_force == asked, "what changed is told, all of it"
        self.events += told

    @rule(mode=st.none() | st.sampled_from([Mode.MEETING, Mode.BASELINE]), for_s=st.sampled_from([5.0, 60.0]))
    def let_the_calendar_speak(self, mode: Mode | None, for_s: float) -> None:
        told = self.judge.tell(SetCalendar(self.judge.next_s, mode, for_s))
        assert all(isinstance(event, ModeChanged) and event.calendar for event in told)
        self.events += told

    @rule(share=st.sampled_from([0.0, 0.3, 1.0]))
    def follow_the_plan(self, share: float) -> None:
        self.events += self.judge.tell(SetPlan(self.judge.next_s, share))

    @rule(by_deg=st.sampled_from([-6.0, 6.0]))
    def take_another_neutral(self, by_deg: float) -> None:
        self.events += self.judge.tell(SetNeutral(self.judge.next_s, up_at(by_deg)))

    def teardown(self) -> None:
        self.events += self.judge.finish()
        check_reminders(self.events)
        check_slouches(self.events)
        check_unknown(self.events)
        check_time(self.events)


def told_rules(rules: Rules, events: list[Event]) -> Rules:
    for event in events:
        if isinstance(event, RulesChanged):
            rules = rules.but(event.rules)
    return rules


def check_reminders(events: list[Event]) -> None:
    rules = RULES
    unjudged: dict[float, object] = {}
    mode, snoozed_until_s, resumed_s = Mode.TRAINING, 0.0, -math.inf
    given_s: list[float] = []
    for event in events:
        if isinstance(event, Reading):
            unjudged[event.t_s] = event.unjudged
        elif isinstance(event, SessionStarted):
            resumed_s = event.t_s
        elif isinstance(event, ModeChanged):
            if mode is not Mode.TRAINING and event.mode is Mode.TRAINING:
                resumed_s = event.t_s
            mode = event.mode
        elif isinstance(event, Snoozed):
            snoozed_until_s = event.until_s
        elif isinstance(event, RulesChanged):
            rules = told_rules(rules, [event])
        elif isinstance(event, SlouchAlert):
            assert unjudged[event.t_s] is None
            assert mode is Mode.TRAINING
            assert event.t_s >= snoozed_until_s
            assert event.t_s - resumed_s >= rules.grace_s - 1e-6
            assert all(event.t_s - before_s >= rules.interval_s - 1e-6 for before_s in given_s)
            assert sum(event.t_s - before_s < 3600.0 for before_s in given_s) < rules.budget_per_hour
            given_s.append(event.t_s)


def check_unknown(events: list[Event]) -> None:
    unknown = 0
    told = False
    for event in events:
        if isinstance(event, SessionStarted):
            unknown, told = 0, False
        elif isinstance(event, Reading):
            if event.unjudged in (None, Unjudged.NOT_WORN):
                unknown, told = 0, False
            elif event.unjudged not in (Unjudged.MOVING, Unjudged.LYING):
                unknown += 1
        elif isinstance(event, PostureUnknown):
            assert not told, "once is enough"
            assert unknown == 10 * RULES.unknown_notice_s
            told = True


def check_slouches(events: list[Event]) -> None:
    episode = 0
    levels: list[int] | None = None
    for event in events:
        if isinstance(event, SessionStarted):
            assert levels is None
            episode = 0
        elif isinstance(event, SlouchStarted):
            assert levels is None
            episode += 1
            assert event.episode == episode
            assert event.since_s is not None
            assert event.since_s <= event.t_s
            levels = []
        elif isinstance(event, SlouchAlert):
            assert levels is not None
            assert event.episode == episode
            levels.append(event.level)
            assert levels in ([1], [1, 2])
        elif isinstance(event, SlouchEnded):
            assert levels is not None
            assert event.episode == episode
            assert (event.alerted_s is None) == (not levels)
            assert event.started_s < event.t_s
            assert event.slouched_s <= event.t_s - event.started_s + 0.1 + 1e-6
            assert event.peak_deg >= event.mean_deg - 1e-9
            levels = None
    assert levels is None, "a slouch did not end"


def check_time(events: list[Event]) -> None:
    ticks: list[float] | None = None
    minutes: list[Tally] = []
    reached_s = 0.0
    for event in events:
        assert event.t_s >= reached_s - 1e-9, event
        reached_s = event.t_s
        if isinstance(event, SessionStarted):
            assert ticks is None
            ticks, minutes = [], []
        elif isinstance(event, Reading):
            assert ticks is not None
            assert not ticks or math.isclose(event.t_s - ticks[-1], 0.1, abs_tol=1e-6)
            ticks.append(event.t_s)
            assert (event.unjudged is None) == (event.posture.value != "unknown")
        elif isinstance(event, MinutePassed):
            assert 0 < event.tally.ticks <= 600
            minutes.append(event.tally)
        elif isinstance(event, SessionEnded):
            assert ticks is not None
            summary = event.summary
            assert sum(minutes, Tally()) == summary.tally
            assert summary.tally.ticks == len(ticks)
            assert math.isclose(summary.end_s - summary.start_s, len(ticks) / 10.0, abs_tol=1e-6)
            assert summary.tally.judged + sum(summary.tally.unjudged.values()) == summary.tally.ticks
            assert sum(summary.tally.posture.values()) == summary.tally.ticks
            assert sum(summary.tally.activity.values()) == summary.tally.ticks
            assert sum(summary.tally.eva.values()) == summary.tally.judged
            assert sum(summary.tally.flexion.values()) == summary.tally.judged
            ticks = None
    assert ticks is None, "a session did not end"


AnyStory.TestCase.settings = settings(max_examples=30, stateful_step_count=40)
TestAnyStory = AnyStory.TestCase
