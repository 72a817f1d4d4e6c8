"""A device whose settings are changed, with hands on its clocks."""

from __future__ import annotations

import json
import queue
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from firmware_py.posture.commands import Command
from firmware_py.posture.rules import Rules
from firmware_py.posture.settings import ChangeSettings, QuietHours, SettingsInForce, Weekday
from firmware_py.preferences import Preferences

BERLIN = "Europe/Berlin"
LUNCH = (QuietHours((Weekday.MON,), "12:00", "13:30"),)


class Device:
    """Preferences with hands on their clocks."""

    def __init__(self, folder: Path, **configured: Any) -> None:
        self.folder = folder
        self.now_s = 100.0
        self.utc_s: float | None = None
        self.set_clock("2026-03-02T09:00")
        self.start(**configured)

    def start(self, rules: Rules | None = None, **configured: Any) -> None:
        configured = {"timezone": BERLIN, "baseline_day": False} | configured
        self.preferences = Preferences(
            self.folder, rules or Rules(), configured, lambda: self.utc_s, lambda: self.now_s
        )

    def set_clock(self, local: str) -> None:
        self.utc_s = datetime.fromisoformat(local).replace(tzinfo=ZoneInfo(BERLIN)).timestamp()

    def wait(self, for_s: float) -> list[Command]:
        """What the core is told as time passes."""
        told: list[Command] = []
        end_s = self.now_s + for_s
        while self.now_s < end_s:
            step_s = min(1.0, end_s - self.now_s)
            self.now_s += step_s
            if self.utc_s is not None:
                self.utc_s += step_s
            told += self.preferences.commands()
        return told

    def ask(self, request_id: str = "", **wishes: Any) -> tuple[bool, str]:
        answers: queue.SimpleQueue[tuple[bool, str]] = queue.SimpleQueue()
        request = ChangeSettings(0.0, **wishes)
        self.preferences.change(request, lambda accepted, why: answers.put((accepted, why)), request_id)
        return answers.get(timeout=20.0)

    def restart(self, **configured: Any) -> None:
        self.preferences.close()
        self.start(**configured)

    def told(self) -> SettingsInForce:
        self.preferences.commands()
        news = self.preferences.news(7.0)
        assert news is not None
        return news


def document(device: Device) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((device.folder / "settings.json").read_text())
    return read
