"""A made-up wearer's messages, for the store of tests, benchmarks and screenshots. Marked as simulated."""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo

from firmware_py.posture.events import (
    Event,
    MinutePassed,
    SessionEnded,
    SessionStarted,
    SessionSummary,
    SlouchAlert,
    SlouchEnd,
    SlouchEnded,
    SlouchStarted,
)
from firmware_py.posture.messages import Anchor, Encoder, Outgoing, Status
from firmware_py.posture.tally import Tally

BERLIN = ZoneInfo("Europe/Berlin")
TICKS = 600  # in a minute
HOLDS_S = (1, 3, 7, 15, 31, 63)
ANGLES_DEG = (0, 10, 20, 30, 45, 60)


@dataclass
class _Slouch:
    episode: int
    started_s: float
    depth_deg: float
    lasts_s: float


@dataclass
class Sitter:
    """Sits, slouches more as the session and the afternoon go on, and gets a little better week by week."""

    seed: int = 1
    improving: float = 0.0
    rng: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self.rng = random.Random(self.seed)

    def session(self, run: str, count: int, start_s: float, minutes: int, hour: float) -> Iterator[Event]:
        rng = self.rng
        session = f"{run}-{count}"
        yield SessionStarted(start_s, session, 1, 10.0)
        total = Tally()
        episode = 0
        last_alert_s = -1e9
        for minute in range(minutes):
            at = start_s + 60.0 * minute
            end = at + 60.0
            tired = 0.10 + 0.16 * minute / 120 + 0.10 * max(0.0, hour + minute / 60 - 13) / 4
            tired *= 1.0 - self.improving
            away = rng.random() < 0.05
            slouch: _Slouch | None = None
            if not away and rng.random() < tired:
                episode += 1
                slouch = _Slouch(episode, at + rng.uniform(2, 15), rng.uniform(12, 26), rng.uniform(9, 42))
            alert_s = corrected_s = None
            if slouch is not None:
                yield SlouchStarted(slouch.started_s, slouch.episode, 10.2)
                load_s = max(4.0, 300.0 / slouch.depth_deg)
                if load_s < slouch.lasts_s and slouch.started_s + load_s - last_alert_s > 180:
                    alert_s = last_alert_s = slouch.started_s + load_s
                    yield SlouchAlert(alert_s, slouch.episode, 1, slouch.depth_deg, 300.0)
                    if rng.random() < 0.85:
                        corrected_s = rng.uniform(3, 14)
                        slouch.lasts_s = min(slouch.lasts_s, load_s + corrected_s)
                over_s = min(slouch.started_s + slouch.lasts_s, end - 0.2)
                slouch.lasts_s = over_s - slouch.started_s
                corrected = alert_s is not None and corrected_s is not None
                yield SlouchEnded(
                    over_s,
                    slouch.episode,
                    slouch.started_s,
                    slouch.lasts_s,
                    slouch.depth_deg + 3,
                    slouch.depth_deg,
                    alert_s,
                    over_s - alert_s if corrected and alert_s is not None else None,
                    SlouchEnd.CORRECTED if corrected else SlouchEnd.MOVED,
                )
            tally = self._minute(away, slouch, alert_s, corrected_s)
            total += tally
            yield MinutePassed(end, at, tally)
        end = start_s + 60.0 * minutes
        yield SessionEnded(end, SessionSummary(session, start_s, end, 1, total))

    def _minute(
        self, away: bool, slouch: _Slouch | None, alert_s: float | None, corrected_s: float | None
    ) -> Tally:
        rng = self.rng
        moving = TICKS if away else rng.choice((0, 0, 0, 30, 60, 120))
        judged = TICKS - moving
        slouched = min(judged, round(10 * slouch.lasts_s)) if slouch else 0
        lean = rng.choice((0, 0, 0, 0, 90)) if judged - slouched > 200 else 0
        side = rng.choice((0, 0, 0, 0, 0, 60)) if judged - slouched - lean > 200 else 0
        upright = judged - slouched - lean - side
        centre = 3.0 + 1.5 * math.sin(rng.random() * 6)
        flexion: Counter[int] = Counter()
        eva: Counter[str] = Counter()
        for n, mean, sd in (
            (upright, centre, 2.0),
            (slouched, slouch.depth_deg if slouch else 0, 2.5),
            (lean, -12.0, 2.0),
            (side, 6.0, 2.0),
        ):
            for _ in range(n // 30):
                flexion[math.floor(rng.gauss(mean, sd))] += 30
            if n:
                hold = rng.choice((2, 3, 4, 5, 6))
                eva[f"{sum(mean >= edge for edge in ANGLES_DEG)},{hold}"] += n
            flexion[math.floor(mean)] += n % 30
        posture = {"upright": upright, "slouched": slouched, "leaning_back": lean, "side_bent": side}
        posture["unknown"] = moving
        return Tally(
            ticks=TICKS,
            judged=judged,
            posture={name: n for name, n in posture.items() if n},
            activity={"still": judged, "moving": moving} if moving else {"still": judged},
            unjudged={"moving": moving} if moving else {},
            flexion={degree: n for degree, n in flexion.items() if n},
            slouches=1 if slouch else 0,
            alerts=1 if alert_s is not None else 0,
            corrections=1 if alert_s is not None and corrected_s is not None else 0,
            correction_ticks=round(10 * corrected_s) if corrected_s is not None else 0,
            eva=dict(eva),
        )


def day_messages(
    device: str,
    day: date,
    zone: tzinfo,
    sitter: Sitter,
    until: datetime | None = None,
    *,
    goes_on: bool = True,
) -> list[Outgoing]:
    """One day: a morning and an afternoon at the desk, sometimes an evening; cut at `until`.

    What is cut `goes_on`, or ended there.
    """
    run = f"{day:%Y%m%d}"
    encoder = Encoder(device, run, simulated=True)
    begin = datetime.combine(day, time(8, 0), zone)
    out = [encoder.anchor(Anchor(0.0, begin.timestamp(), trusted=True))]
    hours = [(8.5 + sitter.rng.uniform(-0.3, 0.3), 205), (13.1 + sitter.rng.uniform(-0.2, 0.3), 235)]
    if sitter.rng.random() < 0.3:
        hours.append((19.5, 70))
    for count, (hour, minutes) in enumerate(hours, 1):
        start = datetime.combine(day, time(), zone) + timedelta(hours=hour)
        if until is not None:
            minutes = min(minutes, int((until - start).total_seconds() // 60))
            if minutes < 1:
                continue
        start_s = (start - begin).total_seconds()
        events = list(sitter.session(run, count, start_s, minutes, hour))
        if goes_on and until is not None and start + timedelta(minutes=minutes + 1) > until:
            events.pop()  # this session is still going on
        out += [encoder.encode(event) for event in events]
    out.append(encoder.status(Status("offline", "0.1.0")))
    return out


def history(
    device: str,
    last: date,
    count: int,
    zone: tzinfo,
    until: datetime | None = None,
    seed: int = 1,
    *,
    goes_on: bool = True,
) -> Iterator[list[Outgoing]]:
    """`count` days up to `last`, weekends mostly free; a batch for each day."""
    for back in range(count - 1, -1, -1):
        day = last - timedelta(days=back)
        sitter = Sitter(seed * 10_000 + day.toordinal(), improving=0.5 * (1 - back / max(1, count)))
        if back and day.weekday() >= 5 and sitter.rng.random() < 0.8:
            continue
        yield day_messages(device, day, zone, sitter, until if back == 0 else None, goes_on=goes_on)
