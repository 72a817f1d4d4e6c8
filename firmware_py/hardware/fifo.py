"""What every driver that reads a FIFO shares: draining, timestamps, and living through faults.

A family's own file says how to reset, configure and ask its chip; this one says when. `read`
never waits. A read in good health is two transactions: how many frames wait, and one burst.

| seen                                      | taken for       | done                                  |
|-------------------------------------------|-----------------|---------------------------------------|
| no acknowledgement, three times at once   | a loose contact | nothing is read; the FIFO keeps all   |
| the same for `LOST_AFTER_S`               | a lost sensor   | LOST; the promise `until_s` goes on   |
| a timeout                                 | a stuck bus     | as above, asked again each second     |
| FIFO full                                 | a late read     | OVERFLOW, emptied, losses counted     |
| other settings (asked each second, and    | a reset chip    | RESET, and set up again               |
| at once when frames are due and none wait)|                 |                                       |
| frames out of step, most rows implausible | bytes lost      | IMPLAUSIBLE, emptied                  |
| one row far from its neighbours           | a flipped bit   | IMPLAUSIBLE, the row becomes NaN      |
"""

from __future__ import annotations

import errno
import math

import numpy as np

from ..errors import SensorError
from ..posture.blocks import Place, Remark, RemarkKind, SensorBlock, empty_block
from .clock import Clock
from .counts import Counts, Views
from .fifochip import FRAMES_A_READ, OUT_OF_STEP, OVERFLOWED, FifoChip
from .i2c import I2cBus, no_answer
from .sampleclock import ABSURD_PERIODS, WATCHED_PERIODS, SampleClock, watch_step

LOST_AFTER_S = 0.5
CHECK_EVERY_S = 1.0
STUCK_PAUSE_S = 1.0
MEASURED_AT_OPENING_S = 0.3
"""Two watched steps this far apart give the oscillator's rate to about 0.1 % before the first read."""

RATE_KNOWN = 0.0015
"""One-sigma doubt about the rate that ends the measuring. Two polls of two bytes around each of two steps
come to 0.0014 at 100 kHz; a pre-emption of 2 ms at one of them makes it 0.002, and a third is watched."""

WATCHED_AT_OPENING_PERIODS = 8.0
"""How long to wait for a step that no pre-emption blurred; with the pause before, less than 42 frames,
which fill a FIFO of 512 bytes."""

STEPS_AT_OPENING = 6
"""At most; a machine too busy for all of them goes on with what they told, and learns from the reads."""

STEPS_WATCHED_AFTER = 3
"""One more in each of the first seconds, until the ordinary reads have told enough."""


class FifoImu(FifoChip):
    """An inertial sensor read through its FIFO. Implements the `Imu` protocol.

    Args:
        bus: the open bus.
        address: 7-bit address.
        clock: the machine's clock.
        place: where on the trunk the sensor sits.
        origin_s: the moment of `clock` that is t = 0 of the run.
    """

    def __init__(
        self, bus: I2cBus, address: int, *, clock: Clock, place: Place = Place.UPPER, origin_s: float = 0.0
    ) -> None:
        super().__init__(bus, address)
        self.place = place
        self.until_s = 0.0
        self._clock = clock
        self._origin_s = origin_s
        self._times = SampleClock(self.rate_hz)
        self._next = 0  # index of the next sample to be read
        self._anchored = False
        self._settled_s = 0.0  # no sample before this moment is used
        self._lost = False
        self._doubtful = False  # a burst failed half-way: frames may be missing
        self._ran_over = False
        self._heard_s = 0.0  # when samples last came
        self._retry_s = 0.0
        self._check_s = 0.0
        self._steps_to_watch = STEPS_WATCHED_AFTER
        self._temp_c = math.nan
        self._settings_wanted = b""
        self._why = ""  # what the newest failure looked like
        self._remarks: list[Remark] = []
        self._counts = Counts(FRAMES_A_READ, self._scales())

    # The Imu protocol.

    @property
    def measured_rate_hz(self) -> float:
        """The chip's own rate by the machine's clock."""
        return 1.0 / self._times.period_s

    def moment(self, from_s: float, fraction: float) -> float:
        """The first moment from `from_s` on that lies this fraction of a period behind a sample."""
        times = self._times
        if not math.isfinite(times.sigma_s):
            return from_s
        steps = (from_s - times.time_of(self._next)) / times.period_s - fraction
        return times.time_of(self._next) + (math.ceil(steps) + fraction) * times.period_s

    def open(self) -> None:
        """Identify, reset, configure, and measure the chip's rate.

        Takes about half a second, a third of a second more with a long count on a slow wire, and up to
        two seconds where the machine is so busy that it sees too little of the chip's steps.

        Raises:
            SensorError: where nothing answers, or another chip does.
        """
        try:
            self._identify()
            self._ask_reset()
            self._clock.sleep(self.reset_s)
            self._set_up()
            self._clock.sleep(self.start_up_s)
            self._flush()
            self.until_s = self._clock.monotonic() - self._origin_s
            self._measure_rate()
            self._anchored = False  # the first read begins afresh, however long the other sensor takes
        except SensorError:
            raise
        except OSError as error:
            raise no_answer(self.name, error) from error
        self._heard_s = self._clock.monotonic()

    def read(self) -> SensorBlock:
        """All samples since the last read, oldest first; none at the first and while lost. Never waits."""
        clock = self._clock
        before_s = clock.monotonic()
        if before_s < self._retry_s:
            return self._none(before_s)
        try:
            if self._lost or not self._anchored:
                return self._resume(before_s)
            if before_s >= self._check_s or self._doubtful:
                if not self._check(before_s):
                    return self._none(before_s)
                before_s = clock.monotonic()
            frames = self._level()
            at_s = clock.monotonic()
            if frames <= 0 or self._doubtful or self._ran_over:
                frames = self._weigh(frames, at_s)
                if frames <= 0:
                    return self._none(at_s)
            views = self._counts.views(frames)
            if not self._fetch(len(views.rows), views.rows):
                self._weigh(OUT_OF_STEP, at_s)
                return self._none(at_s)
        except OSError as error:
            return self._missed(error)
        return self._block(views, frames, before_s, at_s)

    def take_remarks(self) -> tuple[Remark, ...]:
        """What was noticed since the last call."""
        if not self._remarks:
            return ()
        remarks = tuple(self._remarks)
        self._remarks.clear()
        return remarks

    def close(self) -> None:
        """Nothing is held but the bus, which belongs to whoever opened it."""

    # A read in good health.

    def _block(self, views: Views, waiting: int, before_s: float, at_s: float) -> SensorBlock:
        times = self._times
        frames = len(views.rows)
        first = self._next
        self._next = first + frames
        self._heard_s = at_s
        surprise_s = times.saw(first + waiting - 1, before_s, at_s)
        if abs(surprise_s) > ABSURD_PERIODS * times.period_s + at_s - before_s:
            return self._left_out(RemarkKind.CLOCK, f"samples came {surprise_s * 1e3:+.0f} ms off their time")
        first_s = times.time_of(first) - self._origin_s
        t_s = views.ramp * times.period_s
        t_s += first_s
        values, bad = self._counts.to_si(views)
        if bad is not None:
            wrong = int(bad.sum())
            if wrong > max(2, frames // 2):
                return self._left_out(RemarkKind.IMPLAUSIBLE, f"{wrong} of {frames} samples made no sense")
            self._remark(
                RemarkKind.IMPLAUSIBLE, f"{wrong} of {frames} samples far from their neighbours", t_s[bad][0]
            )
        if first_s <= self.until_s:  # a promise was made meanwhile; what it covers comes too late
            keep = int(np.searchsorted(t_s, self.until_s, "right"))
            t_s, values = t_s[keep:], values[keep:]
            if not len(t_s):
                return empty_block()
        self.until_s = float(t_s[-1])
        return SensorBlock(t_s, values[:, :3], values[:, 3:], self._temp_c)

    # Faults.

    def _weigh(self, frames: int, at_s: float) -> int:
        """Decide about a level that is not simply a number of frames; the frames to read now."""
        times = self._times
        due = int((at_s - times.time_of(self._next - 1)) / times.period_s)
        if self._doubtful:
            self._doubtful = False
            if frames >= 0 and abs(frames - due) > 1:
                frames = OUT_OF_STEP
        if frames == OVERFLOWED or self._ran_over:
            self._begin_again(RemarkKind.OVERFLOW, "the FIFO ran over before it was read")
            return 0
        if frames == OUT_OF_STEP:
            self._begin_again(RemarkKind.IMPLAUSIBLE, "the frames in the FIFO were out of step")
            return 0
        if frames == 0 and due >= 3 and self._check(at_s) and at_s - self._heard_s > LOST_AFTER_S:
            self._ask_reset()
            self._retry_s = at_s + self.reset_s
            raise OSError(errno.EIO, "it answers but takes no samples; it was asked to start over")
        return frames

    def _check(self, at_s: float) -> bool:
        """Take the temperature, and see whether the settings are still ours; False where they were not."""
        self._check_s = at_s + CHECK_EVERY_S
        if self._settings() != self._settings_wanted:
            self._identify()
            self._remark(RemarkKind.RESET, "the chip had lost its settings; it was set up again")
            self._set_up()
            return False
        self._temp_c = float(np.float32(self._temperature_c()))
        if self._steps_to_watch and self._anchored:
            self._steps_to_watch -= 1
            self._watch_step()
        return True

    def _set_up(self) -> None:
        self._anchored = False
        self._configure()
        self._settings_wanted = self._settings()
        self._settled_s = self._clock.monotonic() + self.start_up_s

    def _begin_again(self, kind: RemarkKind, seen: str) -> None:
        """Empty the FIFO and find the time axis anew; says how many samples that cost."""
        next_before = self._next
        self._anchored = self._ran_over = False
        self._flush()
        self._watch_step()
        if self._anchored:
            self._remark(kind, f"{seen}; {self._next - next_before} samples lost")
        else:
            self._remark(kind, f"{seen}; samples lost")

    def _measure_rate(self) -> None:
        """Watch steps until they tell the rate: two, unless it was pre-empted or the wire is slow."""
        for _ in range(STEPS_AT_OPENING):
            if self._anchored:
                self._clock.sleep(MEASURED_AT_OPENING_S)
            self._watch_step(WATCHED_AT_OPENING_PERIODS)
            if self._times.rate_sigma <= RATE_KNOWN:
                return
            self._drop_waiting()

    def _drop_waiting(self) -> None:
        """Take out what waits, and count it, lest the FIFO run over before the next step is watched."""
        frames = OVERFLOWED if self._ran_over else self._level()
        if frames > 0:
            views = self._counts.views(frames)
            if self._fetch(len(views.rows), views.rows):
                self._next += len(views.rows)
                return
        if frames:
            self._anchored = self._ran_over = False
            self._flush()

    def _watch_step(self, most_periods: float = WATCHED_PERIODS) -> None:
        """Date one sample by watching the FIFO's count step; without a step the next read tries again."""
        times = self._times
        step = watch_step(self._level, self._clock.monotonic, times.period_s, most_periods)
        if step is None:
            return
        if step.level < 0:
            self._ran_over = step.level == OVERFLOWED  # asking may have cleared the chip's own flag
            return
        newest = self._next + step.level  # the one behind those that waited already
        if self._anchored:
            times.saw_step(newest, step.after_s, step.before_s)
            return
        moment_s = 0.5 * (step.after_s + step.before_s)
        if math.isfinite(times.sigma_s):
            missed = round((moment_s - times.time_of(newest)) / times.period_s)
            self._next += max(0, missed)
        times.anchor(self._next + step.level, moment_s, 0.3 * step.width_s + 1e-5)
        self._anchored = True
        self._counts.begin()
        self._heard_s = step.before_s

    def _resume(self, now_s: float) -> SensorBlock:
        """One attempt to bring a lost or freshly configured sensor back."""
        self._anchored = self._ran_over = False
        if now_s >= self._settled_s and self._check(now_s):
            self._flush()
            self._watch_step()
        if self._anchored:
            self._doubtful = False
            if self._lost:
                self._lost = False
                self._remark(RemarkKind.BACK, f"{self.name} answers again")
        return self._none(now_s)

    def _missed(self, error: OSError) -> SensorBlock:
        now_s = self._clock.monotonic()
        self._doubtful = True
        if error.errno == errno.ETIMEDOUT:
            self._retry_s = now_s + STUCK_PAUSE_S
        self._why = str(no_answer(self.name, error))
        return self._none(now_s)

    def _none(self, now_s: float) -> SensorBlock:
        """No samples now; when that has lasted, the sensor is lost and time goes on without it."""
        if not self._lost and now_s - self._heard_s > LOST_AFTER_S:
            self._lost = True
            self.until_s = max(self.until_s, now_s - self._origin_s)
            self._remark(RemarkKind.LOST, self._why or f"{self.name} gives no samples")
            self._why = ""
        elif self._lost:
            self.until_s = max(self.until_s, now_s - self._origin_s)
        return empty_block()

    def _left_out(self, kind: RemarkKind, seen: str) -> SensorBlock:
        self._remark(kind, f"{seen}; they were left out")
        self._anchored = False
        return empty_block()

    def _remark(self, kind: RemarkKind, detail: str, t_s: float | None = None) -> None:
        self._remarks.append(Remark(self.until_s if t_s is None else float(t_s), self.place, kind, detail))
