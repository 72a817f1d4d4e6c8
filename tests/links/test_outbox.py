"""What is put into the outbox comes out again, in order, whatever happens in between."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_py.errors import LinkError
from firmware_py.links import outbox as outbox_module
from firmware_py.links.outbox import Outbox as DoubtingOutbox
from firmware_py.posture.messages import Channel, Outgoing, topic


class Outbox(DoubtingOutbox):
    """An outbox that takes an acknowledgement for what it says; the doubt has tests of its own."""

    def __init__(self, path: Path, *, limit_bytes: int = outbox_module.LIMIT_BYTES) -> None:
        super().__init__(path, limit_bytes=limit_bytes, settle_s=0.0)


def message(number: int, channel: Channel = Channel.MINUTE, size: int = 100) -> Outgoing:
    return Outgoing(topic("back", channel), b"%d " % number + b"x" * size, durable=True)


def payloads(outbox: DoubtingOutbox) -> list[int]:
    return [int(kept.message.payload.split()[0]) for kept in outbox.after(0, 10_000)]


def test_messages_outlive_the_process_in_order(tmp_path: Path) -> None:
    first = Outbox(tmp_path / "o.db")
    first.put([message(1), message(2)])
    first.put([message(3)])
    first.close()
    again = Outbox(tmp_path / "o.db")
    assert payloads(again) == [1, 2, 3]
    assert again.waiting() == 3


def test_an_acknowledged_message_is_gone_and_the_others_stay(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path / "o.db")
    outbox.put([message(n) for n in range(5)])
    outbox.remove([kept.id for kept in outbox.after(0, 3)][1:])
    assert payloads(outbox) == [0, 3, 4]
    assert outbox.waiting() == 3
    outbox.close()
    assert payloads(Outbox(tmp_path / "o.db")) == [0, 3, 4]


def test_a_place_in_the_queue_is_never_given_twice(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path / "o.db")
    outbox.put([message(1)])
    place = outbox.after(0, 1)[0].id
    outbox.remove([place])
    outbox.put([])
    outbox.put([message(2)])
    assert outbox.after(place, 1)[0].message == message(2)


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), max_size=12))
def test_any_sequence_of_puts_and_acknowledgements_keeps_the_rest_in_order(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[int, int]]
) -> None:
    path = tmp_path_factory.mktemp("outbox") / "o.db"
    outbox, expected, number = Outbox(path), [], 0
    for added, taken in steps:
        new = list(range(number, number + added))
        number += added
        outbox.put([message(n) for n in new])
        expected += new
        done = outbox.after(0, taken)
        outbox.remove(kept.id for kept in done)
        expected = expected[len(done) :]
        assert payloads(outbox) == expected
    outbox.close()
    assert payloads(Outbox(path)) == expected


def test_a_power_cut_at_any_byte_leaves_a_prefix_of_whole_batches(tmp_path: Path) -> None:
    path = tmp_path / "o.db"
    outbox = Outbox(path)
    outbox.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    kept = []
    for batch in range(4):
        outbox.put([message(2 * batch), message(2 * batch + 1)])
        kept.append(path.with_name("o.db-wal").stat().st_size)
    log = path.with_name("o.db-wal").read_bytes()
    for cut in sorted({*range(0, len(log), 997), *kept, *(size - 1 for size in kept)}):
        after = tmp_path / f"cut{cut}"
        after.mkdir()
        shutil.copy(path, after / "o.db")
        (after / "o.db-wal").write_bytes(log[:cut])
        recovered = Outbox(after / "o.db")
        whole = sum(size <= cut for size in kept)
        assert payloads(recovered) == list(range(2 * whole)), f"cut at byte {cut}"
        recovered.close()
        shutil.rmtree(after)
    outbox.close()


def test_a_full_outbox_gives_up_old_events_first_and_sessions_last(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path / "o.db", limit_bytes=10_000)
    outbox.put([message(n, Channel.SESSION, 1000) for n in range(3)])
    outbox.put([message(10 + n, Channel.MINUTE, 1000) for n in range(3)])
    outbox.put([message(20 + n, Channel.EVENT, 1000) for n in range(3)])
    outbox.put([message(30 + n, Channel.EVENT, 1000) for n in range(3)])
    assert payloads(outbox) == [0, 1, 2, 10, 11, 12, 30, 31, 32]
    outbox.put([message(40 + n, Channel.MINUTE, 1000) for n in range(5)])
    assert payloads(outbox) == [0, 1, 2, 12, 40, 41, 42, 43, 44]
    assert outbox.dropped == 3 + 3 + 2


def test_a_disk_that_takes_no_more_holds_messages_in_memory_until_it_does(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path / "o.db")
    outbox.put([message(0)])
    pages = outbox.db.execute("PRAGMA page_count").fetchone()[0]
    outbox.db.execute(f"PRAGMA max_page_count = {pages}")  # SQLite's own way to be full
    outbox.put([message(n, size=3000) for n in range(1, 5)])
    assert (outbox.disk_full, payloads(outbox)) == (True, [0, 1, 2, 3, 4])
    outbox.remove([outbox.after(0, 1)[0].id])
    assert payloads(outbox) == [1, 2, 3, 4]
    outbox.db.execute("PRAGMA max_page_count = 100000")
    outbox.put([message(5)])
    assert not outbox.disk_full
    outbox.close()
    assert payloads(Outbox(tmp_path / "o.db")) == [1, 2, 3, 4, 5]


def test_what_is_delivered_while_the_disk_is_full_is_held_no_longer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox_module, "UNSAVED_LIMIT", 6)
    outbox = Outbox(tmp_path / "o.db")
    outbox.db.execute("PRAGMA max_page_count = 1")
    for n in range(20):
        outbox.put([message(n, size=3000)])
        outbox.remove([outbox.after(0, 1)[0].id])
    outbox.put([message(20, size=3000)])
    assert payloads(outbox) == [20]
    assert outbox.dropped == 0
    assert outbox.waiting() == 1


def test_memory_is_bounded_while_the_disk_is_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox_module, "UNSAVED_LIMIT", 6)
    outbox = Outbox(tmp_path / "o.db")
    outbox.db.execute("PRAGMA max_page_count = 1")
    for n in range(4):
        outbox.put([message(10 * n, Channel.SESSION, 3000), message(10 * n + 1, Channel.EVENT, 3000)])
    assert payloads(outbox) == [0, 10, 20, 21, 30, 31]
    assert outbox.dropped == 2


def test_a_damaged_outbox_is_put_aside_and_a_new_one_begun(tmp_path: Path) -> None:
    path = tmp_path / "o.db"
    path.write_bytes(b"this was a database once" * 100)
    outbox = Outbox(path)
    outbox.put([message(1)])
    assert payloads(outbox) == [1]
    assert len(list(tmp_path.glob("o.db.broken-*"))) == 1


def test_a_database_with_a_spoilt_page_is_put_aside(tmp_path: Path) -> None:
    path = tmp_path / "o.db"
    outbox = Outbox(path)
    outbox.put([message(n, size=2000) for n in range(40)])
    outbox.close()
    spoilt = bytearray(path.read_bytes())
    spoilt[4096:12288] = bytes(8192)
    path.write_bytes(spoilt)
    outbox = Outbox(path)
    outbox.put([message(1)])
    assert payloads(outbox) == [1]
    assert len(list(tmp_path.glob("o.db.broken-*"))) == 1


def test_an_outbox_that_cannot_be_opened_says_where_and_why(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(LinkError, match=r"outbox .*file/o.db cannot be opened"):
        Outbox(tmp_path / "file" / "o.db")
    (tmp_path / "folder.db").mkdir()
    with pytest.raises(LinkError, match="cannot be opened"):
        Outbox(tmp_path / "folder.db")


def test_another_process_cannot_corrupt_it_by_reading(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path / "o.db")
    outbox.put([message(1)])
    other = sqlite3.connect(tmp_path / "o.db")
    assert other.execute("SELECT count(*) FROM message").fetchone() == (1,)
    other.close()
    outbox.put([message(2)])
    assert payloads(outbox) == [1, 2]


def test_two_processes_do_not_share_an_outbox(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path / "o.db")
    with pytest.raises(LinkError, match="another plumbline runs with the same data folder"):
        Outbox(tmp_path / "o.db")
    outbox.close()
    Outbox(tmp_path / "o.db").close()


def test_what_was_acknowledged_just_before_the_broker_died_waits_again(tmp_path: Path) -> None:
    outbox = DoubtingOutbox(tmp_path / "o.db")
    outbox.put([message(n) for n in range(4)])
    outbox.remove(kept.id for kept in outbox.after(0, 3))
    assert payloads(outbox) == [3]
    assert outbox.waiting() == 1
    outbox.put([message(4)])
    outbox.doubt()
    assert payloads(outbox) == [0, 1, 2, 3, 4]
    assert outbox.waiting() == 5


def test_an_acknowledgement_of_a_while_ago_is_not_doubted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now_s = [1000.0]
    monkeypatch.setattr("time.monotonic", lambda: now_s[0])
    outbox = DoubtingOutbox(tmp_path / "o.db")
    outbox.put([message(0), message(1)])
    outbox.remove([1])
    now_s[0] += outbox_module.SETTLE_S
    outbox.hear()
    outbox.remove([2])
    outbox.doubt()
    assert payloads(outbox) == [1]
    outbox.put([message(2)])
    assert outbox.db.execute("SELECT id FROM message").fetchall() == [(2,), (3,)]
    outbox.close()
    assert payloads(Outbox(tmp_path / "o.db")) == [1, 2]


def test_silence_makes_no_acknowledgement_any_surer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now_s = [1000.0]
    monkeypatch.setattr("time.monotonic", lambda: now_s[0])
    outbox = DoubtingOutbox(tmp_path / "o.db")
    outbox.put([message(0)])
    outbox.remove([1])
    now_s[0] += 10 * outbox_module.SETTLE_S  # the broker may have died right after its word
    outbox.put([message(1)])
    outbox.doubt()
    assert payloads(outbox) == [0, 1]
    outbox.close()
