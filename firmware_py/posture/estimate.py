"""The sensor-rate stage: blocks of samples in, one `TrunkState` for every tick out.

The grid is fixed (tick k stands at k/10 s of the run), so the cut of the blocks and the phase of
a sensor's own clock change nothing. A tick is told once every sample up to it is promised to have
come (`TrunkBlock.until_s`), exactly once and in order:

- the first one is the first at or after the first sample or remark;
- each sensor shows its last good sample in the tick's window ((k−1)/10, k/10], and the
  mean and rms over the window's good samples; None where it has none;
- while the promise moves on without samples, ticks without segments are told;
- a remark comes with the tick into whose window it falls; one that comes late, with the next.

What no orderly source does is bounded and said with a remark of kind CLOCK:

- **time that jumps forward**: where more than `LONGEST_SILENCE_S` lie between two things that give the time
  (samples, remarks, promises), the ticks between are not told. The index simply goes on behind the hole;
  nobody measured there (a machine asleep, a recording of two days).
- **time that runs backward**: samples at or before a sensor's latest one are dropped, a smaller promise is
  ignored. Samples that keep a promise broken by their source (of ticks already told) move the filter
  and count nowhere.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from itertools import chain

from .blocks import Place, Remark, RemarkKind, SensorBlock, TrunkBlock
from .profile import CalibrationProfile
from .segment import LONGEST_RUN_S, SegmentStream
from .trunk import TICKS_PER_S, TrunkState, tick_at

LONGEST_SILENCE_S = 600.0
"""Ten minutes: longer than any loss that a source reports while it waits for its sensor, which moves
its promise on several times a second; short enough that a jump costs 6000 ticks at most."""

_LONGEST_SILENCE_TICKS = round(LONGEST_SILENCE_S * TICKS_PER_S)
_BEFORE_ALL = -(1 << 62)


class TrunkEstimator:
    """Filter, windows and grid of one or two sensors; see the head of this module.

    A lower sensor's samples are used where the profile has its share, and ignored where it has none.

    Args:
        profile: what makes body-frame samples of the sensors' own.
        rate_hz: nominal sampling rate of both sensors, samples a second, 10 to 2000.
    """

    def __init__(self, profile: CalibrationProfile, rate_hz: float) -> None:
        self._upper = SegmentStream(profile.upper, rate_hz)
        self._lower = None if profile.lower is None else SegmentStream(profile.lower, rate_hz)
        self._until_s = -math.inf
        self._told = _BEFORE_ALL
        self._attested = _BEFORE_ALL
        self._remarks: list[tuple[int, Remark]] = []
        self._backward: set[Place] = set()

    def feed(self, block: TrunkBlock) -> list[TrunkState]:
        """Take a block; return the ticks that it completes, in order, possibly none.

        A long block gives a long list: cut a night's recording with `rechunk` where memory counts.
        """
        self._take(self._upper, block.upper, Place.UPPER)
        if block.lower is not None and self._lower is not None:
            self._take(self._lower, block.lower, Place.LOWER)
        for remark in block.remarks:
            self._remarks.append((tick_at(remark.t_s), remark))
        if not self._until_s < block.until_s < LONGEST_RUN_S:
            return []
        self._until_s = block.until_s
        return [self._state(tick) for tick in self._due()]

    def _take(self, stream: SegmentStream, block: SensorBlock, place: Place) -> None:
        dropped = stream.take(block, self._told)
        if not dropped:
            if self._backward and len(block):
                self._backward.discard(place)
        elif place not in self._backward:
            # Said once each time it begins: a source stuck in the past would say it ten times a second.
            self._backward.add(place)
            detail = f"{dropped} samples dropped: their time is not after {stream.last_s:.3f} s"
            self._remarks.append((self._told, Remark(stream.last_s, place, RemarkKind.CLOCK, detail)))

    def _due(self) -> Iterable[int]:
        """The ticks that the promise newly covers, in order; from here on they count as told."""
        ahead = tick_at(self._until_s)
        last = ahead if ahead / TICKS_PER_S <= self._until_s else ahead - 1
        if self._told == _BEFORE_ALL:
            first = min(self._marks(), default=last + 1)
            if first > last:
                return ()
            self._attested, self._told = first, first - 1
        begin, attested = self._told + 1, self._attested
        self._told, self._attested = last, ahead
        if ahead - attested <= _LONGEST_SILENCE_TICKS:
            return range(begin, last + 1)
        spans: list[range] = []
        for mark in [*sorted(m for m in self._marks() if attested < m < ahead), ahead]:
            if mark - attested > _LONGEST_SILENCE_TICKS:
                spans.append(range(begin, attested + 1))
                self._remarks.append((mark, _jumped(attested, mark)))
                begin = mark
            attested = mark
        spans.append(range(begin, last + 1))
        self._told = max(last, begin - 1)
        return chain.from_iterable(spans)

    def _marks(self) -> list[int]:
        """Ticks in whose windows something was said: a sample, a remark."""
        lower = [] if self._lower is None else self._lower.waiting()
        return [*self._upper.waiting(), *lower, *(tick for tick, _ in self._remarks)]

    def _state(self, tick: int) -> TrunkState:
        remarks: tuple[Remark, ...] = ()
        if self._remarks:
            due = [remark for at, remark in self._remarks if at <= tick]
            remarks = tuple(sorted(due, key=lambda remark: remark.t_s))
            self._remarks = [(at, remark) for at, remark in self._remarks if at > tick]
        lower = None if self._lower is None else self._lower.state(tick)
        return TrunkState(tick, self._upper.state(tick), lower, remarks)


def _jumped(before: int, after: int) -> Remark:
    hole_s = (after - before) / TICKS_PER_S
    detail = f"time jumped forward by {hole_s:.0f} s; nothing is told of the time between"
    return Remark((after - 1) / TICKS_PER_S, Place.UPPER, RemarkKind.CLOCK, detail)
