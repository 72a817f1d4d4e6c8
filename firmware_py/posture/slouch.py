"""When a slouch begins, when it deserves a reminder, and when it is over.

Theory of operation. Each tick says one of four things about the trunk (`Sight`). From them and
from the time they have lasted, a tick makes at most one *input*, and the table below says what
each state does with it; nothing outside the table changes the state.

A bend first only *bends*: a reach or a dropped pen is over before `slouch_after_s`, and nobody
hears of it. Held that long it is a slouch, dated back to where it began. While it lasts it piles up a load of
degree-seconds: deeper means sooner. Moments of good posture let the load leak away but end
nothing until they last `clear_s`, so one slouch stays one episode however long it wavers; time that is not
judged freezes it until it is too long to believe in. A full load asks the gate for a
reminder. Asked again with a second full load and the interval gone by, the gate may grant one more;
after that the episode is quiet.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum, auto

from .events import AlertWithheld, Event, SlouchAlert, SlouchEnd, SlouchEnded, SlouchStarted, Withheld
from .gate import AlertGate
from .rules import Rules, ticks
from .trunk import TICK_S, TICKS_PER_S


class Sight(Enum):
    """What a tick says about the trunk."""

    GOOD = auto()
    BAD = auto()
    MOVING = auto()
    UNKNOWN = auto()


class State(Enum):
    """Where an episode stands."""

    UPRIGHT = auto()
    BENDING = auto()
    SLOUCHING = auto()
    REMINDED = auto()
    QUIET = auto()


class Input(Enum):
    """What can happen to it."""

    BENT = auto()
    HELD = auto()
    GRANTED = auto()
    REFUSED = auto()
    CLEARED = auto()
    MOVED = auto()
    FORGOTTEN = auto()
    CLOSED = auto()


class Action(Enum):
    """What is done about it."""

    NOTE = auto()
    START = auto()
    REMIND = auto()
    WITHHOLD = auto()
    DROP = auto()
    END = auto()


_ENDINGS = (Input.CLEARED, Input.MOVED, Input.FORGOTTEN, Input.CLOSED)

TABLE: dict[tuple[State, Input], tuple[State, Action]] = {
    (State.UPRIGHT, Input.BENT): (State.BENDING, Action.NOTE),
    (State.BENDING, Input.HELD): (State.SLOUCHING, Action.START),
    **{(State.BENDING, ending): (State.UPRIGHT, Action.DROP) for ending in _ENDINGS},
    (State.SLOUCHING, Input.GRANTED): (State.REMINDED, Action.REMIND),
    (State.SLOUCHING, Input.REFUSED): (State.SLOUCHING, Action.WITHHOLD),
    **{(State.SLOUCHING, ending): (State.UPRIGHT, Action.END) for ending in _ENDINGS},
    (State.REMINDED, Input.GRANTED): (State.QUIET, Action.REMIND),
    (State.REMINDED, Input.REFUSED): (State.REMINDED, Action.WITHHOLD),
    **{(State.REMINDED, ending): (State.UPRIGHT, Action.END) for ending in _ENDINGS},
    **{(State.QUIET, ending): (State.UPRIGHT, Action.END) for ending in _ENDINGS},
}
"""States × inputs. A pair that is not here cannot happen."""

_OUTCOME = {
    Input.CLEARED: SlouchEnd.CORRECTED,
    Input.MOVED: SlouchEnd.MOVED,
    Input.FORGOTTEN: SlouchEnd.UNKNOWN,
    Input.CLOSED: SlouchEnd.SESSION_ENDED,
}


class SlouchWatch:
    """One wearer's slouch, tick by tick."""

    def __init__(self, rules: Rules, gate: AlertGate) -> None:
        self.state = State.UPRIGHT
        self._gate = gate
        self.follow(rules)
        self._actions: dict[Action, Callable[[int, Input], list[Event]]] = {
            Action.NOTE: self._note,
            Action.START: self._start,
            Action.REMIND: self._remind,
            Action.WITHHOLD: self._withhold,
            Action.DROP: self._drop,
            Action.END: self._end,
        }
        self._episode = 0
        self._forget()

    def follow(self, rules: Rules) -> None:
        """Go by these numbers from now on; an episode under way goes on, with the load it has."""
        self._limit_deg_s = rules.load_limit_deg_s
        self._leak_deg_s = rules.load_leak_deg * TICK_S
        self._held_ticks = ticks(rules.slouch_after_s)
        self._least_ticks = ticks(rules.alert_least_s)
        self._ends = {
            Sight.GOOD: (ticks(rules.clear_s), Input.CLEARED),
            Sight.MOVING: (ticks(rules.moving_ends_slouch_s), Input.MOVED),
            Sight.UNKNOWN: (ticks(rules.unknown_ends_slouch_s), Input.FORGOTTEN),
        }

    def _forget(self) -> None:
        self._began_tick = 0
        self._bad_ticks = 0
        self._run_sight = Sight.GOOD
        self._run_tick = 0
        self._load_deg_s = 0.0
        self._came_due = False
        self._flexion_deg = 0.0
        self._peak_deg = 0.0
        self._sum_deg = 0.0
        self._first_alert_tick: int | None = None
        self._refusal = Withheld.GRACE
        self._told: set[Withheld] = set()

    def new_session(self) -> None:
        """Episodes count from 1 again; the session before must have been closed."""
        self._episode = 0

    def step(self, tick: int, sight: Sight, flexion_deg: float) -> list[Event]:
        """Take one tick. `flexion_deg` is used while `sight` is BAD, and then finite."""
        if self.state is State.UPRIGHT:
            if sight is not Sight.BAD:
                return []
            events = self._take(tick, Input.BENT)
        else:
            events = []
        if sight is not self._run_sight:
            self._run_sight, self._run_tick = sight, tick
        if sight is Sight.BAD:
            self._bad_ticks += 1
            self._flexion_deg = flexion_deg
            self._peak_deg = max(self._peak_deg, flexion_deg)
            self._sum_deg += flexion_deg
            self._load_deg_s += max(flexion_deg, 0.0) * TICK_S
            seen = self._asked(tick)
        else:
            if sight is Sight.GOOD:
                self._load_deg_s = max(0.0, self._load_deg_s - self._leak_deg_s)
            limit, ending = self._ends[sight]
            seen = ending if tick + 1 - self._run_tick >= limit else None
        if seen is not None:
            events += self._take(tick, seen)
        return events

    def close(self, tick: int) -> list[Event]:
        """The session ends before this tick."""
        return [] if self.state is State.UPRIGHT else self._take(tick, Input.CLOSED)

    def _asked(self, tick: int) -> Input | None:
        if self.state is State.BENDING:
            return Input.HELD if self._bad_ticks >= self._held_ticks else None
        if self.state is State.QUIET or self._load_deg_s < self._limit_deg_s:
            return None
        if self._bad_ticks < self._least_ticks:
            return None
        if not self._came_due:
            self._came_due = True
            self._gate.allot()
        reason = self._gate.reason(tick)
        if reason is None:
            return Input.GRANTED
        if reason in self._told or (self.state is State.REMINDED and reason is Withheld.INTERVAL):
            return None
        self._refusal = reason
        return Input.REFUSED

    def _take(self, tick: int, seen: Input) -> list[Event]:
        self.state, action = TABLE[self.state, seen]
        return self._actions[action](tick, seen)

    def _note(self, tick: int, seen: Input) -> list[Event]:
        self._began_tick = tick
        return []

    def _start(self, tick: int, seen: Input) -> list[Event]:
        self._episode += 1
        return [
            SlouchStarted(
                tick / TICKS_PER_S, self._episode, self._flexion_deg, self._began_tick / TICKS_PER_S
            )
        ]

    def _remind(self, tick: int, seen: Input) -> list[Event]:
        self._gate.gave(tick)
        load_deg_s, self._load_deg_s = self._load_deg_s, 0.0
        if self._first_alert_tick is None:
            self._first_alert_tick = tick
        level = 1 if self.state is State.REMINDED else 2
        return [SlouchAlert(tick / TICKS_PER_S, self._episode, level, self._flexion_deg, load_deg_s)]

    def _withhold(self, tick: int, seen: Input) -> list[Event]:
        self._told.add(self._refusal)
        return [AlertWithheld(tick / TICKS_PER_S, self._episode, self._refusal)]

    def _drop(self, tick: int, seen: Input) -> list[Event]:
        self._forget()
        return []

    def _end(self, tick: int, seen: Input) -> list[Event]:
        alerted = self._first_alert_tick
        corrected = alerted is not None and seen is Input.CLEARED
        ended = SlouchEnded(
            t_s=tick / TICKS_PER_S,
            episode=self._episode,
            started_s=self._began_tick / TICKS_PER_S,
            slouched_s=self._bad_ticks / TICKS_PER_S,
            peak_deg=self._peak_deg,
            mean_deg=self._sum_deg / self._bad_ticks,
            alerted_s=None if alerted is None else alerted / TICKS_PER_S,
            corrected_after_s=(self._run_tick - alerted) / TICKS_PER_S
            if alerted is not None and corrected
            else None,
            outcome=_OUTCOME[seen],
        )
        self._forget()
        return [ended]
