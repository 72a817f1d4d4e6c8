"""Open pages are looked at again and again, whatever becomes of one look."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from dashboard import presence
from dashboard.auth import Password
from dashboard.door import Door
from dashboard.presence import Presence
from dashboard.store import Store, sqlite_url
from dashboard.visitor import HOME, Visitor


@pytest.mark.parametrize(
    "fault", [OperationalError("SELECT 1", {}, Exception("away")), PoolTimeout("no connection is free")]
)
def test_a_page_that_could_not_be_looked_at_is_closed_and_the_next_is_looked_at_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: Exception
) -> None:
    monkeypatch.setattr(presence, "CHECK_S", 0.01)
    store = Store(sqlite_url(tmp_path / "plumbline.db"))
    door = Door(store, Password(tmp_path), people=False)
    faults = [fault]

    def still(visitors: Collection[Visitor]) -> set[Visitor]:
        if faults:
            raise faults.pop()
        return set()  # all were shut out meanwhile

    monkeypatch.setattr(door, "still", still)

    async def two_pages() -> None:
        pages = Presence(store, door)
        first, second = await pages.welcome(HOME, 1), await pages.welcome(HOME, 1)
        async with asyncio.timeout(20):
            with pages.staying(first):
                await first.ended.wait()
                with pages.staying(second):
                    await second.ended.wait()

    # In a thread of its own: the browser of other tests keeps a loop running in this one.
    with ThreadPoolExecutor(1) as thread:
        thread.submit(lambda: asyncio.run(two_pages())).result()
    store.close()
    assert faults == []
