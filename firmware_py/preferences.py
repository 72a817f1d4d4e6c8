"""The wearer's settings in a live run: kept in a file, applied at once, told whenever they change.

Of each key the page's choice wins over the configuration's, that over the default (`posture/settings.py`).
Everything the core needs to know goes in as commands (`SetRules`, `SetMode`, `SetPlan`, `SetCalendar`),
so a recording holds it and a replay tells the same story. Here, at the edge, is the wall clock: quiet hours,
the day of the plan and a silent first day wait until it is set.
"""

from __future__ import annotations

import dataclasses
import logging
import queue
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from .errors import ConfigError
from .posture.commands import Command, Mode, SetCalendar, SetMode, SetPlan, SetRules
from .posture.events import Event, WornChanged
from .posture.rules import WEARER_RULES, Rules
from .posture.schedule import Scheduled, scheduled
from .posture.settings import (
    KEYS,
    BodyAlert,
    ChangeSettings,
    Chosen,
    Settings,
    SettingsInForce,
    Taken,
    with_exit,
)
from .settings_file import NAME, Kept, read_kept, write_kept
from .timezone import device_timezone, timezone_named

log = logging.getLogger(__name__)

LOOK_EVERY_S: Final = 5.0
"""How often the calendar is looked at: quiet hours begin that late at most."""

CLOCK_STEP_S: Final = 2.0
"""A wall clock that moved by less against the monotonic one was slewed, or read a little late."""

THRESHOLDS: Final = ("slouch_enter_deg", "slouch_exit_deg")

Answer = Callable[[bool, str], None]
"""Takes whether a request was accepted, and one sentence; called from any thread."""


class Preferences:
    """Keeps and applies the settings of one run; all but the file is done in the thread that calls.

    Args:
        folder: the device's data folder, where the file is.
        rules: the numbers of the judgement as configured.
        configured: further keys of the configuration that differ from the defaults.
        utc_s: POSIX time, None while the wall clock is not set.
        monotonic: paces the looks at the calendar.

    Raises:
        OSError: where there is a file and it cannot be read.
    """

    def __init__(
        self,
        folder: Path,
        rules: Rules,
        configured: Mapping[str, Any],
        utc_s: Callable[[], float | None],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._path = folder / NAME
        self._rules = rules
        self._configured = dict(configured)
        self._utc_s = utc_s
        self._monotonic = monotonic
        self._kept = read_kept(self._path)
        self._in_force = self._resolved(self._kept)
        self._look_at_s = 0.0
        self._scheduled = Scheduled(None, None, None)
        self._clock_known = False
        self._worn = False
        self._told_rules: Rules | None = None
        self._told_mode: Mode | None = Mode.TRAINING
        self._told_share = 1.0
        self._told_calendar: Mode | None = None
        self._calendar_ends_s = 0.0
        self._news = True
        self._saves: queue.SimpleQueue[tuple[Kept, Answer] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._save, name="settings", daemon=True)
        self._thread.start()

    @property
    def in_force(self) -> Settings:
        """What holds now."""
        return self._in_force

    def buzzes(self, kind: BodyAlert) -> bool:
        """Whether the motor may say this."""
        return self._in_force.buzz[kind]

    def change(self, request: ChangeSettings, answer: Answer, request_id: str = "") -> None:
        """Take a request over, or refuse it by key; the answer comes when it is on the disk.

        A lasting one comes with every connection until it is cleared; it is carried out the first time.
        """
        before = self._kept.taken
        if request.lasting and before is not None and before.id == request_id:
            answer(not before.refused, before.refused)
            return
        try:
            kept = self._changed(request)
            self._in_force = self._resolved(kept)
        except ConfigError as error:
            if request.lasting:  # remembered too, or it would be refused again at every connection
                self._kept = replace(self._kept, taken=Taken(request_id, str(error)))
                self._saves.put((self._kept, lambda *_: None))
                self._news = True
            answer(False, str(error))
            return
        if request.lasting:
            kept = replace(kept, taken=Taken(request_id))
        elif before is not None:  # an old refusal is old news once something else was chosen
            kept = replace(kept, taken=Taken(before.id))
        self._kept = kept
        if request.mode is not None:  # asked for by name, it holds at once, whatever the button said before
            self._told_mode = None
        self._look_at_s = 0.0
        self._news = True
        self._saves.put((kept, answer))

    def heard(self, event: Event) -> None:
        """A listener: the first time the sensor is worn begins the first day."""
        if isinstance(event, WornChanged):
            self._worn = event.worn
            self._look_at_s = 0.0

    def commands(self) -> list[Command]:
        """What the core must be told since the last call; dated by whoever passes it on."""
        now_s = self._monotonic()
        if now_s < self._look_at_s:
            return []
        self._look_at_s = now_s + LOOK_EVERY_S
        left_s = self._look()
        told: list[Command] = []
        settings = self._in_force
        if settings.rules != self._told_rules:
            self._told_rules = settings.rules
            told.append(SetRules(0.0, settings.rules))
        if settings.mode is not self._told_mode:
            self._told_mode = settings.mode
            told.append(SetMode(0.0, settings.mode))
            self._told_calendar = None  # a mode that is set puts the calendar aside
        share = self._scheduled.share
        if share != self._told_share:
            self._told_share = share
            told.append(SetPlan(0.0, share))
        calendar = self._scheduled.mode
        # Told again where its end moved: somebody set the clock, or the machine slept.
        moved = calendar is not None and abs(now_s + left_s - self._calendar_ends_s) > CLOCK_STEP_S
        if calendar is not self._told_calendar or moved:
            self._told_calendar, self._calendar_ends_s = calendar, now_s + left_s
            told.append(SetCalendar(0.0, calendar, None if calendar is None else left_s))
        return told

    def news(self, t_s: float) -> SettingsInForce | None:
        """What is in force, where it is another than at the last call; None where nothing changed."""
        if not self._news:
            return None
        self._news = False
        settings, today = self._in_force, self._scheduled
        return SettingsInForce(
            t_s=t_s,
            rules=dataclasses.asdict(settings.rules),
            mode=settings.mode,
            baseline_day=settings.baseline_day,
            quiet_hours=settings.quiet_hours,
            plan=settings.plan,
            timezone=settings.timezone or device_timezone(),
            buzz=dict(settings.buzz),
            chosen=self._chosen(),
            clock_known=self._clock_known,
            first_day=self._kept.first_day,
            today=today.today,
            calendar=today.mode,
            calendar_until_utc_s=None if today.until is None else today.until.timestamp(),
            taken=self._kept.taken,
        )

    def close(self) -> None:
        """Let what is being written reach the disk."""
        self._saves.put(None)
        self._thread.join(timeout=10.0)

    def _resolved(self, kept: Kept) -> Settings:
        """The settings that follow from default, configuration and choice."""
        settings = Settings.of({**self._configured, **kept.values}, self._rules)
        timezone_named(settings.timezone)
        return settings

    def _changed(self, request: ChangeSettings) -> Kept:
        for keys, known in ((request.reset, KEYS), (request.rules, WEARER_RULES)):
            for key in keys:
                if key not in known:
                    raise ConfigError(f"{key[:40]} is no setting of the wearer's; {', '.join(known)} are")
        reset = set(request.reset)
        if reset.intersection(THRESHOLDS):  # the two hold together, so they go together
            reset.update(THRESHOLDS)
        values = {key: value for key, value in self._kept.values.items() if key not in reset}
        origins = {key: origin for key, origin in self._kept.origins.items() if key not in reset}
        asked = request.by_key()
        if THRESHOLDS[0] in asked or THRESHOLDS[1] in asked:
            asked |= with_exit(self._in_force.rules, {key: asked[key] for key in THRESHOLDS if key in asked})
            asked.setdefault(THRESHOLDS[0], self._in_force.rules.slouch_enter_deg)
        origin = Chosen(request.by or "page", self._utc_s())
        return replace(self._kept, values=values | asked, origins=origins | dict.fromkeys(asked, origin))

    def _chosen(self) -> dict[str, Chosen]:
        configured = {**self._rules.changed(Rules()), **self._configured}
        return {**dict.fromkeys(configured, Chosen("file")), **self._kept.origins}

    def _look(self) -> float:
        """Look at the clock; returns for how long the mode of the calendar still holds, seconds."""
        utc_s = self._utc_s()
        before = (self._scheduled, self._clock_known)
        self._clock_known = utc_s is not None
        if utc_s is None:
            self._scheduled = Scheduled(None, None, None)
        else:
            zone = timezone_named(self._in_force.timezone)
            local = datetime.fromtimestamp(utc_s, UTC).astimezone(zone)
            if self._worn and self._kept.first_day is None:
                self._kept = replace(self._kept, first_day=local.date())
                self._saves.put((self._kept, lambda *_: None))
                self._news = True
            self._scheduled = scheduled(self._in_force, local, self._kept.first_day)
        self._news = self._news or before != (self._scheduled, self._clock_known)
        until = self._scheduled.until
        return 0.0 if until is None or utc_s is None else until.timestamp() - utc_s

    def _save(self) -> None:
        """In a thread of its own, for sampling never waits for the disk."""
        while (entry := self._saves.get()) is not None:
            kept, answer = entry
            try:
                write_kept(self._path, kept)
            except OSError as error:
                log.warning("%s cannot be written: %s", self._path, error)
                answer(True, f"in force until the next start only: {self._path} cannot be written ({error})")
            else:
                answer(True, "")
