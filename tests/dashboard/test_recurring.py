"""What a thread does now and then is done again, whatever became of it before."""

from __future__ import annotations

import logging
import threading

import pytest
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from dashboard.recurring import Recurring

from .conftest import wait_until


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (OperationalError("SELECT 1", {}, Exception("the server is away")), "the server is away"),
        (PoolTimeout("no connection is free"), "no connection is free"),
        (ZeroDivisionError("a mistake of ours"), "a mistake of ours"),
    ],
)
def test_what_failed_is_told_and_done_again(
    caplog: pytest.LogCaptureFixture, fault: Exception, told: str
) -> None:
    done: list[int] = []

    def fails_at_first() -> None:
        done.append(1)
        if len(done) == 1:
            raise fault

    recurring = Recurring(fails_at_first, 0.01, "upkeep")
    recurring.start()
    wait_until(lambda: len(done) > 1, "another time")
    recurring.stop()
    [record] = [one for one in caplog.records if one.levelno == logging.ERROR]
    assert "upkeep failed, trying again in 0.01 s" in record.getMessage()
    assert told in caplog.text


def test_its_end_waits_for_what_is_under_way_and_not_for_the_rest() -> None:
    begun, may_end, done = threading.Event(), threading.Event(), threading.Event()

    def takes_its_time() -> None:
        begun.set()
        may_end.wait(20)
        done.set()

    recurring = Recurring(takes_its_time, 3600.0, "slow")
    recurring.start()
    assert begun.wait(20)
    threading.Timer(0.05, may_end.set).start()
    recurring.stop()
    assert done.is_set()


def test_what_was_never_begun_can_be_ended() -> None:
    Recurring(lambda: None, 1.0, "idle").stop()
