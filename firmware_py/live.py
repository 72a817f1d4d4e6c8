"""One live run, real or simulated: sensors in, core, messages out, wishes of the wearer in between.

Whoever calls this (`app.py` with the real sensor, `demo.py` with a twin) has decided which it is.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_hex

from . import __version__
from .exercising import Answer, Exercising
from .guided import Guided
from .hardware.clock import Clock
from .hardware.imu import Imu
from .hardware.source import live as read_sensors
from .links.anchor import RunClock, taken_on_trust
from .links.anchor import now as this_moment
from .links.homeassistant import HomeAssistant
from .links.mqtt import MqttSettings
from .links.outbox import Outbox
from .links.publisher import Publisher
from .loop import Keep, Listener, drive
from .machine_state import machine_state
from .posture.events import Command
from .posture.exercise_words import (
    PauseExercise,
    RemindExercise,
    ResumeExercise,
    StartExercise,
    StopExercise,
)
from .posture.fit import NeutralOf
from .posture.guidance import AcceptNeutral, LeaveGuide, PressGuide, SkipStep, StartGuide
from .posture.messages import Asked, Encoder, Reply, TryBuzz, Watch
from .posture.monitor import Monitor
from .posture.profile import CalibrationProfile
from .posture.rules import Rules
from .posture.settings import BodyAlert, ChangeSettings
from .preferences import Preferences

OUTBOX = "outbox.sqlite3"

MACHINE_EVERY_S = 60.0
"""How often battery, radio, heat and supply are told."""

GUIDE_REQUESTS = (StartGuide, PressGuide, SkipStep, LeaveGuide, AcceptNeutral)
EXERCISE_REQUESTS = (StartExercise, PauseExercise, ResumeExercise, StopExercise, RemindExercise)


@dataclass(frozen=True, slots=True)
class Wiring:
    """What one live run is made of.

    Attributes:
        device: name in the topics.
        run: id of the run, see `new_run`.
        imus: open sensors, the upper one first.
        clock: what the sensors were opened with.
        origin_s: moment of `clock` that is t = 0.
        rate_hz: samples a second as the upper sensor was measured on opening; its data sheet may be 3 % off.
        profile: what is judged from.
        rules: the numbers of the judgement, where there are no `preferences`.
        mqtt: where the broker is.
        data: folder of the outbox.
        simulated: whether the wearer is simulated; said in every message.
        keep: keeps raw samples, if anything does; a `guide` stands in its place and passes on to its own.
        guide: the guided calibration, where this run can be calibrated.
        exercises: which exercises there are, and what was done of them today; None for none.
        preferences: the wearer's settings, where this device keeps any; closed by whoever made them.
        listeners: further listeners, the motor for instance.
        wishes: commands from elsewhere than the network, the button for instance.
        home_assistant: whether to announce the device to Home Assistant.
        try_alert: lets the wearer feel an alert; answers with a refusal in words, or with nothing.
        neutral_of: when the profile's neutral was taken; without one, nothing is judged.
    """

    device: str
    run: str
    imus: Sequence[Imu]
    clock: Clock
    origin_s: float
    rate_hz: float
    profile: CalibrationProfile
    rules: Rules
    mqtt: MqttSettings
    data: Path
    simulated: bool = False
    keep: Keep | None = None
    guide: Guided | None = None
    exercises: Exercising | None = None
    preferences: Preferences | None = None
    listeners: Sequence[Listener] = field(default=())
    wishes: Callable[[], Sequence[Command]] = tuple
    home_assistant: bool = False
    try_alert: Callable[[BodyAlert], str] = lambda alert: "this device has no motor"
    neutral_of: NeutralOf = NeutralOf.THIS_WEAR


def new_run(utc_s: float | None = None) -> str:
    """An id for a run: the time, for people, and four random letters, for a clock that was wrong."""
    now = datetime.fromtimestamp(time.time() if utc_s is None else utc_s, UTC)
    return f"{now:%Y%m%dT%H%M%SZ}-{token_hex(2)}"


def run_live(wiring: Wiring, stopped: Callable[[], bool]) -> None:
    """Monitor until `stopped()`; then close the session, deliver what can be delivered, keep the rest.

    It ends as well where a guide brought what only another run can judge from (`Guided.renewed`).

    Raises:
        OSError: where the outbox cannot be opened.
    """
    outbox = Outbox(wiring.data / OUTBOX)
    encoder = Encoder(wiring.device, wiring.run, simulated=wiring.simulated)
    run_clock = RunClock(
        lambda: wiring.clock.monotonic() - wiring.origin_s,
        taken_on_trust if wiring.simulated else this_moment,
    )
    home = None
    if wiring.home_assistant:
        home = HomeAssistant(wiring.device, __version__, simulated=wiring.simulated)
    publisher = Publisher(wiring.mqtt, encoder, outbox, version=__version__, clock=run_clock, home=home)
    guide = wiring.guide
    preferences = wiring.preferences
    rules = wiring.rules if preferences is None else preferences.in_force.rules

    def ended() -> bool:
        return stopped() or (guide is not None and guide.renewed)

    monitor = Monitor(wiring.profile, wiring.rate_hz, rules, wiring.run, wiring.neutral_of)
    source = read_sensors(wiring.imus, wiring.clock, origin_s=wiring.origin_s, stopped=ended)

    machine_due_s = 0.0

    def commands() -> list[Command]:
        nonlocal machine_due_s
        publisher.keep(monitor.unfinished)
        asked = [_obeyed(one, publisher, wiring) for one in publisher.asked()]
        wishes = [*wiring.wishes(), *(guide.wishes() if guide is not None else ())]
        wishes += wiring.exercises.wishes() if wiring.exercises is not None else ()
        if preferences is not None:
            wishes += preferences.commands()
            if (told := preferences.news(monitor.next_s)) is not None:
                publisher.show(encoder.settings(told))
        if not wiring.simulated and wiring.clock.monotonic() >= machine_due_s:
            machine_due_s = wiring.clock.monotonic() + MACHINE_EVERY_S
            publisher.show(encoder.machine(machine_state(monitor.next_s)))
        return [*wishes, *(command for command in asked if command is not None)]

    listeners: list[Listener] = [publisher, *wiring.listeners]
    if guide is not None:
        guide.watchers.append(lambda progress: publisher.show(encoder.guide(progress)))
        guide.tell = publisher.tell
        publisher.show(encoder.guide(guide.shown))
        publisher.tell(guide.in_force)
        listeners.append(guide.hear)
    if wiring.exercises is not None:
        listeners.append(wiring.exercises)
    if preferences is not None:
        listeners.append(preferences.heard)
    publisher.show(encoder.exercise(None))  # what a run that a power cut ended has left there
    publisher.start()
    try:
        drive(source, monitor, listeners, commands, wiring.keep if guide is None else guide)
    finally:
        if guide is not None:
            guide.close()
        publisher.stop()
        for imu in wiring.imus:
            imu.close()


def _obeyed(asked: Asked, publisher: Publisher, wiring: Wiring) -> Command | None:
    """The command in a request, answered as accepted; the core takes every command that it can read."""
    if isinstance(asked.request, Watch):  # the publisher's own, and answered there
        return None
    if isinstance(asked.request, GUIDE_REQUESTS):
        guide = wiring.guide
        refusal = "this device cannot be calibrated" if guide is None else guide.request(asked.request)
        publisher.reply(Reply(asked.id, accepted=not refusal, detail=refusal))
        return None
    if isinstance(asked.request, EXERCISE_REQUESTS):
        answer = Answer(refusal="this device coaches no exercises")
        if wiring.exercises is not None:
            answer = wiring.exercises.ask(asked.request)
        publisher.reply(Reply(asked.id, accepted=not answer.refusal, detail=answer.refusal))
        return answer.command
    if isinstance(asked.request, TryBuzz):
        refusal = wiring.try_alert(asked.request.alert)
        publisher.reply(Reply(asked.id, accepted=not refusal, detail=refusal))
        return None
    if isinstance(asked.request, ChangeSettings):
        if wiring.preferences is None:
            publisher.reply(Reply(asked.id, accepted=False, detail="this device keeps no settings"))
        else:
            wiring.preferences.change(
                asked.request, lambda accepted, why: publisher.reply(Reply(asked.id, accepted, why)), asked.id
            )
        return None
    publisher.reply(Reply(asked.id, accepted=True))
    return asked.request
