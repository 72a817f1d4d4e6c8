"""What the live monitor costs, stage by stage, beside a plain loop of `ahrs` Madgwick on the same samples.

    python -m benchmarks.cost [--seconds 120] [--rounds 9]

Everything is processor time (`time.process_time`: all threads of the process, user and system),
divided by the samples; the median of the rounds counts, and the ratio is taken within each round. In
a round the same two minutes of a simulated wearer pass, at 100 Hz in reads of about ten samples, through

- driver: smbus2, the MPU-6050's driver and the joining source, over a tape of the twin's answers (what
  playing the tape costs is measured by itself and taken off; what the kernel spends in a true
  transfer is in neither, it waits for wires);
- estimate: blocks to ticks; of it, the inclination filter;
- judge: ticks to events;
- publish: every event to a local Mosquitto by the product's own publisher, with a reader watching, so that
  ten readings a second are sent, and the outbox on disk;
- all in: the product's loop (`firmware_py.loop.drive`) over all of these;
- ahrs: `Madgwick.updateIMU`, sample by sample.

Each stage alone repeats one thing; all in takes them by turns, ten samples at a time and some thousand times
faster than life, with the broker and the reader on the same cores. What that adds is shown by the two ratios.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from ahrs.filters import Madgwick

from firmware_py.hardware.twin.chip import TYPICAL
from firmware_py.hardware.twin.wearer import Wearer
from firmware_py.hardware.twin.wearer_activities import sit_upright, slouch, type_keys, walk
from firmware_py.hardware.twin.wearer_person import person
from firmware_py.hardware.twin.wearer_script import Script
from firmware_py.links.broker import RunningBroker, start_broker
from firmware_py.links.mqtt import MqttSettings
from firmware_py.links.outbox import Outbox
from firmware_py.links.publisher import Publisher
from firmware_py.loop import drive
from firmware_py.posture._windows import WindowSums
from firmware_py.posture.estimate import TrunkEstimator
from firmware_py.posture.inclination import InclinationFilter
from firmware_py.posture.judge import Judge
from firmware_py.posture.messages import Encoder
from firmware_py.posture.monitor import Monitor
from firmware_py.posture.profile import CalibrationProfile, Neutral, SensorModel, SensorProfile
from firmware_py.posture.rules import Rules
from firmware_py.posture.trunk import TICKS_PER_S

from .tape import Tape

RATE_HZ = 100.0
GOAL = 5.0
DEVICE = "bench"

# A measured profile, not the built-in one: its corrections cost what everybody's cost.
PROFILE = CalibrationProfile(
    upper=SensorProfile(
        SensorModel(
            TYPICAL.acc_bias_m_s2,
            ((1.002, 0.001, -0.002), (0.0, 0.998, 0.001), (0.001, 0.0, 1.001)),
            TYPICAL.gyr_bias_rad_s,
            (1e-5, 1e-5, 0.0),
            30.0,
        ),
        neutral=Neutral((-0.2079117, 0.0, 0.9781476)),
    )
)


def wearer(seconds: float) -> Wearer:
    """Someone who sits, types, slouches and walks."""
    script = Script(person("steady", seed=3))
    while script.now_s < seconds + 60.0:
        sit_upright(script)
        type_keys(script, 60.0)
        slouch(script, for_s=45.0)
        sit_upright(script)
        walk(script, 10.0)
    return Wearer(script)


def spent_s(work: Callable[[], object]) -> float:
    """Processor seconds of all threads, garbage collection as it falls."""
    began_s = time.process_time()
    work()
    return time.process_time() - began_s


class Stages:
    """Each stage as a method that runs it over the whole tape and returns processor seconds."""

    def __init__(self, tape: Tape, broker: RunningBroker, folder: Path) -> None:
        self._tape = tape
        self._broker = broker
        self._folder = folder
        self._round = 0

    def tape(self) -> float:
        """What must be taken off driver and all in."""
        return spent_s(self._tape.bare())

    def driver(self) -> float:
        """Wires to blocks."""
        with self._tape.playing() as source:
            return spent_s(lambda: deque(source, maxlen=0))

    def filter(self) -> float:
        """The filter alone, on what the windows of samples amounted to."""
        rows = np.empty((self._tape.samples, 6))
        correction = PROFILE.upper.correction()
        at = 0
        for block in self._tape.blocks:
            correction.into(rows[at : at + len(block.upper)], block.upper)
            at += len(block.upper)
        sums = WindowSums(1.0 / RATE_HZ)
        starts = np.arange(0, len(rows), round(RATE_HZ / TICKS_PER_S))
        amounts = list(sums.amounts(rows, starts, np.zeros((2, 6))))
        inclination = InclinationFilter(TICKS_PER_S)

        def ask() -> None:
            for amount in amounts:
                inclination.advance(amount)

        return spent_s(ask)

    def estimate(self) -> float:
        """Blocks to ticks, the filter included."""
        estimator = TrunkEstimator(PROFILE, RATE_HZ)
        return spent_s(lambda: deque((estimator.feed(block) for block in self._tape.blocks), maxlen=0))

    def judge(self) -> float:
        """Ticks to events."""
        estimator = TrunkEstimator(PROFILE, RATE_HZ)
        states = [state for block in self._tape.blocks for state in estimator.feed(block)]
        judge = Judge(PROFILE, Rules(), "bench")
        return spent_s(lambda: deque((judge.step(state) for state in states), maxlen=0))

    def publish(self) -> float:
        """Events to the broker."""
        with self._linked() as (run, publisher):
            monitor = Monitor(PROFILE, RATE_HZ, run=run)
            events = [event for block in self._tape.blocks for event in monitor.feed(block)]

            def tell() -> None:
                for event in events:
                    publisher(event)
                _delivered(publisher)

            return spent_s(tell)

    def all_in(self) -> float:
        """The product's own loop, from the wires to the broker."""
        with self._linked() as (run, publisher), self._tape.playing() as source:
            monitor = Monitor(PROFILE, RATE_HZ, run=run)

            def run() -> None:
                drive(source, monitor, [publisher])
                _delivered(publisher)

            return spent_s(run)

    def ahrs(self) -> float:
        """The loop that everybody writes first."""
        madgwick = Madgwick(frequency=RATE_HZ)
        gyr = np.vstack([block.upper.gyr_rad_s for block in self._tape.blocks])
        acc = np.vstack([block.upper.acc_m_s2 for block in self._tape.blocks])

        def loop() -> None:
            q = np.array([1.0, 0.0, 0.0, 0.0])
            for row in range(len(gyr)):
                q = madgwick.updateIMU(q, gyr[row], acc[row])

        return spent_s(loop)

    @contextmanager
    def _linked(self) -> Iterator[tuple[str, Publisher]]:
        """A new run's id, and its publisher, connected and watched."""
        self._round += 1
        run = f"bench{self._round}"
        settings = MqttSettings(self._broker.host, self._broker.port, protocol=self._broker.protocol)
        outbox = Outbox(self._folder / f"outbox-{self._round}.sqlite3")
        publisher = Publisher(settings, Encoder(DEVICE, run), outbox)
        publisher.start()
        _wait_for(lambda: publisher.connected)
        _wait_for(lambda: publisher.watched)
        try:
            yield run, publisher
        finally:
            publisher.stop()


def _delivered(publisher: Publisher) -> None:
    _wait_for(lambda: publisher.waiting() == 0)


def _wait_for(true: Callable[[], bool]) -> None:
    deadline_s = time.monotonic() + 20.0
    while not true():
        if time.monotonic() > deadline_s:
            raise TimeoutError("the broker did not do its part within 20 s")
        time.sleep(0.02)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=120.0, help="of the wearer's time in a round")
    parser.add_argument("--rounds", type=int, default=9, help="the median of so many counts")
    chosen = parser.parse_args()
    tape = Tape(wearer(chosen.seconds).upper, round(chosen.seconds * 10))
    with tempfile.TemporaryDirectory() as folder:
        broker = start_broker(Path(folder))
        try:
            rounds, sent = _measure(tape, broker, Path(folder), chosen.rounds)
        finally:
            broker.stop()
    us = {name: 1e6 * statistics.median(r[name] for r in rounds) / tape.samples for name in rounds[0]}
    us["driver"] -= us["tape"]
    us["all_in"] -= us["tape"]
    ratio = statistics.median(r["ahrs"] / (r["all_in"] - r["tape"]) for r in rounds)
    print(f"{tape.samples} samples in {tape.turns} reads; {sent:.2f} readings a read reached a page;")
    print(f"median of {chosen.rounds} rounds, processor time")
    print(f"{'stage':14} {'us/sample':>9} {'us/read':>9}")
    for name in ("driver", "estimate", "filter", "judge", "publish", "all_in", "ahrs"):
        label = "  of it filter" if name == "filter" else name.replace("_", " ")
        print(f"{label:14} {us[name]:9.2f} {us[name] * tape.samples / tape.turns:9.1f}")
    alone = sum(us[name] for name in ("driver", "estimate", "judge", "publish"))
    print(
        f"the stages one after another: {alone:.2f} us/sample, 1/{us['ahrs'] / alone:.1f} of the plain loop"
    )
    print(f"all in costs 1/{ratio:.1f} of the plain ahrs Madgwick loop (goal: at most 1/{GOAL:.0f})")


def _measure(
    tape: Tape, broker: RunningBroker, folder: Path, rounds: int
) -> tuple[list[dict[str, float]], float]:
    """Processor seconds by stage, a dict for each round; and readings heard for each read."""
    stages = Stages(tape, broker, folder)
    names = ("tape", "driver", "filter", "estimate", "judge", "publish", "all_in", "ahrs")
    command = [sys.executable, "-m", "benchmarks.watcher", broker.host, str(broker.port), DEVICE]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as watcher:
        if watcher.stdout is None or watcher.stdout.readline() != "watching\n":
            raise RuntimeError("the watcher did not come up")
        spent = [{name: getattr(stages, name)() for name in names} for _ in range(rounds)]
        time.sleep(0.5)
        heard = int(watcher.communicate("")[0])
    return spent, heard / (2 * rounds * tape.turns)


if __name__ == "__main__":
    main()
