"""A dashboard that is older or newer than the device: what it can read it keeps, what it cannot it names."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sqlalchemy import select

from dashboard.ingest import Ingest
from dashboard.store import Store
from dashboard.tables import events, minutes, rejections
from firmware_py.errors import MessageError
from firmware_py.posture.messages import SCHEMA, decode_request

from .test_ingest import a_session, rows, told


def changed(payload: bytes, **fields: Any) -> bytes:
    return json.dumps(json.loads(payload) | fields).encode()


def test_what_a_newer_device_adds_is_kept_and_changes_nothing_else(store: Store) -> None:
    messages = told(*a_session())
    newer = []
    for topic, payload in messages:
        data = json.loads(payload)["data"] | {"felt_deg": 3.5}
        newer.append((topic, changed(payload, data=data, certainty="high")))
    topic = next(topic for topic, _ in messages if topic.endswith("/event"))
    yet_unknown = {"schema": SCHEMA, "run": "r1", "session": "r1-1", "seq": 99, "simulated": False,
                   "kind": "breath_held", "data": {"t_s": 41.0, "for_s": 9.0}}  # fmt: skip
    taken = Ingest(store).take([*newer, (topic, json.dumps(yet_unknown).encode())])
    assert (taken.stored, taken.rejected) == (8, 0)
    [unknown] = [row for row in rows(store, events) if row["kind"] == "breath_held"]
    assert json.loads(unknown["payload"])["data"] == {"t_s": 41.0, "for_s": 9.0}
    assert unknown["at_utc_ms"] is not None
    assert all("felt_deg" in row["payload"] for row in rows(store, events) if row["kind"] != "breath_held")
    assert len(rows(store, minutes)) == 2


def test_a_schema_that_is_too_new_is_refused_alone_and_named(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    messages = told(*a_session())
    topic, payload = next(one for one in messages if one[0].endswith("/minute"))
    taken = Ingest(store).take([*messages, (topic, changed(payload, schema=SCHEMA + 1, seq=50))])
    assert (taken.stored, taken.rejected) == (7, 1)
    [refused] = rows(store, rejections)
    assert (refused["reason"], refused["topic"]) == ("schema", topic)
    assert f"schema {SCHEMA + 1}" in caplog.text
    assert "update this side" in caplog.text


def test_bytes_that_are_no_text_are_refused_wherever_they_stand(store: Store) -> None:
    messages = told(*a_session())
    topic, payload = next(one for one in messages if one[0].endswith("/event"))
    # In a field that no reader looks at, so that nothing but the whole message could be found wrong.
    broken = changed(payload, seq=70, remark="?").replace(b'"?"', b'"\xf4\x28"')
    taken = Ingest(store).take([(topic, broken), *messages])
    assert (taken.stored, taken.rejected) == (7, 1)


def test_an_older_device_leaves_out_what_it_does_not_know(store: Store) -> None:
    messages = told(*a_session())
    older = []
    for topic, payload in messages:
        message = json.loads(payload)
        message.pop("simulated", None)
        message["data"].pop("since_s", None)
        if "tally" in message["data"]:
            tally = message["data"]["tally"]
            message["data"]["tally"] = {key: tally[key] for key in ("ticks", "judged", "posture", "flexion")}
        older.append((topic, json.dumps(message).encode()))
    taken = Ingest(store).take(older)
    assert (taken.stored, taken.rejected) == (7, 0)
    with store.engine.connect() as connection:
        assert connection.scalars(select(minutes.c.judged)).all() == [500, 500]


@pytest.mark.parametrize(
    ("ask", "word"),
    [
        ({"schema": SCHEMA + 1, "id": "x", "kind": "snooze", "data": {"for_s": 60}}, "update this side"),
        ({"schema": SCHEMA, "id": "x", "kind": "levitate", "data": {}}, "is unknown; known: "),
    ],
)
def test_an_older_device_says_what_it_cannot_do(ask: dict[str, Any], word: str) -> None:
    with pytest.raises(MessageError, match=word):
        decode_request(json.dumps(ask).encode())
