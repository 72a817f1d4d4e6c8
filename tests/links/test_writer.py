"""What a power cut broke off is ended at the next start; clock and disk are watched meanwhile."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from firmware_py.links.anchor import Moment, RunClock
from firmware_py.links.outbox import Outbox
from firmware_py.links.unfinished import UnfinishedFile
from firmware_py.links.writer import UNFINISHED, Writer
from firmware_py.posture.events import (
    MinutePassed,
    SessionEnded,
    SessionStarted,
    SessionSummary,
    SlouchStarted,
    WornChanged,
)
from firmware_py.posture.messages import (
    Anchor,
    Encoder,
    Message,
    StorageChanged,
    StorageLevel,
    Told,
    decode,
)
from firmware_py.posture.sessions import Unfinished
from firmware_py.posture.tally import Tally

from .conftest import until

TALLY = Tally(600, 540, {"upright": 500, "slouched": 40}, flexion={3: 500, 12: 40}, slouches=1)
MINUTES = [MinutePassed(60.0 * (n + 1), 60.0 * n, TALLY) for n in range(3)]


def kept(path: Path) -> list[Message]:
    outbox = Outbox(path)
    messages = [decode(k.message.topic, k.message.payload) for k in outbox.after(0, 1000)]
    outbox.close()
    return messages


class Run:
    """A run that can be cut off like a candle."""

    def __init__(
        self,
        path: Path,
        run: str,
        moment: Callable[[], Moment] = lambda: Moment(1.8e9, 100.0, True),
        t_s: float = 0.0,
    ) -> None:
        self.outbox = Outbox(path)
        self.writer = Writer(
            Encoder("back", run),
            self.outbox,
            RunClock(lambda: t_s, moment),
            lambda: None,
            chores_every_s=0.01,
        )
        self.writer.start()

    def tell(self, *events: Told) -> None:
        before = self.outbox.after(0, 1000)
        for event in events:
            self.writer.put(event)
        assert until(lambda: len(self.outbox.after(0, 1000)) >= len(before) + len(events))

    def power_cut(self) -> None:
        # What the disk holds now is what a cut leaves; the process's own end adds nothing to it.
        self.outbox.put = lambda *_, **__: None  # type: ignore[method-assign]  # written no more
        self.writer.stop()
        self.outbox._unsaved.clear()
        self.outbox.close()

    def end(self) -> None:
        self.writer.stop()
        self.outbox.close()


def test_a_session_that_was_broken_off_is_ended_with_its_minutes(tmp_path: Path) -> None:
    path = tmp_path / "o.db"
    first = Run(path, "a")
    first.tell(WornChanged(0.1, True, "moved"), SessionStarted(0.2, "a-1", 2), MINUTES[0])
    first.tell(MINUTES[1], SlouchStarted(130.0, 1, 12.0))
    first.power_cut()
    second = Run(path, "b")
    second.end()
    ended = [m for m in kept(path) if isinstance(m.body, SessionEnded)]
    summary = SessionSummary("a-1", 0.2, 130.0, 2, TALLY + TALLY)
    assert [m.body for m in ended] == [SessionEnded(130.0, summary)]
    assert (ended[0].run, ended[0].session, ended[0].seq, ended[0].count) == ("a", "a-1", 4, 5)
    third = Run(path, "c")
    third.end()
    assert len([m for m in kept(path) if isinstance(m.body, SessionEnded)]) == 1


@pytest.mark.parametrize("minutes", [0, 1, 2])
def test_a_power_cut_within_a_minute_takes_no_more_than_a_second_of_it(tmp_path: Path, minutes: int) -> None:
    path = tmp_path / "o.db"
    first = Run(path, "a")
    first.tell(SessionStarted(0.0, "a-1", 1), *MINUTES[:minutes])
    part = Tally(310, 300, {"upright": 300}, unjudged={"moving": 10}, slouches=1)
    rest = MinutePassed(60.0 * minutes + 31.0, 60.0 * minutes, part)
    first.writer.keep(lambda: Unfinished("a-1", 600 * minutes, rest))
    assert until(lambda: UnfinishedFile(path.with_name(UNFINISHED)).read() is not None)
    first.tell(SlouchStarted(60.0 * minutes + 31.2, 1, 12.0))
    first.power_cut()
    Run(path, "b").end()
    of_the_session = [m for m in kept(path) if m.session == "a-1"]
    assert [m.seq for m in of_the_session] == list(range(minutes + 4))
    assert of_the_session[-2].body == rest
    summary = SessionSummary("a-1", 0.0, rest.t_s + 0.2, 1, sum([TALLY] * minutes, part))
    assert of_the_session[-1].body == SessionEnded(rest.t_s + 0.2, summary)


def test_a_minute_that_was_full_after_all_is_not_counted_twice(tmp_path: Path) -> None:
    path = tmp_path / "o.db"
    first = Run(path, "a")
    first.tell(SessionStarted(0.0, "a-1", 1))
    most_of_it = MinutePassed(59.0, 0.0, Tally(590, 590, {"upright": 590}))
    first.writer.keep(lambda: Unfinished("a-1", 0, most_of_it))
    assert until(lambda: UnfinishedFile(path.with_name(UNFINISHED)).read() is not None)
    first.tell(MINUTES[0])
    first.power_cut()
    Run(path, "b").end()
    assert [m.body for m in kept(path) if isinstance(m.body, MinutePassed)] == [MINUTES[0]]


def test_a_session_that_ended_is_not_ended_again(tmp_path: Path) -> None:
    path = tmp_path / "o.db"
    first = Run(path, "a")
    first.tell(SessionStarted(0.2, "a-1", 1), MINUTES[0])
    first.tell(SessionEnded(60.0, SessionSummary("a-1", 0.2, 60.0, 1, TALLY)))
    first.tell(
        SessionStarted(70.0, "a-2", 1), SessionEnded(80.0, SessionSummary("a-2", 70.0, 80.0, 1, Tally()))
    )
    first.power_cut()
    Run(path, "b").end()
    assert [m.session for m in kept(path) if isinstance(m.body, SessionEnded)] == ["a-1", "a-2"]


def test_the_numbers_of_a_session_follow_from_its_events_alone(tmp_path: Path) -> None:
    path = tmp_path / "o.db"
    run = Run(path, "a")
    run.tell(SessionStarted(0.2, "a-1", 1), MINUTES[0])
    run.tell(StorageChanged(61.0, StorageLevel.LOW, 10, "little is left"))
    run.tell(MINUTES[1])
    run.end()
    numbered = [(m.session, m.seq) for m in kept(path) if m.seq is not None]
    assert numbered == [("a-1", 0), ("a-1", 1), ("a-0", 0), ("a-1", 2)]


def test_a_run_without_a_clock_is_dated_by_a_later_one_of_the_same_boot(tmp_path: Path) -> None:
    path = tmp_path / "o.db"
    first = Run(path, "a", lambda: Moment(50.0, 40.0, trusted=False))
    first.tell(SessionStarted(0.2, "a-1", 1), MINUTES[0])
    first.power_cut()
    second = Run(path, "b", lambda: Moment(1.8e9 + 1000.0, 1040.0, trusted=True))
    assert until(lambda: len(second.outbox.after(0, 100)) >= 5)
    second.end()
    anchors = [(m.run, m.body) for m in kept(path) if isinstance(m.body, Anchor)]
    assert ("a", Anchor(0.0, 50.0, trusted=False)) in anchors
    assert ("a", Anchor(1000.0, 1.8e9, trusted=True)) in anchors
    assert ("b", Anchor(0.0, 1.8e9 + 1000.0, trusted=True)) in anchors


def test_a_disk_that_fills_up_is_told_and_so_is_room_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = [10**12]
    monkeypatch.setattr("shutil.disk_usage", lambda _folder: type("Usage", (), {"free": left[0]}))
    run = Run(tmp_path / "o.db", "a")

    def levels() -> list[StorageLevel]:
        bodies = [decode(k.message.topic, k.message.payload).body for k in run.outbox.after(0, 100)]
        return [body.level for body in bodies if isinstance(body, StorageChanged)]

    def told(expected: list[StorageLevel]) -> bool:
        return levels() == expected

    for free, expected in (
        (10**8, [StorageLevel.LOW]),
        (10**6, [StorageLevel.LOW, StorageLevel.FULL]),
        (10**12, [StorageLevel.LOW, StorageLevel.FULL, StorageLevel.OK]),
    ):
        left[0] = free
        assert until(partial(told, expected)), levels()
    run.end()


def test_the_shortest_run_is_dated(tmp_path: Path) -> None:
    path = tmp_path / "o.db"
    outbox = Outbox(path)
    clock = RunClock(lambda: 0.0, lambda: Moment(1.8e9, 100.0, trusted=True))
    writer = Writer(Encoder("back", "a"), outbox, clock, lambda: None)
    writer.put(WornChanged(0.1, True, "moved"))
    writer._inbox.put(None)  # the end is asked for before the beginning was made
    writer.start()
    writer._thread.join()
    outbox.close()
    assert Anchor(0.0, 1.8e9, trusted=True) in [message.body for message in kept(path)]


def test_the_clock_is_watched_however_much_happens(tmp_path: Path) -> None:
    path = tmp_path / "o.db"
    off_s = [0.0]
    run = Run(path, "a", lambda: Moment(1.8e9 + off_s[0], 100.0, trusted=True))
    run.tell(SessionStarted(0.2, "a-1", 1))
    off_s[0] = 86_400.0
    for number in range(300):  # a stream without a pause as long as that between two looks
        run.writer.put(SlouchStarted(1.0 + number, number + 1, 12.0))
        time.sleep(0.002)
    run.end()
    assert Anchor(0.0, 1.8e9 + 86_400.0, trusted=True) in [message.body for message in kept(path)]
    between = [isinstance(message.body, SlouchStarted) for message in kept(path)]
    place = [m.body for m in kept(path)].index(Anchor(0.0, 1.8e9 + 86_400.0, trusted=True))
    assert any(between[place:]), "only looked at when it was over"


def test_what_a_full_disk_takes_later_is_counted_with_it(tmp_path: Path) -> None:
    path = tmp_path / "o.db"
    first = Run(path, "a")
    first.tell(SessionStarted(0.2, "a-1", 1), MINUTES[0])
    pages = first.outbox.db.execute("PRAGMA page_count").fetchone()[0]
    first.outbox.db.execute(f"PRAGMA max_page_count = {pages}")
    first.tell(*(SlouchStarted(61.0 + n, n + 1, 12.0) for n in range(60)))
    full = [first.outbox.disk_full]
    first.outbox.db.execute("PRAGMA max_page_count = 100000")
    first.outbox.put(())
    full.append(first.outbox.disk_full)
    assert full == [True, False]
    first.power_cut()
    Run(path, "b").end()
    numbers = [m.seq for m in kept(path) if m.session == "a-1"]
    assert numbers == list(range(63))
