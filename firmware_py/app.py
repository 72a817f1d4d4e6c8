"""Composition root of the monitor: configuration -> source, core, listeners; and an orderly stop.

Here, and only here, it is decided what is real. `plumbline run` never falls back to a simulation.
"""

from __future__ import annotations

import logging
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .config import Config
    from .guided import Guided
    from .links.mqtt import MqttSettings
    from .posture.settings import BodyAlert
    from .service import Watchdog

log = logging.getLogger(__name__)


def stop_on_signals(for_s: float | None = None) -> Callable[[], bool]:
    """Let Ctrl-C and SIGTERM stop a run in order, or the time when it has a limit; returns the question."""
    asked = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: asked.set())
    end_s = float("inf") if for_s is None else time.monotonic() + for_s
    return lambda: asked.is_set() or time.monotonic() >= end_s


def mqtt_settings(config: Config) -> MqttSettings:
    """Where the broker is, with the password out of its file.

    Raises:
        ConfigError: where the file of the password cannot be read, or others can read it.
    """
    from .links.mqtt import MqttSettings
    from .secret import read_secret

    mqtt = config.mqtt
    return MqttSettings(
        host=mqtt.host,
        port=mqtt.port,
        username=mqtt.username or None,
        password=read_secret(Path(mqtt.password_file)) if mqtt.password_file else None,
        ca_file=Path(mqtt.ca_file).expanduser() if mqtt.ca_file else None,
    )


def run(config: Config, for_s: float | None) -> int:
    """`plumbline run`: monitor with the real sensors until stopped.

    Raises:
        SensorError: where a sensor is not there; nothing is simulated in its place.
    """
    from .service import Watchdog

    watchdog = Watchdog()
    logging.basicConfig(format="%(levelname)s %(name)s: %(message)s", level=logging.INFO)
    stopped = stop_on_signals(for_s)
    guided = _one_run(config, watchdog, stopped, None)
    while guided.renewed and not stopped():
        log.info("calibrated anew: another run begins")
        guided = _one_run(config, watchdog, stopped, guided)
    return 0


def _one_run(
    config: Config, watchdog: Watchdog, stopped: Callable[[], bool], before: Guided | None
) -> Guided:
    """Monitor until stopped, or until a guide brought what another run is needed for; returns that guide.

    Args:
        config: the settings.
        watchdog: of the process.
        stopped: whether the process shall end.
        before: the guide that ended the run before this one.
    """
    from .body import Body
    from .console import Console
    from .exercise_file import load as load_exercises
    from .exercising import NAME as EXERCISES_DONE
    from .exercising import DoseBook, Exercising
    from .guided import Guided
    from .hardware.clock import SystemClock
    from .keeper import Keeper
    from .links.anchor import utc_where_set
    from .live import Wiring, new_run, run_live
    from .posture.fit import NeutralOf
    from .posture.profile import to_json
    from .preferences import Preferences
    from .recording import header_of
    from .sensors import default_profile, open_sensors, profile_for
    from .timezone import today

    data = config.data_folder()
    clock = SystemClock()
    origin_s = clock.monotonic()
    imus = open_sensors(config, clock, origin_s)
    preferences = Preferences(data, config.rules(), config.reminder_settings(), utc_where_set)

    def wanted(kind: BodyAlert) -> bool:
        # While a guide measures, the motor is its own: a reminder would shake what is being measured.
        return not guided.busy and preferences.buzzes(kind)

    body = Body(config, clock, origin_s, wanted)
    found = profile_for(imus, data / "profiles")
    profile = found or default_profile(imus)
    neutral_of = NeutralOf.ANOTHER_WEAR if found else NeutralOf.NOBODY
    if found and before is not None:
        neutral_of = NeutralOf.THIS_WEAR
    name = new_run()
    rate_hz = imus[0].measured_rate_hz
    keep = None
    if config.recording.raw:
        header = header_of(name, config.device.name, rate_hz, len(imus), to_json(profile), neutral_of)
        keep = Keeper(
            data / "recordings",
            header,
            config.recording.keep_days,
            config.recording.keep_free_mb * 1_000_000,
        )
    for imu in imus:
        log.info("%s back: %s", imu.place, imu.name)
    if found is None:
        log.warning("no calibration yet: nothing is judged until your neutral is taken (plumbline calibrate)")
    guided = Guided(
        profile, data / "profiles", body.cue, keep, neutral_of, None if before is None else before.shown
    )
    body.on_long_press = guided.neutral_press
    described = load_exercises(config.exercises_file())
    exercises = Exercising(
        {key: one.exercise for key, one in described.items()},
        DoseBook(data / EXERCISES_DONE, lambda: today(preferences.in_force.timezone)),
        body.refuse,
    )
    body.exercises = exercises
    wiring = Wiring(
        device=config.device.name,
        run=name,
        imus=imus,
        clock=clock,
        origin_s=origin_s,
        rate_hz=rate_hz,
        profile=profile,
        rules=config.rules(),
        mqtt=mqtt_settings(config),
        data=data,
        guide=guided,
        preferences=preferences,
        exercises=exercises,
        listeners=[watchdog, Console(), *body.listeners],
        wishes=body.wishes,
        home_assistant=config.mqtt.home_assistant,
        try_alert=body.try_alert,
        neutral_of=neutral_of,
    )

    def asked_to_stop() -> bool:
        if not stopped():
            return False
        watchdog.stopping()
        return True

    try:
        with body:
            run_live(wiring, asked_to_stop)
    finally:
        preferences.close()
        if keep is not None:
            keep.close()
    return guided


def calibrate(config: Config, plan: str) -> int:
    """`plumbline calibrate`: the guided calibration at the terminal, with the real sensors.

    Raises:
        SensorError: where a sensor is not there.
        ProfileError: where the profile in force cannot be read.
    """
    from calibration.profiles import Profiles
    from calibration.terminal import run as guide

    from .body import Body
    from .hardware.clock import SystemClock
    from .hardware.source import live
    from .posture.guidance import GuidePlan
    from .sensors import default_profile, open_sensors, profile_for

    stopped = stop_on_signals()
    clock = SystemClock()
    origin_s = clock.monotonic()
    imus = open_sensors(config, clock, origin_s)
    folder = config.data_folder() / "profiles"
    try:
        with Body(config, clock, origin_s) as body:
            profile = profile_for(imus, folder) or default_profile(imus)
            source = live(imus, clock, origin_s=origin_s, stopped=stopped)
            return guide(source, Profiles(folder), profile, GuidePlan(plan), cue=body.cue)
    finally:
        for imu in imus:
            imu.close()


def buzz(config: Config, name: str) -> int:
    """`plumbline buzz`: play one pattern on the motor, or name them all.

    Raises:
        ConfigError: where no motor is configured, or no pattern has this name.
        SensorError: where the motor is not there.
    """
    from .body import open_motor
    from .errors import ConfigError
    from .hardware.clock import SystemClock
    from .hardware.haptics import Haptics
    from .hardware.patterns import patterns

    known = patterns(config.motor.patterns)
    if name not in known:
        raise ConfigError(f"no pattern is called {name!r}; there are {', '.join(known)}")
    motor = open_motor(config.motor)
    if motor is None:
        raise ConfigError('no motor is configured; set kind in [motor] to "drv2605l" or "gpio"')
    haptics = Haptics(motor, known, SystemClock())
    haptics.play(name)
    haptics.close()
    return 0


def record(config: Config, path: Path, for_s: float | None) -> int:
    """`plumbline record`: keep the raw samples of the real sensors, judging nothing.

    Raises:
        SensorError: where a sensor is not there.
        OSError: where the recording cannot be written; what was written stays readable.
    """
    from .hardware.clock import SystemClock
    from .hardware.source import live
    from .live import new_run
    from .posture.profile import to_json
    from .recording import Recorder, header_of
    from .sensors import default_profile, open_sensors, profile_for

    stopped = stop_on_signals(for_s)
    clock = SystemClock()
    origin_s = clock.monotonic()
    imus = open_sensors(config, clock, origin_s)
    profile = profile_for(imus, config.data_folder() / "profiles") or default_profile(imus)
    header = header_of(new_run(), config.device.name, imus[0].measured_rate_hz, len(imus), to_json(profile))
    recorder = Recorder(path, header)
    samples = 0
    try:
        for block in live(imus, clock, origin_s=origin_s, stopped=stopped):
            recorder.block(block)
            samples += len(block.upper)
    finally:
        recorder.close()
        for imu in imus:
            imu.close()
    log.info("%s: %d samples", path, samples)
    return 0
