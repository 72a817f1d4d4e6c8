"""Files as sources: a recording, or a table of samples with the wearer's neutral said or taken from it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from .errors import ProfileError, RecordingError
from .posture.blocks import SensorBlock, TrunkBlock
from .posture.events import Command
from .posture.fit import NeutralOf
from .posture.messages import Anchor
from .posture.profile import CalibrationProfile, SensorProfile, from_json
from .recording import Recording
from .recording_format import MAGIC
from .samples_csv import read_samples

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
        neutral_of: when the neutral was taken; one that is given for the file is taken to fit it.
        damage: filled while `items` is read: what was wrong with the file.
    """

    items: Iterable[TrunkBlock | Command | Anchor]
    profile: CalibrationProfile
    rate_hz: float
    run: str
    utc_s: float | None
    simulated: bool
    neutral_of: NeutralOf
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
        kept = profile or _kept_profile(header.profile, path)
        if neutral_from_s is not None:
            kept = _with_neutral(kept, recording.blocks(), neutral_from_s, path, taker)
        told_anew = profile is not None or neutral_from_s is not None
        return Input(
            recording,
            kept,
            header.rate_hz,
            header.run,
            header.utc_s,
            header.simulated,
            NeutralOf.THIS_WEAR if told_anew else header.neutral_of,
            recording.damage,
        )
    samples = read_samples(path)
    block = samples.block
    if profile is None:
        profile = CalibrationProfile(lower=None if block.lower is None else SensorProfile())
        if neutral_from_s is None:
            raise RecordingError(
                f"{path} is a table of samples and does not say where upright is: give --profile FILE, "
                "or --neutral-from SECONDS where it begins with still, upright sitting"
            )
    if profile.lower is not None and block.lower is None:
        profile = replace(profile, lower=None)
    if neutral_from_s is not None:
        profile = _with_neutral(profile, [block], neutral_from_s, path, taker)
    run = (
        "".join(c if c.isascii() and (c.isalnum() or c in "-_.") else "-" for c in path.stem)[:60] or "table"
    )
    return Input([block], profile, samples.rate_hz, run, None, profile.simulated, NeutralOf.THIS_WEAR, [])


def read_profile(path: Path) -> CalibrationProfile:
    """Read a calibration profile from its file.

    Raises:
        ProfileError: naming file and key.
    """
    try:
        return from_json(path.read_text(encoding="utf-8"))
    except (ProfileError, UnicodeDecodeError) as error:
        raise ProfileError(f"{path}: {error}") from error


def _kept_profile(text: str, path: Path) -> CalibrationProfile:
    try:
        return from_json(text)
    except ProfileError as error:
        raise ProfileError(f"{path}: its calibration profile: {error}; give another by --profile") from error


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
    if not pieces:
        raise RecordingError("it holds no samples")
    upper = _joined([piece.upper for piece in pieces], end_s)
    lowers = [piece.lower for piece in pieces if piece.lower is not None]
    return TrunkBlock(upper, _joined(lowers, end_s) if lowers else None, end_s)


def _joined(blocks: list[SensorBlock], end_s: float) -> SensorBlock:
    joined = SensorBlock(
        np.concatenate([b.t_s for b in blocks]),
        np.concatenate([b.acc_m_s2 for b in blocks]),
        np.concatenate([b.gyr_rad_s for b in blocks]),
        blocks[0].temp_c,
    )
    return joined.cut(0, int(np.searchsorted(joined.t_s, end_s, "right")))


def _with_neutral(
    profile: CalibrationProfile, blocks: Iterable[TrunkBlock], seconds: float, path: Path, taker: NeutralTaker
) -> CalibrationProfile:
    try:
        first = _first_seconds(blocks, seconds)
        upper = taker(first.upper, profile.upper)
        lower = profile.lower
        if lower is not None and first.lower is not None:
            lower = taker(first.lower, lower)
    except ValueError as error:
        raise RecordingError(f"{path}: no neutral can be taken from its first seconds: {error}") from error
    return replace(profile, upper=upper, lower=lower)
