"""What the live monitor costs, stage by stage, beside a plain loop of `ahrs` Madgwick on the same samples.

    python -m benchmarks.cost [--seconds 120] [--rounds 9] [--at-pace 20]

Everything is processor time (`time.process_time`: all threads of the process, user and system),
divided by the samples; the median of the rounds counts, and ratios are taken within each round. In
a round the same two minutes of a simulated wearer pass, at 100 Hz in reads of about ten samples, through

- driver: smbus2, the MPU-6050's driver and the joining source, over a tape of the twin's answers (what
  playing the tape costs is measured by itself and taken off; what the kernel spends in a true
  transfer is in neither, it waits for wires);
- estimate: blocks to ticks; of it, the inclination filter;
- judge: ticks to events;
- publish: every event to a local Mosquitto by the product's own publisher, with a reader watching, so that
  ten readings a second are sent, and the outbox on disk;
- ahrs: `Madgwick.updateIMU`, sample by sample;
- by turns: the product's loop (`firmware_py.loop.drive`) over driver, estimate, judge and publish.

All in is driver, estimate, judge and publish together, each measured as the plain loop is: alone, over
all the samples. By turns shows what that leaves out: there the four push one another out of the caches at
each read, while broker and reader run on the same cores; the plain loop stays alone. At last both run at
the pace of life: ten reads a second by the product, a hundred samples a second by the loop, each with its
waking.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

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
READS_HZ = 10.0
GOAL = 5.0
DEVICE = "bench"
PARTS = ("driver", "estimate", "judge", "publish")

T = TypeVar("T")

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

    def by_turns(self, every_s: float = 0.0) -> float:
        """The product's own loop, from the wires to the broker; a read `every_s` at the soonest."""
        with self._linked() as (run, publisher), self._tape.playing() as source:
            monitor = Monitor(PROFILE, RATE_HZ, run=run)

            def live() -> None:
                drive(_paced(source, every_s), monitor, [publisher])
                _delivered(publisher)

            return spent_s(live)

    def ahrs(self, every_s: float = 0.0) -> float:
        """The loop that everybody writes first; a sample `every_s` at the soonest."""
        madgwick = Madgwick(frequency=RATE_HZ)
        gyr = np.vstack([block.upper.gyr_rad_s for block in self._tape.blocks])
        acc = np.vstack([block.upper.acc_m_s2 for block in self._tape.blocks])

        def loop() -> None:
            q = np.array([1.0, 0.0, 0.0, 0.0])
            for row in _paced(range(len(gyr)), every_s):
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


def _paced(things: Iterable[T], every_s: float) -> Iterable[T]:
    """The same things, each at its time; for 0 the things themselves."""
    return _waited_for(things, every_s) if every_s else things


def _waited_for(things: Iterable[T], every_s: float) -> Iterator[T]:
    due_s = time.monotonic()
    for thing in things:
        time.sleep(max(0.0, due_s - time.monotonic()))
        due_s += every_s
        yield thing


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
    parser.add_argument("--at-pace", type=float, default=20.0, help="seconds of each at the pace of life")
    chosen = parser.parse_args()
    tape = Tape(wearer(chosen.seconds).upper, round(chosen.seconds * READS_HZ))
    slow = Tape(wearer(chosen.at_pace).upper, round(chosen.at_pace * READS_HZ))
    with tempfile.TemporaryDirectory() as folder:
        broker = start_broker(Path(folder))
        try:
            with _watching(broker, 2 * chosen.rounds * tape.turns + slow.turns):
                stages = Stages(tape, broker, Path(folder))
                rounds = [_round(stages) for _ in range(chosen.rounds)]
                at_pace = _at_pace(Stages(slow, broker, Path(folder) / "slow"))
        finally:
            broker.stop()
    _tell(tape, rounds)
    if slow.samples:
        product, loop = (1e6 * spent / slow.samples for spent in at_pace)
        print(
            f"at the pace of life, {chosen.at_pace:.0f} s: {product:.0f} us/sample in {READS_HZ:.0f} reads a "
            f"second, the loop {loop:.0f} in {RATE_HZ:.0f} samples a second: 1/{loop / product:.1f}"
        )


def _round(stages: Stages) -> dict[str, float]:
    """Processor seconds by stage; what playing the tape took is taken off."""
    spent = {
        name: getattr(stages, name)()
        for name in ("tape", "driver", "filter", "estimate", "judge", "publish", "by_turns", "ahrs")
    }
    tape = spent.pop("tape")
    spent["driver"] -= tape
    spent["by_turns"] -= tape
    return {**spent, "all_in": sum(spent[name] for name in PARTS)}


def _at_pace(stages: Stages) -> tuple[float, float]:
    """Processor seconds of the product and of the plain loop, each at its pace."""
    product = stages.by_turns(1.0 / READS_HZ) - stages.tape()
    return product, stages.ahrs(1.0 / RATE_HZ)


def _tell(tape: Tape, rounds: list[dict[str, float]]) -> None:
    us = {name: 1e6 * statistics.median(r[name] for r in rounds) / tape.samples for name in rounds[0]}
    print(f"{tape.samples} samples in {tape.turns} reads, median of {len(rounds)} rounds, processor time")
    print(f"{'stage':14} {'us/sample':>9} {'us/read':>9}  of the plain loop")
    for name in ("driver", "estimate", "filter", "judge", "publish", "all_in", "by_turns", "ahrs"):
        label = "  of it filter" if name == "filter" else name.replace("_", " ")
        share = statistics.median(r["ahrs"] / r[name] for r in rounds)
        print(f"{label:14} {us[name]:9.2f} {us[name] * tape.samples / tape.turns:9.1f}  1/{share:.1f}")
    share = statistics.median(r["ahrs"] / r["all_in"] for r in rounds)
    print(f"all in costs 1/{share:.1f} of the plain ahrs Madgwick loop (goal: at most 1/{GOAL:.0f})")


@contextmanager
def _watching(broker: RunningBroker, reads: int) -> Iterator[None]:
    """A page elsewhere that looks on, so that readings are sent; says how many of each read it got."""
    command = [sys.executable, "-m", "benchmarks.watcher", broker.host, str(broker.port), DEVICE]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as watcher:
        if watcher.stdout is None or watcher.stdout.readline() != "watching\n":
            raise RuntimeError("the watcher did not come up")
        yield
        time.sleep(0.5)
        print(f"{int(watcher.communicate('')[0]) / reads:.2f} readings a read reached a page")


if __name__ == "__main__":
    main()
