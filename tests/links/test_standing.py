"""What stands at the broker (retained): the latest of a topic counts, and each connection says it again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from firmware_py.links.broker import RunningBroker, start_broker
from firmware_py.links.publisher import Publisher
from firmware_py.posture.guidance import GuideCue, GuidePhase, GuidePlan, GuideProgress, GuideStep
from firmware_py.posture.messages import Channel, Encoder

from .conftest import Reader, until

Make = Callable[..., Publisher]
ENCODER = Encoder("back", "run")


def at(seconds: int) -> GuideProgress:
    return GuideProgress(
        1.0, GuidePlan.NEUTRAL, GuideStep.SIT, GuidePhase.HOLD, 1, 1, 1, "sit", seconds, GuideCue.NONE
    )


def seconds_of(reader: Reader) -> list[int]:
    bodies = [message.body for message in reader.of(Channel.GUIDE)]
    return [body.remaining_s for body in bodies if isinstance(body, GuideProgress)]


def shown(broker: RunningBroker) -> list[int]:
    """What somebody sees who comes now."""
    late = Reader(broker)
    until(lambda: late.of(Channel.GUIDE), 2.0)
    late.stop()
    return seconds_of(late)[-1:]


def test_who_comes_late_sees_the_latest_and_nothing_once_it_was_cleared(
    mosquitto: RunningBroker, reader: Reader, publishers: Make
) -> None:
    publisher = publishers(mosquitto)
    for seconds in (3, 2, 1):
        publisher.show(ENCODER.guide(at(seconds)))
    assert until(lambda: seconds_of(reader)[-1:] == [1])
    assert shown(mosquitto) == [1]
    publisher.show(ENCODER.guide(None))
    assert until(lambda: shown(mosquitto) == [])


def test_a_broker_that_lost_its_memory_is_told_again(tmp_path: Path, publishers: Make) -> None:
    first = start_broker(tmp_path / "first")
    publisher = publishers(first)
    publisher.show(ENCODER.guide(at(4)))
    assert until(lambda: shown(first) == [4])
    first.stop()
    second = start_broker(tmp_path / "second", first.port)
    assert until(lambda: shown(second) == [4])
    publisher.stop()
    second.stop()
