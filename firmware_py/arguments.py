"""Numbers on the command line: what could not work is refused by the parser, which names the option."""

from __future__ import annotations

import math
from argparse import ArgumentTypeError


def port(text: str) -> int:
    """A port to listen on, 0 to 65535; 0 lets the system choose."""
    return _whole(text, 65535)


def days(text: str) -> int:
    """A count of days, 0 to 3650."""
    return _whole(text, 3650)


def seconds(text: str) -> float:
    """A length of time above 0, finite."""
    value = _number(text)
    if not 0 < value < math.inf:
        raise ArgumentTypeError(f"{text!r} is no length of time; seconds above 0 are needed")
    return value


def speed(text: str) -> float:
    """Times real time, finite; 0 is as fast as it goes."""
    value = _number(text)
    if not 0 <= value < math.inf:
        raise ArgumentTypeError(f"{text!r} is no speed; 0 or more is needed")
    return value


def _whole(text: str, most: int) -> int:
    try:
        value = int(text)
    except ValueError:
        value = -1
    if not 0 <= value <= most:
        raise ArgumentTypeError(f"{text!r} is no whole number from 0 to {most}")
    return value


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is no number") from None
