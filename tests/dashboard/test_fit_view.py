"""What a page says of a calibration, from the newest events of a device."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from dashboard.fit_view import FitView, fit_view
from dashboard.words import LANGUAGES, words
from firmware_py.posture.events import FitChanged, WornChanged
from firmware_py.posture.fit import Fit, NeutralOf
from firmware_py.posture.guidance import GuideFinding, GuidePlan, GuideStep
from firmware_py.posture.messages import kind_of
from firmware_py.posture.neutral_check import FitCause
from firmware_py.posture.rating import CalibrationInForce, Grade, Rating, Weakness

NOW_MS = 1_772_352_900_000
MADE = "2026-02-27T08:15:00+00:00"
GOOD = Rating(Grade.GOOD, 1.2)


def viewed(*events: object, at_ms: tuple[int, ...] = ()) -> FitView:
    """A device that told these, one second after the other if not said."""
    latest: dict[str, Any] = {}
    for n, event in enumerate(events):
        payload = msgspec.json.encode({"data": event}).decode()
        at = at_ms[n] if at_ms else NOW_MS - 10_000 + 1000 * n
        latest[kind_of(type(event))] = SimpleNamespace(payload=payload, at_utc_ms=at, run="r1")
    return fit_view(latest, NOW_MS)


def test_a_device_that_told_nothing_is_not_said_to_fit() -> None:
    found = viewed()
    assert (found.known, found.good, found.says) == (False, None, "not_told")


def test_yesterdays_calibration_has_an_age_and_a_quality_and_waits_to_be_compared() -> None:
    found = viewed(CalibrationInForce(0.0, MADE, NeutralOf.ANOTHER_WEAR, GOOD), WornChanged(24.0, True, "x"))
    assert (found.days, found.rating) == (2, GOOD)
    assert found.worn is not None
    assert found.worn.yes
    assert (found.says, found.good, found.advised) == ("comparing", None, None)


@pytest.mark.parametrize(
    ("fit", "cause", "says", "good", "advised"),
    [
        (Fit.FITS, FitCause.PUTTING_ON, "fits_putting_on", True, None),
        (Fit.FITS, FitCause.CREEP, "fits_creep", True, None),
        (Fit.DOUBTFUL, FitCause.CREEP, "doubtful_creep", None, None),
        (Fit.DOUBTFUL, FitCause.WALKS, "doubtful_walks", False, GuidePlan.NEUTRAL),
        (Fit.STALE, FitCause.SLIP, "stale_slip", False, GuidePlan.NEUTRAL),
        (Fit.STALE, FitCause.TURNED, "stale_turned", False, GuidePlan.STRAP),
    ],
)
def test_a_verdict_says_what_to_do(
    fit: Fit, cause: FitCause, says: str, good: bool | None, advised: GuidePlan | None
) -> None:
    found = viewed(
        CalibrationInForce(0.0, MADE, NeutralOf.ANOTHER_WEAR, GOOD),
        FitChanged(60.0, fit, cause, 6.0, "", (0.0, 0.0, 1.0)),
    )
    assert (found.says, found.good, found.advised) == (says, good, advised)
    assert found.perhaps is (says == "doubtful_creep")
    assert found.offered is (fit is not Fit.FITS)
    assert found.off_deg == 6.0


def test_a_verdict_about_the_calibration_before_is_forgotten() -> None:
    found = viewed(
        CalibrationInForce(90.0, MADE, NeutralOf.THIS_WEAR, GOOD),
        FitChanged(60.0, Fit.STALE, FitCause.SLIP, 9.0, ""),
        at_ms=(NOW_MS - 1000, NOW_MS - 30_000),
    )
    assert (found.says, found.good, found.offered) == ("this_wear", True, False)


def test_without_any_neutral_a_new_sensor_is_advised() -> None:
    found = viewed(CalibrationInForce(0.0, "", NeutralOf.NOBODY, None))
    assert (found.says, found.advised, found.made_utc_ms) == ("no_neutral", GuidePlan.FULL, None)


def test_what_cannot_be_read_is_as_if_it_had_not_been_told() -> None:
    spoilt = SimpleNamespace(payload='{"data":{"worn":"perhaps"}}', at_utc_ms=NOW_MS)
    assert fit_view({"worn_changed": spoilt}, NOW_MS).worn is None


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_verdict_step_finding_and_weakness_has_its_words(language: str) -> None:
    t = words(language)
    possible = [
        (Fit.FITS, (FitCause.PUTTING_ON, FitCause.SAT_UPRIGHT, FitCause.WALKS)),
        (Fit.DOUBTFUL, (FitCause.PUTTING_ON, FitCause.SAT_UPRIGHT, FitCause.WALKS)),
        (Fit.STALE, (FitCause.PUTTING_ON, FitCause.SLIP, FitCause.CREEP, FitCause.WALKS, FitCause.TURNED)),
    ]
    keys = [f"wear.fit.{fit}_{cause}" for fit, causes in possible for cause in causes]
    keys += [f"wear.plan_{plan}" for plan in GuidePlan] + [f"guide.plan_{plan}" for plan in GuidePlan]
    keys += [f"guide.{kind}_{step}" for kind in ("title", "step") for step in GuideStep]
    keys += [f"guide.found_{finding}" for finding in GuideFinding]
    keys += [f"guide.weak_{weakness}" for weakness in Weakness] + [f"guide.grade_{grade}" for grade in Grade]
    assert [key for key in keys if not t.has(key)] == []
