"""Nothing is lost, doubled or misdated: a few of each fault; `python -m benchmarks.faults` does them all."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from firmware_py.links.broker import find_mosquitto

from . import suite
from .machine import World

pytestmark = pytest.mark.skipif(
    find_mosquitto() is None, reason="Mosquitto is not installed (apt install mosquitto)"
)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    found = suite.new_world(tmp_path, "world")
    yield found
    found.stop()


@pytest.fixture
def chance() -> random.Random:
    return random.Random(7)


def test_a_device_that_is_killed_loses_nothing_it_promised(world: World, chance: random.Random) -> None:
    suite.kill_device(world, 3, chance)


def test_the_whole_monitor_killed_leaves_no_session_open(world: World, chance: random.Random) -> None:
    suite.kill_monitor(world, 1, chance)


def test_a_broker_that_is_killed_loses_nothing_it_acknowledged(world: World, chance: random.Random) -> None:
    suite.kill_broker(world, 3, chance)


def test_a_connection_torn_in_mid_message_doubles_and_loses_nothing(
    world: World, chance: random.Random
) -> None:
    suite.tear_link(world, 8, chance)


def test_everything_restarts_in_any_order(world: World, chance: random.Random) -> None:
    suite.all_in_any_order(world, 5, chance)


def test_a_silent_network_is_noticed_and_outlived(world: World) -> None:
    suite.lose_link(world, [1.0, 7.0])


def test_a_cable_that_is_pulled_is_outlived(world: World) -> None:
    suite.cut_cable(world, [1.0, 3.0])


def test_a_full_disk_keeps_what_it_promised(world: World) -> None:
    suite.fill_disk(world)


def test_a_clock_that_jumps_leaves_history_right(world: World) -> None:
    suite.step_clock(world)


def test_a_flood_of_nonsense_is_outlived(world: World, chance: random.Random) -> None:
    suite.flood(world, 1000, chance)


def test_a_reader_that_does_not_read_holds_nobody_up(world: World) -> None:
    suite.slow_consumer(world, 800)


def test_two_devices_and_a_renamed_one_keep_apart(world: World, chance: random.Random) -> None:
    suite.two_devices(world, 1, chance)


def test_a_day_offline_arrives_whole(world: World) -> None:
    suite.offline_day(world, 240)
