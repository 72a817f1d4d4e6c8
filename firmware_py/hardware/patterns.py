"""What the motor says: patterns as data, written as people would tap them.

A pattern is text: pulses `MILLISECONDS@STRENGTH` with pauses `MILLISECONDS` between them, such as
`150@0.8 100 150@0.8`. Strength is 0 to 1.

Alerts are two or three pulses of 150 ms, "corrected" is one short one, "held" is gentle: Lins 2018,
as in the project's table of defaults (`docs/judgement.md`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..errors import ConfigError

LONGEST_S = 5.0
"""No pattern is longer: what the motor shakes is not judged."""


@dataclass(frozen=True, slots=True)
class Pulse:
    """The motor on for `on_s` with `strength` (0–1), then off for `off_s`."""

    on_s: float
    strength: float
    off_s: float


Pattern = tuple[Pulse, ...]

DEFAULTS: Mapping[str, str] = {
    "slouch": "150@0.7 120 150@0.7",
    "slouch_again": "150@1.0 120 150@1.0 120 150@1.0",
    "corrected": "80@0.5",
    "held": "60@0.4 300 60@0.4",
    "break_due": "400@0.5",
    "fit": "100@0.4 250 100@0.4 250 100@0.4",
    "step": "60@0.6",
    "done": "60@0.6 80 60@0.6 80 200@0.8",
    "failed": "400@0.8 150 400@0.8",
    "snoozed": "200@0.5 150 80@0.5",
    "awake": "80@0.5 150 200@0.5",
    "silent": "300@0.4",
    "loud": "100@0.6 80 100@0.6",
    "exercise_go": "350@0.6",
    "exercise_held": "70@0.5",
    "exercise_release": "100@0.7 100 100@0.7",
    "exercise_due": "100@0.4 500 100@0.4 500 100@0.4",
    "lost": "80@0.8 80 80@0.8 80 80@0.8 80 80@0.8",
    "battery": "600@0.4 200 200@0.4",
}
"""Name -> pattern. `plumbline buzz NAME` plays one."""


def parse_pattern(text: str, name: str = "pattern") -> Pattern:
    """Read a pattern.

    Raises:
        ConfigError: naming the pattern and what is wrong with it.
    """
    pulses: list[Pulse] = []
    for word in text.split():
        try:
            if "@" in word:
                on_ms, strength = word.split("@")
                pulse = Pulse(float(on_ms) / 1e3, float(strength), 0.0)
                if not (pulse.on_s > 0.0 and 0.0 <= pulse.strength <= 1.0):
                    raise ValueError(word)
                pulses.append(pulse)
            else:
                pause_s = float(word) / 1e3
                if not pulses or not pause_s >= 0.0:
                    raise ValueError(word)
                last = pulses[-1]
                pulses[-1] = Pulse(last.on_s, last.strength, last.off_s + pause_s)
        except ValueError:
            raise ConfigError(
                f"{name}: {word!r} is neither a pulse like 150@0.8 (milliseconds@strength, 0 to 1) "
                "nor a pause in milliseconds after one"
            ) from None
    if not pulses:
        raise ConfigError(f"{name} is empty; write pulses like 150@0.8 100 150@0.8")
    if duration_s(tuple(pulses)) > LONGEST_S:
        raise ConfigError(
            f"{name} lasts {duration_s(tuple(pulses)):.1f} s; {LONGEST_S:.0f} s are the most, "
            "for posture is not judged meanwhile"
        )
    return tuple(pulses)


def duration_s(pattern: Pattern) -> float:
    """How long the motor may shake the sensor: to the end of the last pulse."""
    return sum(pulse.on_s + pulse.off_s for pulse in pattern) - pattern[-1].off_s


def patterns(chosen: Mapping[str, str] | None = None) -> dict[str, Pattern]:
    """Every pattern, with those chosen in place of the defaults.

    Raises:
        ConfigError: for an unknown name or an unreadable pattern.
    """
    unknown = set(chosen or {}) - set(DEFAULTS)
    if unknown:
        raise ConfigError(f"no pattern is called {sorted(unknown)[0]!r}; there are {', '.join(DEFAULTS)}")
    return {name: parse_pattern(text, name) for name, text in {**DEFAULTS, **(chosen or {})}.items()}
