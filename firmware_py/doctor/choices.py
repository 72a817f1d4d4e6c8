"""What the configuration names and only a run would read: zone, patterns, exercises."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ..errors import ConfigError
from ..exercise_file import load as load_exercises
from ..hardware.patterns import patterns
from ..timezone import timezone_named
from .finding import Finding, Verdict

if TYPE_CHECKING:
    from ..config import Config


def choices(config: Config) -> list[Finding]:
    """Try each of them; one finding for each that cannot be used, or a single good one."""
    looks: dict[str, Callable[[], object]] = {
        "[reminders]": lambda: timezone_named(config.reminders.timezone),
        "[motor.patterns]": lambda: patterns(config.motor.patterns),
        "[exercises]": lambda: load_exercises(config.exercises_file()),
    }
    found = []
    for section, look in looks.items():
        try:
            look()
        except ConfigError as error:
            found.append(Finding("configuration", Verdict.BAD, f"{section} {error}"))
    return found or [Finding("configuration", Verdict.GOOD, "all that it names can be used")]
