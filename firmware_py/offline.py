"""Composition root of what runs on files: replay a recording, judge it anew, write it as a table."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from .config import Config
from .errors import ProfileError, RecordingError
from .posture.blocks import SensorBlock, TrunkBlock
from .posture.events import Command, Event, SessionEnded, SlouchEnded
from .posture.messages import Anchor
from .posture.monitor import Monitor
from .posture.profile import CalibrationProfile, SensorProfile, from_json
from .posture.rules import Rules
from .posture.tally import Tally
from .posture.trunk import TICK_S
from .recording import MAGIC, Recording
from .samples_csv import read_samples, write_samples

NeutralTaker = Callable[[SensorBlock, SensorProfile], SensorProfile]
"""Takes the wearer's neutral from samples of still, upright sitting (`calibration.neutral`)."""


@dataclass(frozen=True, slots=True)
class Input:
    """A story to judge, wherever it came from.

    Attributes:
        items: blocks, and in a recording the commands and anchors between them.
        profile: what it is judged from.
        run: the run's id; a table is named after its file.
        utc_s: wall clock at t_s = 0, None where nobody knows.
        damage: filled while `items` is read: what was wrong with the file.
    """

    items: Iterable[TrunkBlock | Command | Anchor]
    profile: CalibrationProfile
    rate_hz: float
    run: str
    utc_s: float | None
    simulated: bool
    damage: list[str]


def open_input(
    path: Path, profile: CalibrationProfile | None, neutral_from_s: float | None, taker: NeutralTaker
) -> Input:
    """Open a recording or a table of samples.

    Args:
        path: the file; what it is shows in its first bytes.
        profile: judge from this instead of what the recording kept.
        neutral_from_s: take the neutral from so many first seconds.
        taker: how a neutral is taken.

    Raises:
        RecordingError: where the file cannot be read, or its first seconds are no still sitting.
        OSError: where there is no such file.
    """
    with path.open("rb") as file:
        is_recording = file.read(len(MAGIC)) == MAGIC
    if is_recording:
        recording = Recording.open(path)
        header = recording.header
        kept = profile or from_json(header.profile)
        if neutral_from_s is not None:
            kept = _with_neutral(kept, _first_seconds(recording.blocks(), neutral_from_s), path, taker)
        return Input(
            recording, kept, header.rate_hz, header.run, header.utc_s, header.simulated, recording.damage
        )
    samples = read_samples(path)
    block = samples.block
    if profile is None:
        profile = CalibrationProfile(lower=None if block.lower is None else SensorProfile())
        if neutral_from_s is None:
            raise RecordingError(
                f"{path} is a table of samples and does not say where the wearer's upright is: give --profile "
                "FILE, or --neutral-from SECONDS where it begins with still, upright sitting"
            )
    if profile.lower is not None and block.lower is None:
        profile = replace(profile, lower=None)
    if neutral_from_s is not None:
        first = _first_seconds([block], neutral_from_s)
        profile = _with_neutral(profile, first, path, taker)
    run = (
        "".join(c if c.isascii() and (c.isalnum() or c in "-_.") else "-" for c in path.stem)[:60] or "table"
    )
    return Input([block], profile, samples.rate_hz, run, None, profile.simulated, [])


def read_profile(path: Path) -> CalibrationProfile:
    """Read a calibration profile from its file.

    Raises:
        ProfileError: naming file and key.
    """
    try:
        return from_json(path.read_text(encoding="utf-8"))
    except (ProfileError, UnicodeDecodeError) as error:
        raise ProfileError(f"{path}: {error}") from error


def _first_seconds(blocks: Iterable[TrunkBlock], seconds: float) -> TrunkBlock:
    """What both sensors said in the first so many seconds of samples."""
    pieces: list[TrunkBlock] = []
    end_s = float("inf")
    for block in blocks:
        if len(block.upper) and end_s == float("inf"):
            end_s = float(block.upper.t_s[0]) + seconds
        pieces.append(block)
        if block.until_s >= end_s:
            break
    upper = _joined([piece.upper for piece in pieces], end_s)
    lowers = [piece.lower for piece in pieces if piece.lower is not None]
    return TrunkBlock(upper, _joined(lowers, end_s) if lowers else None, end_s)


def _joined(blocks: list[SensorBlock], end_s: float) -> SensorBlock:
    import numpy as np

    joined = SensorBlock(
        np.concatenate([b.t_s for b in blocks]),
        np.concatenate([b.acc_m_s2 for b in blocks]),
        np.concatenate([b.gyr_rad_s for b in blocks]),
        blocks[0].temp_c,
    )
    return joined.cut(0, int(np.searchsorted(joined.t_s, end_s, "right")))


def _with_neutral(
    profile: CalibrationProfile, first: TrunkBlock, path: Path, taker: NeutralTaker
) -> CalibrationProfile:
    try:
        upper = taker(first.upper, profile.upper)
        lower = profile.lower
        if lower is not None and first.lower is not None:
            lower = taker(first.lower, lower)
    except ValueError as error:
        raise RecordingError(f"{path}: no neutral can be taken from its first seconds: {error}") from error
    return replace(profile, upper=upper, lower=lower)


def judge(source: Input, rules: Rules) -> Iterator[Event]:
    """Judge a story from beginning to end."""
    monitor = Monitor(source.profile, source.rate_hz, rules, source.run)
    for item in source.items:
        if isinstance(item, TrunkBlock):
            yield from monitor.feed(item)
        elif not isinstance(item, Anchor):
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
) -> int:
    """Judge a file and print what it amounted to."""
    source = open_input(path, read_profile(profile) if profile else None, neutral_from_s, taker)
    summaries, episodes = [], []
    for event in judge(source, config.rules()):
        if isinstance(event, SessionEnded):
            summaries.append(event.summary)
        elif isinstance(event, SlouchEnded):
            episodes.append(event)
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
    if not summaries:
        out.write(f"{path}: nothing could be judged\n")
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
    yield f"slouches {tally.slouches}, reminders {tally.alerts}, corrected after one {tally.corrections}"


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
