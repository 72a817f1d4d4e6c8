"""PURE: what is known of a device's calibration: since when, what it is worth, and whether it still fits."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

import msgspec

from firmware_py.posture.events import FitChanged
from firmware_py.posture.fit import Fit, NeutralOf
from firmware_py.posture.guidance import GuidePlan
from firmware_py.posture.neutral_check import FitCause
from firmware_py.posture.rating import CalibrationInForce, Rating

from .worn import WORN_KINDS, Worn, worn_now

KINDS = ("calibration_in_force", "fit_changed", *WORN_KINDS)
"""The events that it is read from."""

PERHAPS = f"{Fit.DOUBTFUL}_{FitCause.CREEP}"
"""It may pass by itself: shown where somebody looks, and nothing is to be done about it."""


@dataclass(frozen=True, slots=True)
class FitView:
    """A device's calibration on a page.

    Attributes:
        known: whether the device ever told what it counts from.
        made_utc_ms: when it was calibrated; None where it never was.
        days: how many days ago that is.
        rating: what it is worth; None where it was never calibrated.
        says: key of the sentence about its fit, below `wear.fit`.
        good: True where it fits, False where something is to be done, None between.
        off_deg: by how much it seems to be off.
        offered: whether the device offers a neutral that would fit.
        advised: the plan to go through; None where nothing is to be done.
        worn: whether and since when; None while its present run has not said.
        perhaps: whether something is to be mentioned about which nothing is to be done.
    """

    known: bool
    made_utc_ms: int | None
    days: int
    rating: Rating | None
    says: str
    good: bool | None
    off_deg: float
    offered: bool
    advised: GuidePlan | None
    worn: Worn | None
    perhaps: bool


class _Envelope(msgspec.Struct):
    data: msgspec.Raw


_Body = TypeVar("_Body")


def fit_view(latest: Mapping[str, Any], now_utc_ms: int) -> FitView:  # Any: rows of the store
    """What a page says of a calibration.

    Args:
        latest: the device's newest event of each of `KINDS`.
        now_utc_ms: the present.
    """
    in_force = _told(latest, "calibration_in_force", CalibrationInForce)
    fit = _told(latest, "fit_changed", FitChanged)
    if fit is not None and in_force is not None and _is_older(latest):
        fit = None  # of what was in force before
    made_utc_ms = None if in_force is None else _utc_ms(in_force.made_at)
    says, good, advised = _in_words(in_force, fit)
    return FitView(
        in_force is not None,
        made_utc_ms,
        0 if made_utc_ms is None else max(0, (now_utc_ms - made_utc_ms) // 86_400_000),
        None if in_force is None else in_force.rating,
        says,
        good,
        0.0 if fit is None else fit.off_deg,
        fit is not None and fit.suggested_up is not None and fit.fit is not Fit.FITS,
        advised,
        worn_now(latest),
        says == PERHAPS,
    )


def _in_words(
    in_force: CalibrationInForce | None, fit: FitChanged | None
) -> tuple[str, bool | None, GuidePlan | None]:
    if in_force is None:
        return "not_told", None, None
    if in_force.neutral_of is NeutralOf.NOBODY:
        return "no_neutral", False, GuidePlan.FULL
    if fit is None or fit.fit is Fit.UNKNOWN:
        if in_force.neutral_of is NeutralOf.THIS_WEAR:
            return "this_wear", True, None
        return "comparing", None, None
    if fit.fit is Fit.FITS:
        return f"fits_{fit.cause}", True, None
    says = f"{fit.fit}_{fit.cause}"
    if says == PERHAPS:
        return says, None, None
    return says, False, GuidePlan.STRAP if fit.cause is FitCause.TURNED else GuidePlan.NEUTRAL


def _is_older(latest: Mapping[str, Any]) -> bool:
    return bool(latest["fit_changed"].at_utc_ms < latest["calibration_in_force"].at_utc_ms)


def _told(latest: Mapping[str, Any], kind: str, body: type[_Body]) -> _Body | None:
    row = latest.get(kind)
    if row is not None:
        with contextlib.suppress(msgspec.MsgspecError):
            return msgspec.json.decode(msgspec.json.decode(row.payload, type=_Envelope).data, type=body)
    return None


def _utc_ms(made_at: str) -> int | None:
    with contextlib.suppress(ValueError):
        return round(datetime.fromisoformat(made_at).timestamp() * 1000)
    return None
