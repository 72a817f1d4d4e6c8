"""When the live source reads."""

from __future__ import annotations

from itertools import islice

import pytest

from firmware_py.hardware.source import live
from firmware_py.posture.trunk import TICKS_PER_S

from .rig import STARTS_S, Rig

PERIOD_S = 0.01


@pytest.mark.parametrize("open_for_s", [0.0, 0.033, 0.071])
def test_a_tick_is_promised_two_samples_after_its_time_at_most(open_for_s: float) -> None:
    bench = Rig().opened()
    bench.clock.sleep(open_for_s)
    behind_s = []
    for block in islice(live([bench.imu], bench.clock, origin_s=STARTS_S), 5, 200):
        tick_s = int(block.until_s * TICKS_PER_S) / TICKS_PER_S  # the newest that is promised whole
        behind_s.append(bench.now_s - tick_s)
    assert max(behind_s) < 2.5 * PERIOD_S
    assert min(behind_s) > 0.0


def test_after_a_late_read_the_next_ones_are_at_the_ticks_again() -> None:
    bench = Rig().opened()
    blocks = live([bench.imu], bench.clock, origin_s=STARTS_S)
    for _ in islice(blocks, 20):
        pass
    bench.clock.sleep(1.234)
    after = list(islice(blocks, 20))
    assert after[0].remarks or after[1].remarks
    tick_s = int(after[-1].until_s * TICKS_PER_S) / TICKS_PER_S
    assert 0.0 < bench.now_s - tick_s < 2.5 * PERIOD_S
