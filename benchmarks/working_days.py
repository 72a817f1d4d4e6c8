"""Simulated working days, judged and held against the truth: false reminders, missed slouches, delay.

    python -m benchmarks.working_days [--days 10] [--hours 8] [--rate 25] [--own]

The people and their days are drawn from population figures (`docs/simulation.md`), nobody's recording
enters; the wearer carries a calibrated MPU-6050's noise. What is counted:

- *due*: a slouch in which the load rule, applied to the wearer's true angle, asks for a reminder
  before the wearer straightens. With two sensors the true angle is the bend of the spine.
- *answered*: a due slouch in which a reminder was given, or was due and withheld by the grace, the
  interval or the hourly budget, which say nothing about recognition.
- *delay*: from when it was due by the true angle to the answer.
- *false*: a reminder outside of a slouch. With one sensor a lean forward counts too, as the
  product says wherever it shows the angle, so reminders in leans are counted apart.
"""

from __future__ import annotations

import argparse
import multiprocessing
import statistics
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

import numpy as np

from firmware_py.hardware.twin.wearer import Wearer
from firmware_py.hardware.twin.wearer_days import working_day
from firmware_py.hardware.twin.wearer_person import Style
from firmware_py.posture.blocks import FloatArray
from firmware_py.posture.events import AlertWithheld, Posture, SlouchAlert, Withheld
from firmware_py.posture.monitor import Monitor
from firmware_py.posture.rules import Rules
from firmware_py.posture.trunk import TICK_S

RATE_HZ = 25.0
_MANNERS = (Withheld.GRACE, Withheld.INTERVAL, Withheld.BUDGET)

AFTERWARDS_S = 3.0
"""A reminder this soon after the wearer began to straighten still belongs to the slouch: straightening
takes a second and a half, and the answer was under way."""


@dataclass(frozen=True, slots=True)
class DayScore:
    """What became of one day.

    Attributes:
        due: slouches that the load rule asks to answer.
        delays_s: of each answered one.
        missed_s: when the others began.
        false: time and doing of every reminder outside of a slouch.
        leaning: the same for reminders while the wearer leant forward, one sensor.
    """

    style: str
    seed: int
    sensors: int
    hours: float
    due: int
    delays_s: tuple[float, ...]
    missed_s: tuple[float, ...]
    false: tuple[tuple[float, str], ...]
    leaning: tuple[tuple[float, str], ...]


def due_s(t_s: FloatArray, flexion_deg: FloatArray, rules: Rules) -> float | None:
    """When the load rule asks for a reminder, by true angles at ticks: (n,) each; None if it does not."""
    load_deg_s, bent_s = 0.0, None
    for moment_s, angle_deg in zip(t_s.tolist(), flexion_deg.tolist(), strict=True):
        if angle_deg >= rules.slouch_enter_deg or (bent_s is not None and angle_deg >= rules.slouch_exit_deg):
            bent_s = moment_s if bent_s is None else bent_s
            load_deg_s += angle_deg * TICK_S
            held_s = moment_s - bent_s
            if load_deg_s >= rules.load_limit_deg_s and held_s >= max(
                rules.alert_least_s, rules.slouch_after_s
            ):
                return float(moment_s)
        else:
            load_deg_s = max(0.0, load_deg_s - rules.load_leak_deg * TICK_S)
            if not load_deg_s:
                bent_s = None
    return None


def score(wearer: Wearer, sensors: int, rate_hz: float = RATE_HZ, own: bool = False) -> DayScore:
    """Judge the wearer's day by the default rules, with examples of their own if asked, against the truth."""
    rules = Rules()
    monitor = Monitor(wearer.person.profile(sensors, own_poses=own), rate_hz, rules)
    alerts_s: list[float] = []
    answers_s: list[float] = []
    for block in wearer.blocks(rate_hz, sensors):
        for event in monitor.feed(block):
            if isinstance(event, SlouchAlert):
                alerts_s.append(event.t_s)
                answers_s.append(event.t_s)
            elif isinstance(event, AlertWithheld) and event.reason in _MANNERS:
                answers_s.append(event.t_s)
    due, delays_s, missed_s = 0, [], []
    for slouched in wearer.truth.slouches:
        t_s = np.arange(slouched.start_s, slouched.end_s, TICK_S)
        true = wearer.angles(t_s)
        asked_s = due_s(t_s, true.upper_deg - (true.lower_deg if sensors == 2 else 0.0), rules)
        if asked_s is None:
            continue
        due += 1
        within = [s for s in answers_s if slouched.start_s <= s <= slouched.end_s + AFTERWARDS_S]
        if within:
            delays_s.append(within[0] - asked_s)
        else:
            missed_s.append(slouched.start_s)
    false: list[tuple[float, str]] = []
    leaning: list[tuple[float, str]] = []
    for alert_s in alerts_s:
        if any(s.start_s <= alert_s <= s.end_s + AFTERWARDS_S for s in wearer.truth.slouches):
            continue
        label = wearer.truth.at(alert_s)
        # A reminder that comes as the wearer straightens up from a lean was earned in the lean.
        before = wearer.truth.at(alert_s - AFTERWARDS_S)
        leant = Posture.LEANING_FORWARD in (label.posture, before.posture)
        (leaning if sensors == 1 and leant else false).append((alert_s, label.doing))
    return DayScore(
        wearer.person.style.value,
        wearer.person.seed,
        sensors,
        wearer.ends_s / 3600.0,
        due,
        tuple(delays_s),
        tuple(missed_s),
        tuple(false),
        tuple(leaning),
    )


def scored_day(
    style: str, seed: int, sensors: int, hours: float, rate_hz: float, own: bool = False
) -> DayScore:
    """Live through the day and score it."""
    return score(Wearer(working_day(style, seed, hours)), sensors, rate_hz, own)


def scored_days(days: int, hours: float, rate_hz: float, own: bool = False) -> list[DayScore]:
    """Days of both styles with one and with two sensors, each of a person of its own, on all processors."""
    jobs = [
        (style.value, seed, sensors, hours, rate_hz, own)
        for sensors in (1, 2)
        for style in Style
        for seed in range(days)
    ]
    with ProcessPoolExecutor(mp_context=multiprocessing.get_context("spawn")) as pool:
        return list(pool.map(scored_day, *zip(*jobs, strict=True)))


def table(scores: Iterable[DayScore]) -> str:
    """A line for each style and number of sensors."""
    columns = (
        "sensors",
        "style",
        "days",
        "hours",
        "slouches due",
        "answered",
        "median delay",
        "p90 delay",
        "false a day",
        "in leans a day",
    )
    lines = [f"| {' | '.join(columns)} |", "|---" * len(columns) + "|"]
    groups: dict[tuple[int, str], list[DayScore]] = {}
    for day in scores:
        groups.setdefault((day.sensors, day.style), []).append(day)
    for (sensors, style), days in groups.items():
        due = sum(day.due for day in days)
        delays_s = [delay_s for day in days for delay_s in day.delays_s]
        lines.append(
            f"| {sensors} | {style} | {len(days)} | {sum(day.hours for day in days):.0f} | {due} "
            f"| {100.0 * len(delays_s) / max(due, 1):.1f} % | {statistics.median(delays_s):+.2f} s "
            f"| {np.percentile(delays_s, 90):+.2f} s | {sum(len(day.false) for day in days) / len(days):.2f} "
            f"| {sum(len(day.leaning) for day in days) / len(days):.2f} |"
        )
    return "\n".join(lines)


def main() -> None:
    """Print the table, then every false reminder and every miss by name, so that it can be looked at."""
    options = argparse.ArgumentParser(description="simulated working days against the truth")
    options.add_argument("--days", type=int, default=10, help="days of each style (10)")
    options.add_argument("--hours", type=float, default=8.0, help="length of a day (8)")
    options.add_argument("--rate", type=float, default=RATE_HZ, help="samples a second (25)")
    options.add_argument("--own", action="store_true", help="wearers who have shown their own postures")
    asked = options.parse_args()
    scores = scored_days(asked.days, asked.hours, asked.rate, asked.own)
    print(table(scores))
    for day in scores:
        for alert_s, doing in day.false:
            print(f"false: {day.sensors} sensor(s), {day.style} {day.seed}, {alert_s:.1f} s, {doing}")
        for start_s in day.missed_s:
            print(f"missed: {day.sensors} sensor(s), {day.style} {day.seed}, slouch from {start_s:.1f} s")


if __name__ == "__main__":
    main()
