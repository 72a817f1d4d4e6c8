"""Pages of wearers who are signed in, over HTTP, from a web process of its own: how long each takes.

Every wearer is asked for once, so that nothing of theirs is in a cache of ours. A page is there when its
last byte is: it is unpacked and looked at afterwards.
"""

from __future__ import annotations

import gzip
import http.client
import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import islice
from secrets import token_hex

from dashboard.door import COOKIE
from dashboard.people.credentials import digest, now_utc_ms
from dashboard.visitor import Role

from .device import today
from .load import waiting_s
from .rig import Rig

OPENINGS = 110
"""Of each page under load; enough for a 95th percentile that one slow page does not make."""

EVERY_S = 0.15
"""From one opening to the next: five hundred wearers who each look at a page every 75 s. Without a pause the
asking would take half a core from the ingest, whose load is what is asked about."""

WARMING = 6
"""Before these: a process that has just started has its templates and its connections still to come."""

KEPT_MS = 30 * 86_400_000


@dataclass(frozen=True, slots=True)
class Opening:
    """How long one page took, milliseconds.

    Attributes:
        cpu_ms: processor time of the web process for each.
        waited_ms: how long its threads waited for a core, for each.
    """

    name: str
    count: int
    p50_ms: float
    p95_ms: float
    worst_ms: float
    cpu_ms: float
    waited_ms: float


def paths(last: date) -> dict[str, str]:
    """The pages that are opened. The day is a working day: on others a wearer has nothing."""
    day = last - timedelta(days=8)
    while day.weekday() > 4:
        day -= timedelta(days=1)
    return {
        "today": "/",
        "a day": f"/history/day/{day}",
        "a month": f"/history/month/{last - timedelta(days=20)}",
        "a year": f"/history/year/{last}",
    }


def sign_in_everyone(rig: Rig, wearers: int) -> dict[int, str]:
    """Give every wearer an account and a browser that is signed in; the cookies by wearer."""
    now_ms = now_utc_ms()
    secrets = {wearer: token_hex(24) for wearer in range(1, wearers + 1)}
    with rig.connect() as connection, connection.cursor() as cursor:
        with cursor.copy(
            "COPY accounts (account_id, name, label, role, wearer_id, made_utc_ms) FROM STDIN"
        ) as copy:
            for wearer in secrets:
                copy.write_row((wearer, f"w{wearer}", f"w{wearer}", Role.WEARER.value, wearer, now_ms))
        columns = "token_hash, account_id, label, made_utc_ms, seen_utc_ms, expires_utc_ms"
        with cursor.copy(f"COPY sign_ins ({columns}) FROM STDIN") as copy:
            for wearer, secret in secrets.items():
                copy.write_row((digest(secret), wearer, "a browser", now_ms, now_ms, now_ms + KEPT_MS))
    return secrets


def shuffled(wearers: int) -> Iterator[int]:
    """Every wearer once, in an order that tells nothing of where their rows are."""
    yield from random.Random(3).sample(range(1, wearers + 1), wearers)


def open_pages(
    port: int, pid: int, cookies: dict[int, str], drawn: Iterator[int], count: int
) -> list[Opening]:
    """Open each page `count` times, one page after another.

    Args:
        port: of the web process on this machine.
        pid: its process id.
        cookies: by wearer.
        drawn: the wearers to ask for, each once.
        count: openings of each page.
    """
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    openings = []
    for name, path in paths(today()).items():
        for _ in range(WARMING):
            _open(client, path, cookies[1])
        before = waiting_s(pid)
        took_ms = sorted(_open(client, path, cookies[wearer]) for wearer in _at_leisure(drawn, count))
        after = waiting_s(pid)
        worked, waited = (1000 * (now - then) / count for then, now in zip(before, after, strict=True))
        p50_ms, p95_ms = took_ms[count // 2], took_ms[min(count - 1, int(0.95 * count))]
        openings.append(Opening(name, count, p50_ms, p95_ms, took_ms[-1], worked, waited))
    client.close()
    return openings


def _at_leisure(drawn: Iterator[int], count: int) -> Iterator[int]:
    """So many of them, one each `EVERY_S`; whoever is late does not hurry."""
    for wearer in islice(drawn, count):
        due_s = time.monotonic() + EVERY_S
        yield wearer
        time.sleep(max(0.0, due_s - time.monotonic()))


def _open(client: http.client.HTTPConnection, path: str, secret: str) -> float:
    """Milliseconds from asking to the last byte."""
    headers = {"Cookie": f"{COOKIE}={secret}", "Accept": "text/html", "Accept-Encoding": "gzip"}
    began_s = time.perf_counter()
    client.request("GET", path, headers=headers)
    answer = client.getresponse()
    body = answer.read()
    took_ms = 1000 * (time.perf_counter() - began_s)
    if answer.headers["Content-Encoding"] == "gzip":
        body = gzip.decompress(body)
    # A page whose wearer has nothing would be quick, and no page: each of these has drawn something.
    if answer.status != 200 or not body.rstrip().endswith(b"</html>") or b"<tr data-left=" not in body:
        raise RuntimeError(f"{path} answered {answer.status} with {len(body)} bytes that are no whole page")
    return took_ms


def table(title: str, openings: Sequence[Opening]) -> str:
    """The openings as lines to print."""
    lines = [f"\n{title}"]
    lines += [
        f"{one.name:10}{one.count:5} opened   p50 {one.p50_ms:6.1f} ms   p95 {one.p95_ms:6.1f} ms   "
        f"worst {one.worst_ms:6.1f} ms   web process: {one.cpu_ms:5.1f} ms at work, "
        f"{one.waited_ms:5.1f} ms waiting for a core"
        for one in openings
    ]
    return "\n".join(lines)
