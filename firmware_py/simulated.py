"""Composition root of a simulated monitor: a simulated wearer, chips by their registers, all else real.

Asked for by `plumbline demo` alone, and by tests. What it publishes says that it is simulated.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable
from pathlib import Path

from .exercise_file import load as load_exercises
from .exercising import NAME as EXERCISES_DONE
from .exercising import DoseBook, Exercising
from .guided import Guided
from .hardware.clock import Clock, SystemClock
from .hardware.i2c import I2cBus
from .hardware.imu import Imu, open_imu
from .hardware.twin.bus import TwinBus
from .hardware.twin.chip import TYPICAL
from .hardware.twin.mpu6050 import TwinMpu6050
from .hardware.twin.wearer_demo import EndlessWearer, GuidedWearer, demo_motion
from .links.mqtt import MqttSettings
from .live import Wiring, new_run, run_live
from .posture.blocks import Place
from .posture.fit import NeutralOf
from .posture.profile import CalibrationProfile
from .posture.rules import Rules
from .preferences import Preferences
from .timezone import today

UPPER_ADDRESS = 0x68
LOWER_ADDRESS = 0x69


def twins(
    wearer: EndlessWearer, sensors: int, clock: Clock, origin_s: float, starts_s: float | None = None
) -> list[Imu]:
    """The real driver on simulated chips that a simulated person wears.

    Args:
        wearer: the person.
        sensors: 1 (upper back) or 2.
        clock: of the run.
        origin_s: moment of `clock` that is t = 0 of the run.
        starts_s: moment of `clock` at which the wearer's story began; `origin_s` if not said.
    """
    starts_s = origin_s if starts_s is None else starts_s
    # Offsets of the accelerometer are what calibration takes out; those of the gyroscope drift, and stay.
    flaws = dataclasses.replace(TYPICAL, acc_bias_m_s2=(0.0, 0.0, 0.0))
    wires = TwinBus(clock)
    wires.attach(UPPER_ADDRESS, TwinMpu6050(wearer.upper, clock, flaws, starts_s=starts_s))
    wires.attach(LOWER_ADDRESS, TwinMpu6050(wearer.lower, clock, flaws, seed=2, starts_s=starts_s))
    bus = I2cBus(wires, "the simulated bus")
    wanted = [(UPPER_ADDRESS, Place.UPPER), (LOWER_ADDRESS, Place.LOWER)][:sensors]
    return [open_imu(bus, address, place=place, clock=clock, origin_s=origin_s) for address, place in wanted]


def monitor(
    device: str,
    folder: Path,
    mqtt: MqttSettings,
    sensors: int,
    stopped: Callable[[], bool],
    clock: Clock | None = None,
    wearer: GuidedWearer | None = None,
) -> None:
    """Monitor a simulated wearer until `stopped()`: run after run, where a guide brings what needs another.

    Args:
        device: name in the topics.
        folder: of outbox and profiles; what was calibrated there before is in force.
        mqtt: where the broker is.
        sensors: 1 or 2.
        stopped: whether to end.
        clock: the machine's if not said; one that hurries makes the wearer live faster.
        wearer: the demonstration's if not said.

    Raises:
        OSError: where the outbox cannot be opened.
        ProfileError: where the profile in force cannot be read.
    """
    clock = SystemClock() if clock is None else clock
    exercises = {key: described.exercise for key, described in load_exercises().items()}
    wearer = demo_motion(exercises=exercises) if wearer is None else wearer
    starts_s = clock.monotonic()
    guided: Guided | None = None
    while guided is None or (guided.renewed and not stopped()):
        origin_s = clock.monotonic()
        imus = twins(wearer, sensors, clock, origin_s, starts_s)
        profile, neutral_of = _profile(imus, folder / "profiles", wearer)
        if guided is not None:
            neutral_of = NeutralOf.THIS_WEAR
        shown = None if guided is None else guided.shown
        guided = Guided(profile, folder / "profiles", neutral_of=neutral_of, shown=shown)
        guided.watchers.append(wearer.follow)
        # A silent first day would leave little to see.
        preferences = Preferences(folder, Rules(), {"baseline_day": False}, time.time)
        wiring = Wiring(
            device=device,
            run=new_run(),
            imus=imus,
            clock=clock,
            origin_s=origin_s,
            rate_hz=imus[0].measured_rate_hz,
            profile=profile,
            rules=Rules(),
            mqtt=mqtt,
            data=folder,
            simulated=True,
            guide=guided,
            preferences=preferences,
            exercises=Exercising(exercises, DoseBook(folder / EXERCISES_DONE, lambda: today(""))),
            listeners=[wearer.train],
            neutral_of=neutral_of,
        )
        try:
            run_live(wiring, stopped)
        finally:
            preferences.close()


def _profile(imus: list[Imu], folder: Path, wearer: EndlessWearer) -> tuple[CalibrationProfile, NeutralOf]:
    """What was calibrated for these sensors before, or what a perfect calibration finds."""
    from calibration.profiles import Profiles

    from .sensors import profile_for

    found = profile_for(imus, folder)
    if found is not None:
        return found, NeutralOf.ANOTHER_WEAR
    true = wearer.person.profile(len(imus))
    parts = [true.upper] if true.lower is None else [true.upper, true.lower]
    named = [
        dataclasses.replace(part, sensor_id=imu.sensor_id) for part, imu in zip(parts, imus, strict=True)
    ]
    lower = named[1] if len(named) > 1 else None
    return Profiles(folder).save(dataclasses.replace(true, upper=named[0], lower=lower)), NeutralOf.THIS_WEAR
