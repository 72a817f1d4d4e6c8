"""The main job, end to end, on real people: `python benchmarks/main_job.py [FOLDER]`.

Each person of the sitting recordings is worn again: their upper-back sensor moves a register-level twin of
an MPU-6050, the real driver reads its FIFO through smbus2, the real core judges, the messages pass a real
broker (Mosquitto where it is installed, else amqtt), the dashboard stores them, and the answer is read from
its store and its pages. Neutral: the first upright trial, and that alone; every other trial is a session of
its own, in the order of recording. A trial counts as a slouch where its median angle is 10° or more.

Recordings: IMU Sitting Postures Dataset, Ali, Elsayed, Emad, Mohamed, Shehata, Rehan 2026, CC BY 4.0.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path

import msgspec
import numpy as np
from sqlalchemy import select

from calibration.neutral import with_neutral
from dashboard.app import Dashboard, Server, build
from dashboard.settings import BrokerSettings, Settings
from dashboard.tables import devices, sessions
from firmware_py.hardware.i2c import I2cBus
from firmware_py.hardware.imu import open_imu
from firmware_py.hardware.source import live
from firmware_py.hardware.twin.bus import TwinBus
from firmware_py.hardware.twin.chip import TYPICAL, Flaws
from firmware_py.hardware.twin.clock import VirtualClock
from firmware_py.hardware.twin.motion import RecordedMotion
from firmware_py.hardware.twin.mpu6050 import TwinMpu6050
from firmware_py.links.broker import RunningBroker, start_broker
from firmware_py.links.mqtt import MqttSettings
from firmware_py.links.outbox import Outbox
from firmware_py.links.publisher import Publisher
from firmware_py.loop import drive
from firmware_py.posture.blocks import STANDARD_GRAVITY_M_S2, SensorBlock
from firmware_py.posture.events import Command, EndSession
from firmware_py.posture.messages import Anchor, Encoder
from firmware_py.posture.monitor import Monitor
from firmware_py.posture.profile import CalibrationProfile, SensorProfile
from firmware_py.posture.tally import Tally

DATA_RATE_HZ = 50.0
UPRIGHT, SLOUCH = 2, 3
THRESHOLD_DEG = 10.0
ADDRESS = 0x68

CHIP = Flaws(
    clock_error=TYPICAL.clock_error,
    gyr_bias_rad_s=TYPICAL.gyr_bias_rad_s,
    acc_noise_m_s2_rthz=TYPICAL.acc_noise_m_s2_rthz,
    gyr_noise_rad_s_rthz=TYPICAL.gyr_noise_rad_s_rthz,
    temp_c=TYPICAL.temp_c,
)
"""A hobby breakout on top of the recorded sensor's own errors; no second offset of the accelerometer, since
the recording has one already and the neutral is taken from the recording."""


@dataclass(frozen=True)
class Person:
    """One person's trials, the neutral one apart.

    Attributes:
        name: as in the file.
        neutral: samples of the first upright trial.
        kinds: class of each other trial, in the order of recording.
        trials: samples of those trials, (n, 6) g and °/s, upper sensor.
    """

    name: str
    neutral: SensorBlock
    kinds: list[int]
    trials: list[np.ndarray]


@dataclass(frozen=True)
class Answer:
    """What the store says of one trial."""

    kind: int
    median_deg: int
    judged_s: float


def read_person(path: Path) -> Person:
    """One file of the sitting recordings."""
    with np.load(path) as file:
        order = sorted(file.keys())
        first = next(key for key in order if key.endswith(str(UPRIGHT)))
        rest = [key for key in order if key != first]
        return Person(
            path.stem,
            _block(file[first][:, :6].astype(float)),
            [int(key[-1]) for key in rest],
            [file[key][:, :6].astype(float) for key in rest],
        )


def _block(rows: np.ndarray) -> SensorBlock:
    t = np.arange(len(rows)) / DATA_RATE_HZ
    return SensorBlock(t, rows[:, :3] * STANDARD_GRAVITY_M_S2, np.radians(rows[:, 3:]))


def wear(person: Person, broker: RunningBroker, folder: Path) -> None:
    """Send one person's trials through twin, driver, core and broker; returns when all has been taken."""
    rows = np.concatenate(person.trials)
    ends_s = np.cumsum([len(trial) for trial in person.trials]) / DATA_RATE_HZ
    samples = _block(rows)
    clock = VirtualClock()
    wires = TwinBus(clock, speed_hz=400_000.0)
    motion = RecordedMotion(samples.t_s + 1.0, samples.acc_m_s2, samples.gyr_rad_s)
    wires.attach(ADDRESS, TwinMpu6050(motion, clock, CHIP, starts_s=0.0))
    imu = open_imu(I2cBus(wires, "the twin's bus"), ADDRESS, clock=clock, origin_s=0.0)
    profile = CalibrationProfile(upper=with_neutral(person.neutral, SensorProfile()), simulated=True)
    monitor = Monitor(profile, imu.rate_hz, run=person.name)
    encoder = Encoder("sitting", person.name, simulated=True)
    outbox = Outbox(folder / f"{person.name}.sqlite3")
    publisher = Publisher(MqttSettings(port=broker.port, protocol=broker.protocol), encoder, outbox)
    publisher.start()
    publisher.anchor(Anchor(0.0, 1.7e9 + 7200.0 * int(person.name.split("_")[1]), trusted=True))
    left = list(ends_s + 1.0)

    def commands() -> Sequence[Command]:
        if left and clock.monotonic() >= left[0]:
            return [EndSession(left.pop(0))]
        return ()

    source = live([imu], clock, origin_s=0.0, stopped=lambda: clock.monotonic() > ends_s[-1] + 1.0)
    drive(source, monitor, [publisher], commands)
    end = time.monotonic() + 60.0
    while publisher.waiting() and time.monotonic() < end:
        time.sleep(0.02)
    publisher.stop()


def answers(dashboard: Dashboard, address: str, person: Person) -> list[Answer]:
    """What the store, and each session's page, say of a person's trials, in their order."""
    query = (
        select(devices.c.name, sessions.c.session, sessions.c.summary)
        .join_from(sessions, devices)
        .where(sessions.c.run == person.name, sessions.c.ended)
        .order_by(sessions.c.start_s)
    )
    with dashboard.store.engine.connect() as connection:
        rows = connection.execute(query).all()
    if len(rows) < len(person.kinds):
        raise RuntimeError(f"{person.name}: {len(rows)} of {len(person.kinds)} trials are in the store")
    found = []
    for kind, (device, session, text) in zip(person.kinds, rows, strict=False):
        tally = msgspec.json.decode(text, type=Tally)
        page = _page(f"{address}session/{device}/{session}")
        if "Simulated" not in page:
            raise RuntimeError(f"the page of {session} does not say that the chip was simulated")
        found.append(Answer(kind, _median(tally.flexion), tally.judged / 10))
    return found


def _median(flexion: dict[int, int]) -> int:
    total, seen = sum(flexion.values()), 0
    for degree, count in sorted(flexion.items()):
        seen += count
        if 2 * seen >= total:
            return degree
    raise RuntimeError("a trial of which nothing was judged")


class _Words(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def _page(url: str) -> str:
    with urllib.request.urlopen(url) as answer:
        parser = _Words()
        parser.feed(answer.read().decode())
    return " ".join(parser.words)


def everyone(data: Path, most: int | None = None) -> dict[str, list[Answer]]:
    """All people of a folder through the whole chain.

    Args:
        data: folder of the sitting recordings.
        most: stop after so many people.
    """
    people = [read_person(path) for path in sorted(data.glob("sub_*.npz"))[:most]]
    with tempfile.TemporaryDirectory(prefix="plumbline-main-job-") as name:
        folder = Path(name)
        broker = start_broker(folder)
        settings = Settings(
            data_folder=folder, port=0, broker=BrokerSettings(host=broker.host, port=broker.port)
        )
        dashboard = build(settings)
        server = Server(dashboard)
        server.start()
        try:
            time.sleep(1.0)  # the dashboard subscribes before the first message comes
            result = {}
            for person in people:
                wear(person, broker, folder)
                result[person.name] = _patiently(dashboard, server.address, person)
            return result
        finally:
            server.stop()
            broker.stop()


def _patiently(dashboard: Dashboard, address: str, person: Person) -> list[Answer]:
    end = time.monotonic() + 30.0
    while True:
        try:
            return answers(dashboard, address, person)
        except RuntimeError:
            if time.monotonic() > end:
                raise
            time.sleep(0.1)


def shares(result: dict[str, list[Answer]]) -> tuple[float, float, int, int]:
    """(share of slouch trials recognised, share of upright trials called slouch, their numbers)."""
    every = [answer for found in result.values() for answer in found]
    slouch = [answer.median_deg >= THRESHOLD_DEG for answer in every if answer.kind == SLOUCH]
    upright = [answer.median_deg >= THRESHOLD_DEG for answer in every if answer.kind == UPRIGHT]
    return sum(slouch) / len(slouch), sum(upright) / len(upright), len(slouch), len(upright)


def main() -> None:
    """Print the table."""
    here = Path(__file__).resolve().parents[2]
    data = (
        Path(sys.argv[1])
        if len(sys.argv) > 1
        else Path(os.environ.get("PLUMBLINE_DATA", here / "shared" / "data")) / "sitting"
    )
    result = everyone(data)
    print("person    slouch trials: median of each, °      other upright trials      judged, s a trial")
    for name, found in result.items():
        slouch = " ".join(f"{a.median_deg:3d}" for a in found if a.kind == SLOUCH)
        upright = " ".join(f"{a.median_deg:3d}" for a in found if a.kind == UPRIGHT)
        judged = np.mean([a.judged_s for a in found])
        print(f"{name:10}{slouch:40}{upright:26}{judged:6.1f}")
    recognised, called, n_slouch, n_upright = shares(result)
    print(f"\nslouch trials recognised        {recognised:6.1%} of {n_slouch}  (wanted: 98 % or more)")
    print(f"upright trials called slouch    {called:6.1%} of {n_upright}  (wanted: 2 % or less)")


if __name__ == "__main__":
    main()
