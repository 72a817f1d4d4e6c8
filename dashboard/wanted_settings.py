"""PURE: changes of settings that wait for a device: put together, and laid over what is in force."""

from __future__ import annotations

import dataclasses
from typing import Any

from firmware_py.posture.rules import WEARER_RULES, Rules
from firmware_py.posture.settings import (
    PLAIN_KEYS,
    BodyAlert,
    ChangeSettings,
    Chosen,
    Settings,
    SettingsInForce,
    with_exit,
)

from .settings_form import BY, RULES, Part, keys_of

THRESHOLDS = frozenset(RULES[Part.THRESHOLDS])
_KNOWN = {field.name for field in dataclasses.fields(Rules)}


def overlaid(now: SettingsInForce, wanted: ChangeSettings) -> SettingsInForce:
    """What a device will go by once it has carried a request out; a key put back counts as its default.

    Raises:
        ConfigError: the request makes no sense there, naming the key.
    """
    known: dict[str, Any] = {key: value for key, value in now.rules.items() if key in _KNOWN}
    rules = Rules(**known)
    usual = Settings()
    reset = set(wanted.reset)
    if reset & THRESHOLDS:  # as on the device, the two go together
        reset |= THRESHOLDS
    asked = wanted.by_key()
    back = {key: getattr(usual.rules, key) for key in reset if key in WEARER_RULES}
    rules = rules.but(back | with_exit(rules, wanted.rules))
    plain: dict[str, Any] = {key: getattr(usual, key) for key in reset if key in PLAIN_KEYS}
    plain |= {key: value for key, value in asked.items() if key in PLAIN_KEYS}
    chosen = {key: origin for key, origin in now.chosen.items() if key not in reset}
    return dataclasses.replace(
        now,
        rules=now.rules | dataclasses.asdict(rules),
        buzz=now.buzz | {alert: True for alert in BodyAlert if f"buzz.{alert}" in reset} | wanted.buzz,
        chosen=chosen | dict.fromkeys(asked, Chosen(BY)),
        **plain,
    )


def together(
    now: SettingsInForce, earlier: ChangeSettings | None, then: ChangeSettings
) -> ChangeSettings | None:
    """The lasting request that stands for an earlier one and a later; None where nothing differs from now.

    Raises:
        ConfigError: it makes no sense on the device, naming the key.
    """
    after = overlaid(now if earlier is None else overlaid(now, earlier), then)
    reset = tuple(key for key in now.chosen if key not in after.chosen)
    rules = {
        key: after.rules[key]
        for key in WEARER_RULES
        if key in now.rules and after.rules[key] != now.rules[key] and key not in reset
    }
    if THRESHOLDS & rules.keys():  # both by name: one alone would move the other along
        rules |= {key: after.rules[key] for key in THRESHOLDS}
    plain = {
        key: None if key in reset or getattr(after, key) == getattr(now, key) else getattr(after, key)
        for key in PLAIN_KEYS
    }
    buzz = {
        alert: on
        for alert, on in after.buzz.items()
        if on != now.buzz.get(alert, True) and f"buzz.{alert}" not in reset
    }
    asked = ChangeSettings(0.0, rules=rules, buzz=buzz, reset=reset, by=BY, lasting=True, **plain)
    return asked if asked.by_key() or asked.reset else None


def parts_of(wanted: ChangeSettings) -> list[Part]:
    """The forms that something of it stands in, in their order on the page."""
    keys = {*wanted.by_key(), *wanted.reset}
    return [part for part in Part if keys.intersection(keys_of(part))]
