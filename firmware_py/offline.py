"""Composition root of what runs on files: judge a recording or a table, write a recording as a table."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec

from .config import Config
from .errors import RecordingError
from .inputs import Input, NeutralTaker, open_input, read_profile
from .posture.blocks import TrunkBlock
from .posture.commands import SetRules
from .posture.events import Event, SessionEnded, SlouchEnded
from .posture.messages import Anchor
from .posture.monitor import Monitor
from .posture.rules import Rules
from .posture.tally import Tally
from .posture.trunk import TICK_S
from .recording import Recording
from .samples_csv import write_samples


def judge(source: Input, rules: Rules, *, as_configured: bool = False) -> Iterator[Event]:
    """Judge a story from beginning to end.

    Args:
        source: the story.
        rules: the numbers, where it holds none of its own.
        as_configured: judge by `rules` all the same.
    """
    monitor = Monitor(source.profile, source.rate_hz, rules, source.run, source.neutral_of)
    for item in source.items:
        if isinstance(item, TrunkBlock):
            yield from monitor.feed(item)
        elif not isinstance(item, Anchor) and not (as_configured and isinstance(item, SetRules)):
            yield from monitor.tell(item)
    yield from monitor.finish()


def analyse(
    config: Config,
    path: Path,
    profile: Path | None,
    neutral_from_s: float | None,
    taker: NeutralTaker,
    *,
    as_json: bool,
    as_configured: bool = False,
) -> int:
    """Judge a file and print what it amounted to.

    Raises:
        RecordingError: where the file cannot be read, or nothing in it can be judged.
        ProfileError: where the profile cannot be.
    """
    source = open_input(path, read_profile(profile) if profile else None, neutral_from_s, taker)
    summaries, episodes = [], []
    for event in judge(source, config.rules(), as_configured=as_configured):
        if isinstance(event, SessionEnded):
            summaries.append(event.summary)
        elif isinstance(event, SlouchEnded):
            episodes.append(event)
    if not summaries:
        raise RecordingError("; ".join((f"{path}: nothing in it can be judged", *source.damage)))
    out = sys.stdout
    if as_json:
        result = {
            "file": str(path),
            "run": source.run,
            "simulated": source.simulated,
            "utc_s": source.utc_s,
            "rate_hz": round(source.rate_hz, 4),
            "tick_s": TICK_S,
            "sessions": summaries,
            "episodes": episodes,
            "damage": source.damage,
        }
        out.write(msgspec.json.format(msgspec.json.encode(result)).decode() + "\n")
        return 0
    for summary in summaries:
        out.write(
            f"{summary.session}: {_clock(summary.end_s - summary.start_s)} from {_clock(summary.start_s)}"
            f"{', simulated' if source.simulated else ''}\n"
        )
        out.writelines(f"  {line}\n" for line in _in_words(summary.tally, summary.sensors))
    for episode in episodes:
        out.write(
            f"  slouch {episode.episode}: from {_clock(episode.started_s)} for {_clock(episode.slouched_s)}, "
            f"mean {episode.mean_deg:.0f}°, deepest {episode.peak_deg:.0f}°, {episode.outcome}\n"
        )
    for words in source.damage:
        out.write(f"note: {words}\n")
    return 0


def _in_words(tally: Tally, sensors: int) -> Iterator[str]:
    what = (
        "thoracic flexion" if sensors == 2 else "thoracic flexion estimate (one sensor: leaning counts too)"
    )
    yield f"judged {_clock(tally.judged * TICK_S)} of {_clock(tally.ticks * TICK_S)}, by {what}"
    for kind, count in sorted(tally.posture.items(), key=lambda item: -item[1]):
        if kind != "unknown":
            yield f"{kind.replace('_', ' ')}: {_clock(count * TICK_S)} ({_share(count, tally.judged)})"
    for reason, count in sorted(tally.unjudged.items(), key=lambda item: -item[1]):
        yield f"not judged, {reason.replace('_', ' ')}: {_clock(count * TICK_S)}"
    yield f"slouches: {tally.slouches}, reminders: {tally.alerts}, corrected after them: {tally.corrections}"


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.0f} %" if whole else "–"


def _clock(seconds: float) -> str:
    """Hours, minutes and seconds, as 1:02:03 or 2:03."""
    whole = round(seconds)
    hours, minutes, rest = whole // 3600, whole // 60 % 60, whole % 60
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def export(path: Path, csv: Path | None) -> int:
    """Write a recording's samples as a table, to a file or to standard output."""
    recording = Recording.open(path)
    if csv is None:
        write_samples(recording.blocks(), sys.stdout)
    else:
        with csv.open("x", newline="", encoding="utf-8") as file:
            rows = write_samples(recording.blocks(), file)
        sys.stderr.write(f"{csv}: {rows} rows\n")
    for words in recording.damage:
        sys.stderr.write(f"note: {words}\n")
    return 0
