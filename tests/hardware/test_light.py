"""The light: on while posture is judged."""

from collections.abc import Iterator

import pytest
from gpiozero import Device
from gpiozero.pins.mock import MockFactory

from firmware_py.hardware.light import Light
from firmware_py.posture.events import Activity, Posture, Reading, Unjudged


def reading(unjudged: Unjudged | None) -> Reading:
    return Reading(1.0, 2.0, 0.0, 2.0, None, 1.0, Posture.UPRIGHT, Activity.STILL, unjudged, 1)


@pytest.fixture
def pins() -> Iterator[MockFactory]:
    Device.pin_factory = MockFactory()
    yield Device.pin_factory
    Device.pin_factory.close()
    Device.pin_factory = None


def test_it_is_on_while_posture_is_judged_and_dark_at_the_end(pins: MockFactory) -> None:
    light = Light(27)
    seen = []
    for unjudged in (Unjudged.SETTLING, None, None, Unjudged.SENSOR_LOST, None):
        light(reading(unjudged))
        seen.append(bool(pins.pin(27).state))
    assert seen == [False, True, True, False, True]
    light.close()
