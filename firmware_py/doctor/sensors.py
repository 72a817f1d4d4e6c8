"""What an examined sensor means, in words: one finding for each thing that was measured."""

from __future__ import annotations

import math
from collections.abc import Iterator

from ..hardware.examination import Examined
from .finding import Finding, Verdict


def of_sensor(seen: Examined) -> Iterator[Finding]:
    """Identity, self-test, true rate, noise and bias."""
    clone = "clone" in seen.part or seen.part == "ICM-20689"
    yield Finding(
        "sensor",
        Verdict.NOTE if clone else Verdict.GOOD,
        f"{seen.name}, {seen.temp_c:.0f} °C",
        "sold as another part, most likely; it is read all the same" if clone else "",
    )
    failed = [result for result in seen.self_test if not result.passed]
    if not seen.self_test:
        yield Finding("self-test", Verdict.NOTE, "no factory values in the chip: a clone, most likely")
    elif failed:
        said = ", ".join(f"{r.axis} {r.response:.3g} {r.unit}" for r in failed)
        yield Finding(
            "self-test",
            Verdict.BAD,
            f"outside the data sheet: {said}",
            "lay it still and repeat; else replace it",
        )
    else:
        yield Finding("self-test", Verdict.GOOD, f"passed on {len(seen.self_test)} axes")
    off = 100.0 * (seen.rate_hz / seen.asked_hz - 1.0)
    yield Finding(
        "sample rate",
        Verdict.GOOD if abs(off) < 5.0 else Verdict.BAD,
        f"{seen.rate_hz:.2f} a second, {off:+.1f} % of what was asked; it is measured all the time",
        "" if abs(off) < 5.0 else "no oscillator is that far off: is it the chip it claims to be?",
    )
    yield from _still(seen)


def _still(seen: Examined) -> Iterator[Finding]:
    if not seen.samples:
        yield Finding("noise", Verdict.BAD, "no samples came", "disconnect the power for a moment and repeat")
        return
    if not seen.still:
        yield Finding(
            "noise",
            Verdict.NOTE,
            f"{seen.gyr_noise_deg_s:.2f} °/s: it was moved",
            "lay it on a table and repeat",
        )
        return
    noisy = (
        seen.acc_noise_mg > 3.0 * seen.expected_acc_mg or seen.gyr_noise_deg_s > 3.0 * seen.expected_gyr_deg_s
    )
    promised = (
        f" (data sheet {seen.expected_acc_mg:.1f} and {seen.expected_gyr_deg_s:.3f})"
        if math.isfinite(seen.expected_acc_mg)
        else ""
    )
    yield Finding(
        "noise",
        Verdict.NOTE if noisy else Verdict.GOOD,
        f"{seen.acc_noise_mg:.1f} mg and {seen.gyr_noise_deg_s:.3f} °/s{promised}",
        "more than a still board should have: does the table shake?" if noisy else "",
    )
    sheet = seen.sheet
    far = sheet is not None and (
        abs(seen.gravity_off_mg) > 2.0 * sheet.acc_bias_mg or seen.gyr_bias_deg_s > sheet.gyr_bias_deg_s
    )
    yield Finding(
        "bias",
        Verdict.NOTE if far else Verdict.GOOD,
        f"gravity {seen.gravity_off_mg:+.0f} mg, rate {seen.gyr_bias_deg_s:.2f} °/s",
        "beyond the data sheet; the calibration takes it out (plumbline calibrate)" if far else "",
    )
