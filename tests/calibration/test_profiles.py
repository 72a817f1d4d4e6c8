"""Profiles on disk: dated, kept, whole, and the owner's alone."""

from __future__ import annotations

import os
import stat
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from calibration.profiles import Profiles
from firmware_py.errors import ProfileError
from firmware_py.posture.profile import CalibrationProfile, SensorModel, SensorProfile

MORNING = datetime(2026, 3, 1, 8, 30, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.time = MORNING

    def __call__(self) -> datetime:
        return self.time


def profile_of(sensor_id: str, note: str = "") -> CalibrationProfile:
    return CalibrationProfile(upper=SensorProfile(sensor_id=sensor_id), note=note)


def test_a_saved_profile_is_dated_and_current(tmp_path: Path) -> None:
    profiles = Profiles(tmp_path / "profiles", Clock())
    assert profiles.current("mpu6050-0x68") is None
    saved = profiles.save(profile_of("mpu6050-0x68", "first"))
    assert saved.made_at == "2026-03-01T08:30:00+00:00"
    assert repr(profiles.current("mpu6050-0x68")) == repr(saved)
    assert profiles.path("mpu6050-0x68") == tmp_path / "profiles" / "mpu6050-0x68.json"


def test_every_profile_stays_in_the_history_in_order(tmp_path: Path) -> None:
    clock = Clock()
    profiles = Profiles(tmp_path, clock)
    for note in "abcdefghijklm":  # several within one second, and more than nine
        profiles.save(profile_of("x", note))
    clock.time += timedelta(days=1)
    profiles.save(profile_of("x", "next day"))
    notes = [
        line for path in profiles.history("x") for line in path.read_text().splitlines() if "note" in line
    ]
    assert [note.split('"')[3] for note in notes] == [*"abcdefghijklm", "next day"]


def test_an_older_profile_can_be_restored_and_nothing_is_lost(tmp_path: Path) -> None:
    clock = Clock()
    profiles = Profiles(tmp_path, clock)
    profiles.save(profile_of("x", "good"))
    clock.time += timedelta(hours=1)
    profiles.save(profile_of("x", "bad"))
    clock.time += timedelta(hours=1)
    profiles.restore(profiles.history("x")[0])
    current = profiles.current("x")
    assert current is not None
    assert (current.note, current.made_at) == ("good", "2026-03-01T10:30:00+00:00")
    assert len(profiles.history("x")) == 3


def test_only_the_owner_may_read_profiles(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        profiles = Profiles(tmp_path / "profiles", Clock())
        profiles.save(profile_of("x"))
    finally:
        os.umask(before)
    modes = {
        stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "profiles").rglob("*") if path.is_file()
    }
    folders = [tmp_path / "profiles", tmp_path / "profiles" / "x"]
    assert modes == {0o600}
    assert {stat.S_IMODE(folder.stat().st_mode) for folder in folders} == {0o700}


def test_a_full_disk_leaves_the_old_profile_in_force(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    profiles = Profiles(tmp_path, Clock())
    old = profiles.save(profile_of("x", "old"))

    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        profiles.save(profile_of("x", "new"))
    monkeypatch.undo()
    assert repr(profiles.current("x")) == repr(old)
    assert not [path for path in tmp_path.rglob("*") if path.name.startswith(".")]


def test_the_temperature_slope_is_learnt_from_what_was_saved(tmp_path: Path) -> None:
    profiles = Profiles(tmp_path, Clock())
    for temp_c in (15.0, 20.0, 25.0, 30.0, 35.0):
        model = SensorModel(gyr_bias_rad_s=(0.0005 * temp_c, 0.0, 0.0), temp_c=temp_c)
        saved = profiles.save(CalibrationProfile(upper=SensorProfile(sensor=model, sensor_id="x")))
        (tmp_path / "x" / "2020-01-01T00-00-00Z.json").write_text("spoilt")
    assert saved.upper.sensor.gyr_bias_slope_rad_s_k[0] == pytest.approx(0.0005, rel=0.1)
    assert repr(profiles.current("x")) == repr(saved)


def test_a_spoilt_file_is_named_with_its_key(tmp_path: Path) -> None:
    profiles = Profiles(tmp_path, Clock())
    profiles.save(profile_of("x"))
    path = profiles.path("x")
    path.write_text(path.read_text().replace('"made_at"', '"made_att"'))
    with pytest.raises(ProfileError, match=r"x\.json: made_att: unknown key; did you mean made_at\?"):
        profiles.current("x")
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(ProfileError, match=r"x\.json: "):
        profiles.current("x")


def test_a_sensors_name_cannot_lead_out_of_the_folder_nor_into_anothers_file(tmp_path: Path) -> None:
    profiles = Profiles(tmp_path / "profiles", Clock())
    names = ["../../etc/passwd", "a/b", "a-b", "a.b", "", "0x68", "überall"]
    paths = [profiles.path(name) for name in names]
    assert {path.parent for path in paths} == {tmp_path / "profiles"}
    assert len(set(paths)) == len(names)
    for name in names:
        profiles.save(replace(profile_of(name), note=name))
    kept = [profiles.current(name) for name in names]
    assert [profile and profile.note for profile in kept] == names
