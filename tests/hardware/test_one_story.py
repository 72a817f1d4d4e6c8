"""Two live sensors, one of them lagging, cut in every way: the core hears the same story."""

from collections.abc import Iterable

import pytest

from firmware_py.posture.blocks import Place, TrunkBlock, rechunk
from firmware_py.posture.events import Event, Reading
from firmware_py.posture.monitor import Monitor

from .rig import assert_one_story
from .test_faults import Wearer

Lagging = tuple[Wearer, list[TrunkBlock]]


def told(blocks: Iterable[TrunkBlock], wearer: Wearer) -> list[Event]:
    monitor = Monitor(wearer.profile, 100.0)
    return [event for block in blocks for event in monitor.feed(block)]


@pytest.fixture(scope="module")
def lagging() -> Lagging:
    """Ten seconds in which the lower sensor is silent for 0.4 s, three times, and so lags but is not lost."""
    wearer = Wearer()
    blocks = list(wearer.pair.turns(4.0))
    for _ in range(3):
        wearer.pair.buses[Place.LOWER].silence(wearer.pair.addresses[Place.LOWER], 0.4)
        blocks += wearer.pair.turns(2.0)
    return wearer, blocks


@pytest.mark.parametrize("size", [1, 3, 10, 37, 1000])
def test_however_the_blocks_are_cut_no_promise_is_broken(lagging: Lagging, size: int) -> None:
    _, blocks = lagging
    assert_one_story(list(rechunk(blocks, size)))


@pytest.mark.parametrize("size", [1, 10, 37])
def test_a_lagging_sensor_tells_the_same_events_in_blocks_of_any_size(lagging: Lagging, size: int) -> None:
    wearer, blocks = lagging
    whole = told(blocks, wearer)
    cut = told(rechunk(blocks, size), wearer)
    assert [type(event) for event in cut] == [type(event) for event in whole]
    for one, other in zip(whole, cut, strict=True):
        if isinstance(one, Reading):
            assert isinstance(other, Reading)
            assert one.t_s == other.t_s
            assert other.flexion_deg == pytest.approx(one.flexion_deg, abs=1e-9, nan_ok=True)
            assert (one.posture, one.unjudged, one.sensors) == (other.posture, other.unjudged, other.sensors)
