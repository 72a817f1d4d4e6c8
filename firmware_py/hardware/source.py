"""The live source: one or two sensors, read about ten times a second, joined to trunk blocks."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence

from ..posture.blocks import Place, Remark, RemarkKind, TrunkBlock
from .clock import Clock
from .imu import Imu

READ_EVERY_S = 0.1
LATE_S = 0.5

_GOLDEN = 0.6180339887498949
"""Multiples of the golden ratio fall evenly into the unit interval, however many are taken."""


def live(
    imus: Sequence[Imu],
    clock: Clock,
    *,
    origin_s: float,
    stopped: Callable[[], bool] = lambda: False,
    read_every_s: float = READ_EVERY_S,
) -> Iterator[TrunkBlock]:
    """Read the sensors until `stopped()`; waiting happens here, between two reads.

    A read falls on another fraction of the sampling period each time, by turns for each sensor, so
    that over some reads the moments of sampling become known far better than to one period
    (`sampleclock.py`).

    It falls behind the first sample after a multiple of `read_every_s`, where the core's ticks stand
    (`trunk.py`): a tick is told once a later sample is there, so one read a sample later tells it 10 to 20 ms
    after its time at 100 Hz, and one anywhere else would keep it waiting for up to `read_every_s`.

    Args:
        imus: one sensor, or one of each place.
        clock: the machine's clock.
        origin_s: the moment of `clock` that is t = 0, the same that the sensors were opened with.
        stopped: asked after every wait, for instance `threading.Event().is_set`.
        read_every_s: mean distance of two reads.

    Yields:
        Blocks whose `until_s` never goes back and moves on while sensors are lost.

    Raises:
        ValueError: for no sensor, or two of one place.
    """
    by_place = {imu.place: imu for imu in imus}
    if len(by_place) != len(imus) or Place.UPPER not in by_place:
        raise ValueError("a run needs one sensor on the upper back, and at most one more on the lower")
    upper = by_place[Place.UPPER]
    lower = by_place.get(Place.LOWER)
    until_s = 0.0
    period_s = max(1.0 / imu.measured_rate_hz for imu in imus)
    start_s = origin_s + math.ceil((clock.monotonic() - origin_s) / read_every_s) * read_every_s
    turn = 0
    while not stopped():
        upper_block = upper.read()
        lower_block = lower.read() if lower else None
        promise_s = upper.until_s if lower is None else min(upper.until_s, lower.until_s)
        until_s = max(until_s, promise_s)
        remarks = upper.take_remarks() + (lower.take_remarks() if lower else ())
        late_s = clock.monotonic() - start_s - (turn + 1) * read_every_s
        if late_s > LATE_S:
            remarks += (
                Remark(until_s, Place.UPPER, RemarkKind.LATE, f"the next read comes {late_s:.1f} s late"),
            )
            start_s += math.ceil(late_s / read_every_s) * read_every_s
        if len(remarks) > 1:
            remarks = tuple(sorted(remarks, key=lambda remark: remark.t_s))
        yield TrunkBlock(upper_block, lower_block, until_s, remarks)
        turn += 1
        aimed = upper if lower is None or turn % 2 else lower
        due_s = aimed.moment(start_s + turn * read_every_s + period_s, turn * _GOLDEN % 1.0)
        clock.sleep(due_s - clock.monotonic())
