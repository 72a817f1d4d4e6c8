"""PURE: a record's numbers to what stands on its two sides, in the reader's language.

Both ways onto paper, HTML and PDF, lay out this one structure, so that they cannot say different things.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from ..diary.body_map import ELSEWHERE, VIEWS
from ..diary.symptoms import Since
from ..session_view import ANGLE_CLASSES_DEG, HOLD_CLASSES_S
from ..words import Words
from . import drawings, fitting
from .collect import Counts, Posture, Report, Symptom

LONGEST_QUOTE = 160
"""Of what the wearer said; all of it is in the data file."""

EXERCISES = 4
"""Those with the most sets."""


@dataclass(frozen=True, slots=True)
class Fact:
    """One number of the sheet: its key in the tests and the data, what it is called, and what it says."""

    key: str
    label: str
    value: str


@dataclass(frozen=True, slots=True)
class Facts:
    """A group of them under one heading."""

    title: str
    facts: Sequence[Fact]


@dataclass(frozen=True, slots=True)
class Sheet:
    """Everything that stands on the two sides, as text and drawings.

    Attributes:
        words: fixed texts by key.
        symptoms: rows of the table, its cells as lists of lines.
        quotes: when, and what the wearer said; `quotes_more` says how many are left out.
        exercises: rows of that table.
        facts: groups of numbers about posture; empty where nothing was measured.
        exposure: the grid: the class of the angle, and for each class of hold the text and the shade 0–6.
        svg: drawings by name.
        method, limits: sentences.
    """

    words: dict[str, str]
    simulated: bool
    symptoms: Sequence[Sequence[Sequence[str]]]
    elsewhere: str
    quotes: Sequence[tuple[str, str]]
    quotes_more: str
    exercises: Sequence[Sequence[str]]
    facts: Sequence[Facts]
    exposure: Sequence[tuple[str, Sequence[tuple[str, int]]]]
    holds: Sequence[str]
    svg: dict[str, str]
    method: Sequence[str]
    limits: Sequence[str]


def sheet(
    report: Report, t: Words, exercise_name: Callable[[str], str], threshold_deg: float, name: str = ""
) -> Sheet:
    """Lay a record out.

    Args:
        report: its numbers.
        t: the reader's language.
        exercise_name: what an exercise is called, by its key.
        threshold_deg: from which angle a slouch counts, as it is set now.
        name: printed at the top where one is given.
    """
    posture = report.posture
    measured = posture.figures.ticks > 0
    quotes = _quotes(report, t)
    done = sorted(report.exercises, key=lambda one: -one.sets)[:EXERCISES]
    named, fit = _fitting(report, [text for _, text in quotes], len(done), t)
    return Sheet(
        words=_fixed(report, t, threshold_deg, name),
        simulated=report.simulated,
        symptoms=[_symptom(symptom, named, t) for symptom in report.symptoms],
        elsewhere=_elsewhere(report, t),
        quotes=quotes[:fit],
        quotes_more=t("sheet.words_more", n=len(quotes) - fit) if len(quotes) > fit else "",
        exercises=[
            [exercise_name(one.key), *map(str, (one.sets, one.days, one.seen, one.by_time, one.worse))]
            for one in done
        ],
        facts=_facts(report, t) if measured else [],
        exposure=_exposure(posture, t),
        holds=HOLD_CLASSES_S,
        svg=_drawings(report, t, threshold_deg),
        method=_method(posture, t, threshold_deg),
        limits=[t("sheet.limits_1"), t("sheet.limits_2"), t("sheet.data")],
    )


def short_date(day: date, t: Words) -> str:
    """Such as 3 Mar."""
    return f"{day.day} {t(f'month_short.{day.month}')}" if t.language == "en" else f"{day.day}.{day.month}."


def medium_date(day: date, t: Words) -> str:
    """Such as 3 Mar 2026."""
    return f"{short_date(day, t)} {day.year}" if t.language == "en" else f"{short_date(day, t)}{day.year}"


def full_date(day: date, t: Words) -> str:
    """Such as 3 March 2026."""
    dot = "" if t.language == "en" else "."
    return f"{day.day}{dot} {t(f'month.{day.month}')} {day.year}"


def _fixed(report: Report, t: Words, threshold_deg: float, name: str) -> dict[str, str]:
    step = "by_day" if report.posture.columns[0].first == report.posture.columns[0].last else "by_week"
    angle = t.degrees(threshold_deg)
    filled = {
        "range": t("sheet.range", first=full_date(report.first, t), last=full_date(report.last, t)),
        "days": t("sheet.days", n=report.day_count),
        "made": t(
            "sheet.made",
            day=full_date(report.made_at.date(), t),
            time=f"{report.made_at:%H:%M}",
            zone=report.zone,
        ),
        "given_name": name,
        "side_1": t("sheet.side", n=1),
        "side_2": t("sheet.side", n=2),
        "figure_hours": f"{t('sheet.figure_hours')} ({t('sheet.' + step)})",
        "figure_angles": f"{t('sheet.figure_angles', angle=angle)} ({t('sheet.' + step)})",
        "language": t.language,
        "product": t("page.name"),
    }
    plain = (
        "title name simulated by symptoms symptoms_none what where strength since brought_on relief counts "
        "figure_symptoms words words_none exercises exercises_none exercise sets exercise_days seen by_time "
        "worse posture posture_none figure_distribution exposure angle held method limits"
    )
    return {key: t(f"sheet.{key}") for key in plain.split()} | filled


def _symptom(symptom: Symptom, named: int, t: Words) -> list[list[str]]:
    strength = [t("sheet.not_said")]
    if symptom.median is not None:
        digits = 0 if symptom.median == int(symptom.median) else 1
        median = t.number(symptom.median, digits)
        strength = [
            t("sheet.strength_of", median=median, weakest=symptom.weakest, strongest=symptom.strongest)
        ]
        if symptom.rated < symptom.entries:
            strength.append(t("sheet.rated", n=symptom.rated, all=symptom.entries))
    return [
        [
            t(f"symptom.{symptom.kind}"),
            f"{t('sheet.entries', n=symptom.entries)} {t('sheet.on_days', n=symptom.days)}, "
            + t("sheet.last_on", day=short_date(symptom.last, t)),
        ],
        _named(symptom.places, named, lambda key: t(f"place.{key}"), t),
        strength,
        _named(symptom.since, named, lambda said: _since(said, t), t),
        _named(symptom.brought_on, named, lambda key: t(f"brought_on.{key}"), t),
        _named(symptom.relief, named, lambda key: t(f"relief.{key}"), t),
    ]


def _fitting(report: Report, quotes: Sequence[str], exercises: int, t: Words) -> tuple[int, int]:
    """How many places, causes and reliefs are named for each kind, and how many quotes stand below."""
    room_mm = fitting.room_mm(len(report.symptoms), exercises)
    for named in range(fitting.MOST_NAMED, 0, -1):
        left_mm = room_mm - fitting.table_mm([_symptom(one, named, t) for one in report.symptoms])
        fit = fitting.quotes_that_fit(quotes, left_mm)
        if fit >= min(fitting.LEAST_QUOTES, len(quotes)):
            return named, fit
    return 1, fit


def _since(said: str, t: Words) -> str:
    if said in set(Since):
        return t(f"since.said_{said}")
    return t("since.date", day=medium_date(date.fromisoformat(said), t))


def _named(counts: Counts, named: int, name: Callable[[str], str], t: Words) -> list[str]:
    if not counts:
        return [t("sheet.not_said")]
    lines = [t("sheet.times", what=name(key), n=n) for key, n in counts[:named]]
    if len(counts) > named:
        lines.append(t("sheet.more", n=len(counts) - named))
    return lines


def _elsewhere(report: Report, t: Words) -> str:
    n = sum(ELSEWHERE in entry.places for entry in report.entries)
    return t("sheet.elsewhere", n=n) if n else ""


def _quotes(report: Report, t: Words) -> list[tuple[str, str]]:
    said: list[tuple[date, str, str]] = [
        (day, f"{short_date(day, t)} · {t('sheet.note')}", text) for day, text in report.notes
    ]
    said += [
        (entry.day, f"{short_date(entry.day, t)} · {t(f'symptom.{entry.kind}')}", entry.words)
        for entry in report.entries
        if entry.words
    ]
    said.sort(key=lambda one: one[0], reverse=True)
    return [(when, _shortened(" ".join(text.split()))) for _, when, text in said]


def _shortened(text: str) -> str:
    return text if len(text) <= LONGEST_QUOTE else text[: LONGEST_QUOTE - 1].rstrip() + "…"


def _facts(report: Report, t: Words) -> list[Facts]:
    posture = report.posture
    f, slouches = posture.figures, posture.slouches
    shares = {"upright": f.upright, "slouched": f.slouched, "leaning_forward": f.leaning_forward}
    shares |= {"leaning_back": f.leaning_back, "side_bent": f.side_bent}
    rate = f.slouches_per_hour

    def fact(key: str, value: str) -> Fact:
        return Fact(key, t(f"sheet.{key}"), value)

    def tenths(angle: float | None) -> str:
        return "–" if angle is None else f"{t.number(angle, 1)}°"

    def percent(share: float | None) -> str:
        return "–" if share is None else t("format.percent", value=t.number(100 * share, 1))

    per_hour = "" if rate is None else f" ({t('sheet.per_hour', rate=t.number(rate, 1))})"
    return [
        Facts(
            t("sheet.time"),
            [
                fact("worn_days", t("sheet.worn_days_of", n=posture.worn_days, all=report.day_count)),
                fact("sessions", str(posture.sessions)),
                fact("recorded", t.duration(f.recorded_s)),
                fact("judged", t.duration(f.judged_s)),
                fact("unknown", percent(f.unknown / f.ticks)),
            ],
        ),
        Facts(
            t("sheet.shares"),
            [fact(key, percent(n / f.judged if f.judged else None)) for key, n in shares.items()],
        ),
        Facts(
            t("sheet.angles"),
            [
                *map(fact, ("p10", "p50", "p90"), map(tenths, posture.percentiles_deg)),
                fact("variation", tenths(posture.variation_deg)),
                *(
                    Fact(f"above_{angle}", t("sheet.above", angle=t.degrees(angle)), percent(share))
                    for angle, share in posture.above
                ),
            ],
        ),
        Facts(
            t("sheet.slouching"),
            [
                fact("slouches", f"{f.slouches}{per_hour}"),
                fact("slouch_median", t.duration(slouches.median_s)),
                fact("slouch_longest", t.duration(slouches.longest_s)),
                fact("slouch_deepest", tenths(slouches.deepest_deg)),
                fact("reminders", str(f.alerts)),
                fact("corrected", str(f.corrections)),
                fact("correction", t.duration(f.correction_mean_s)),
            ],
        ),
    ]


def _exposure(posture: Posture, t: Words) -> list[tuple[str, list[tuple[str, int]]]]:
    highest = max((cell for row in posture.eva for cell in row), default=0.0) or 1.0
    return [
        (
            f"{name}°",
            [(t.number(cell, 1) if cell >= 0.05 else "·", round(6 * cell / highest)) for cell in row],
        )
        for name, row in zip(ANGLE_CLASSES_DEG, posture.eva, strict=False)
    ]


def _drawings(report: Report, t: Words, threshold_deg: float) -> dict[str, str]:
    def name(day: date) -> str:
        return short_date(day, t)

    made: dict[str, str] = {}
    counts = Counter(place for entry in report.entries for place in entry.places)
    for view in VIEWS:
        label = t("sheet.figure_body", view=t(f"sheet.from_{view}"))
        made[view] = drawings.body(view, counts, t("place.left_short"), t("place.right_short"), label)
    if report.entries:
        kinds = [(symptom.kind, t(f"symptom.{symptom.kind}")) for symptom in report.symptoms]
        label = t("sheet.figure_symptoms")
        made["symptoms"] = drawings.symptoms(report.entries, kinds, report.first, report.last, name, label)
    posture = report.posture
    if posture.figures.ticks:
        fixed = _fixed(report, t, threshold_deg, "")
        made["hours"] = drawings.hours(posture.columns, name, t.duration, fixed["figure_hours"])
        made["angles"] = drawings.angles(posture.columns, threshold_deg, name, fixed["figure_angles"])
        label = t("sheet.figure_distribution")
        made["distribution"] = drawings.distribution(posture.flexion, t.percent, label)
    return made


def _method(posture: Posture, t: Words, threshold_deg: float) -> list[str]:
    worn = "".join(str(count) for count in posture.sensors) or "1"
    return [
        t("sheet.method_1"),
        t(f"sheet.method_sensors_{worn}"),
        t("sheet.method_2", angle=t.degrees(threshold_deg)),
        t("sheet.method_3"),
    ]
