"""Profiles on disk: one current file for each sensor, and every earlier one beside it.

    profiles/                            700, the owner's alone
      mpu6050-0x68.json                  600, the current profile: what the monitor reads
      mpu6050-0x68/                      its history, named by when each was made
        2026-03-01T08-30-00Z.json

A profile says how somebody's back is held, so nobody else may read it.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from firmware_py.errors import ProfileError
from firmware_py.posture.profile import CalibrationProfile, from_json, to_json
from firmware_py.whole_file import write_whole

from .temperature import learn_slope


def _now() -> datetime:
    return datetime.now(UTC)


class Profiles:
    """The profiles in a folder, by the upper sensor's id.

    Args:
        folder: made when the first profile is saved.
        now: the wall clock, UTC.
    """

    def __init__(self, folder: Path, now: Callable[[], datetime] = _now) -> None:
        self._folder = folder
        self._now = now

    def path(self, sensor_id: str) -> Path:
        """Where the current profile of a sensor is, or would be."""
        return self._folder / f"{_file_name(sensor_id)}.json"

    def current(self, sensor_id: str) -> CalibrationProfile | None:
        """The profile in force, None where the sensor has none.

        Raises:
            ProfileError: naming file and key, where it cannot be read.
        """
        path = self.path(sensor_id)
        return _read(path) if path.exists() else None

    def save(self, profile: CalibrationProfile) -> CalibrationProfile:
        """Make this the current profile and keep it in the history; returns it as it was kept.

        It is dated, and the temperature slope of the gyroscopes is learnt from the history.

        The history is written first and each file is replaced as a whole, so a power cut leaves the
        old profile or the new one in force, never half of one.
        """
        learnt = learn_slope(profile, list(self._readable(profile.upper.sensor_id)))
        dated = replace(learnt, made_at=self._now().astimezone(UTC).isoformat(timespec="seconds"))
        text = to_json(dated)
        current = self.path(dated.upper.sensor_id)
        history = current.with_suffix("")
        for folder in (self._folder, history):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_whole(_free(history, dated.made_at), text)
        write_whole(current, text)
        return dated

    def history(self, sensor_id: str) -> list[Path]:
        """Every profile that was ever saved for a sensor, oldest first."""
        return sorted(self.path(sensor_id).with_suffix("").glob("*.json"), key=_age_key)

    def _readable(self, sensor_id: str) -> Iterator[CalibrationProfile]:
        for path in self.history(sensor_id):
            # One spoilt file of the past shall not stop a calibration of today.
            with contextlib.suppress(ProfileError):
                yield _read(path)

    def restore(self, path: Path) -> CalibrationProfile:
        """Make a profile of the history current again, as a new entry of the history.

        Raises:
            ProfileError: naming file and key, where it cannot be read.
        """
        return self.save(_read(path))


def _read(path: Path) -> CalibrationProfile:
    try:
        return from_json(path.read_text(encoding="utf-8"))
    except (ProfileError, UnicodeDecodeError) as error:
        raise ProfileError(f"{path}: {error}") from error


def _file_name(sensor_id: str) -> str:
    """A name that is safe as a file's and still reads as the id; two ids never share one by accident."""
    if not sensor_id:
        return "any-sensor"
    # A letter that may not stand in a file name becomes its number, so that a/b and a-b stay two.
    name = re.sub(r"[^A-Za-z0-9-]", lambda m: m[0] if m[0] == "_" else f"_{ord(m[0]):x}_", sensor_id)
    return name[:100]


def _free(folder: Path, made_at: str) -> Path:
    """A name by date that is not taken: two profiles within one second both stay."""
    stem = made_at.replace("+00:00", "Z").replace(":", "-")
    path = folder / f"{stem}.json"
    count = 1
    while path.exists():
        count += 1
        path = folder / f"{stem}.{count}.json"
    return path


def _age_key(path: Path) -> tuple[str, int]:
    stem, _, count = path.stem.partition(".")
    return stem, int(count or 1)
