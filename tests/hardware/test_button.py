"""The button: presses told apart, whatever fingers do."""

import queue
from collections.abc import Iterator

import pytest
from gpiozero import Device
from gpiozero.pins.mock import MockFactory
from hypothesis import given
from hypothesis import strategies as st

from firmware_py.hardware.button import LONG_S, PAUSE_S, Button, Press, PressReader


def presses(*edges: tuple[float, float], ends_s: float = 60.0) -> list[Press]:
    """What is told for (down, up) times, with time passing as `wakes_s` asks."""
    reader = PressReader()
    told: list[Press | None] = []

    def until(t_s: float) -> None:
        while (wakes_s := reader.wakes_s) is not None and wakes_s <= t_s:
            told.append(reader.passed(wakes_s))

    for down_s, up_s in edges:
        until(down_s)
        told.append(reader.down(down_s))
        until(up_s)
        told.append(reader.up(up_s))
    until(ends_s)
    return [press for press in told if press is not None]


def test_one_short_press() -> None:
    assert presses((1.0, 1.1)) == [Press.SHORT]


def test_a_long_press_is_told_once_while_held() -> None:
    assert presses((1.0, 9.0)) == [Press.LONG]
    reader = PressReader()
    reader.down(1.0)
    assert reader.passed(1.0 + LONG_S) is Press.LONG


def test_three_in_a_row() -> None:
    assert presses((1.0, 1.1), (1.3, 1.4), (1.6, 1.7)) == [Press.TRIPLE]


def test_two_in_a_row_mean_nothing() -> None:
    assert presses((1.0, 1.1), (1.3, 1.4)) == []


def test_slow_presses_are_single_ones() -> None:
    assert presses((1.0, 1.1), (2.0, 2.1), (3.0, 3.1)) == [Press.SHORT] * 3


def test_a_tap_and_then_a_long_press_are_one_gesture() -> None:
    assert presses((1.0, 1.1), (1.2, 4.0)) == [Press.TAP_HOLD]


def test_a_long_press_some_time_after_a_tap_is_a_tap_and_a_long_press() -> None:
    assert presses((1.0, 1.1), (2.0, 4.0)) == [Press.SHORT, Press.LONG]


def test_a_long_press_after_two_taps_is_only_long() -> None:
    assert presses((1.0, 1.1), (1.3, 1.4), (1.6, 4.0)) == [Press.LONG]


@given(st.lists(st.tuples(st.floats(0.01, 3.0), st.floats(0.01, 3.0)), max_size=20))
def test_no_fingering_tells_more_presses_than_were_made(fingering: list[tuple[float, float]]) -> None:
    edges: list[tuple[float, float]] = []
    now_s = 0.0
    for gap_s, held_s in fingering:
        edges.append((now_s + gap_s, now_s + gap_s + held_s))
        now_s += gap_s + held_s
    told = presses(*edges, ends_s=now_s + 10.0)
    weight = {Press.SHORT: 1, Press.LONG: 1, Press.TRIPLE: 3, Press.TAP_HOLD: 2}
    held = (Press.LONG, Press.TAP_HOLD)
    assert sum(weight[press] for press in told) <= len(edges)
    assert sum(press in held for press in told) == sum(up >= down + LONG_S for down, up in edges)


@pytest.fixture
def pins() -> Iterator[MockFactory]:
    Device.pin_factory = MockFactory()
    yield Device.pin_factory
    Device.pin_factory.close()
    Device.pin_factory = None


def test_a_button_on_a_pin_tells_a_short_press_by_itself(pins: MockFactory) -> None:
    told: queue.Queue[Press] = queue.Queue()
    now_s = [10.0]
    button = Button(17, told.put, lambda: now_s[0])
    try:
        pins.pin(17).drive_low()
        now_s[0] += 0.1
        pins.pin(17).drive_high()
        now_s[0] += PAUSE_S + 0.1
        assert told.get(timeout=60.0) is Press.SHORT
    finally:
        button.close()
