"""Files judged as if they were live: the same events from a run, its recording and its table."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from firmware_py.cli import main
from firmware_py.inputs import open_input
from firmware_py.loop import drive
from firmware_py.offline import judge
from firmware_py.posture.blocks import STANDARD_GRAVITY_M_S2, SensorBlock, TrunkBlock, rechunk
from firmware_py.posture.commands import Command, Mode, SetCalendar, SetMode, SetPlan, SetRules, Snooze
from firmware_py.posture.events import (
    Event,
    MinutePassed,
    ModeChanged,
    Reading,
    RulesChanged,
    SlouchAlert,
)
from firmware_py.posture.monitor import Monitor
from firmware_py.posture.profile import FLAT_ON_THE_BACK, CalibrationProfile, SensorProfile, to_json
from firmware_py.posture.rules import Rules
from firmware_py.recording import Header, Recorder
from firmware_py.samples_csv import write_samples

RATE_HZ = 50.0
HEADER = Header(
    run="r", device="d", rate_hz=RATE_HZ, sensors=1, profile=to_json(CalibrationProfile()), utc_s=1.7e9
)


def a_slouch(
    seconds: float = 400.0, at: tuple[float, float] = (100.0, 200.0), depth_deg: float = 22.0
) -> SensorBlock:
    """A board flat on the back; upright, but for one slouch; with a chip's noise, as float32 as a chip's."""
    rng = np.random.default_rng(5)
    t = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    ramp = np.clip(np.minimum(t - at[0], at[1] - t), 0.0, 2.0) / 2.0
    angle = np.radians(depth_deg) * ramp**2 * (3.0 - 2.0 * ramp)
    angle += np.radians(0.4) * np.sin(2 * np.pi * t / 4.0)  # breath: without it nobody wears the sensor
    still = np.zeros_like(t)
    acc = STANDARD_GRAVITY_M_S2 * np.column_stack((-np.sin(angle), still, np.cos(angle)))
    gyr = np.column_stack((still, np.gradient(angle, t), still))
    to_sensor = np.array(FLAT_ON_THE_BACK)
    acc = acc @ to_sensor + rng.normal(0, 0.03, acc.shape)
    gyr = gyr @ to_sensor + rng.normal(0, 0.002, gyr.shape)
    return SensorBlock(t, acc.astype(np.float32).astype(float), gyr.astype(np.float32).astype(float))


SNOOZED: dict[int, Command] = {300: Snooze(0.0, 30.0), 900: SetMode(0.0, Mode.TRACKING, 60.0)}


def run_live(
    path: Path, story: SensorBlock, asked: dict[int, Command] = SNOOZED, rules: Rules | None = None
) -> list[Event]:
    """What a live run hears and keeps, with commands at the start (turn 0) and after blocks."""
    recorder = Recorder(path, HEADER)
    turn = iter(range(10**6))

    def commands() -> list[Command]:
        command = asked.get(next(turn))
        return [command] if command else []

    heard: list[Event] = []
    monitor = Monitor(CalibrationProfile(), RATE_HZ, rules, run="r")
    drive(rechunk([TrunkBlock.of(story)], 7), monitor, [heard.append], commands, recorder)
    recorder.close()
    return heard


def analyse(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> dict[str, Any]:  # JSON
    assert main(["analyse", "--json", *map(str, arguments)]) == 0
    told: dict[str, Any] = json.loads(capsys.readouterr().out)
    return told


def replayed(path: Path) -> list[Event]:
    def no_taker(*_: object) -> SensorProfile:
        raise AssertionError("no neutral was asked for")

    return list(judge(open_input(path, None, None, no_taker), Rules()))


def test_settings_that_changed_in_a_run_change_at_the_same_tick_in_its_replay(tmp_path: Path) -> None:
    begun = Rules(load_s=12.0, grace_s=5.0)
    asked: dict[int, Command] = {
        0: SetRules(0.0, begun),
        200: SetPlan(0.0, 0.5),
        400: SetCalendar(0.0, Mode.MEETING, 60.0),
        900: SetRules(0.0, Rules(load_s=8.0, slouch_enter_deg=14.0, grace_s=5.0)),
        600: SetPlan(0.0, 1.0),
    }
    heard = run_live(tmp_path / "r.plumb", a_slouch(), asked, begun)
    told = [event for event in heard if not isinstance(event, Reading | MinutePassed)]
    assert [type(e) for e in told if isinstance(e, ModeChanged | RulesChanged | SlouchAlert)] == [
        ModeChanged,
        ModeChanged,
        SlouchAlert,
        RulesChanged,
    ]
    assert repr(replayed(tmp_path / "r.plumb")) == repr(heard)


def test_an_old_recording_may_be_judged_by_other_numbers(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "r.plumb"
    high = Rules(slouch_enter_deg=29.0, slouch_exit_deg=26.0)
    run_live(path, a_slouch(), {0: SetRules(0.0, high)}, high)
    assert analyse(capsys, path)["episodes"] == []
    assert len(analyse(capsys, path, "--as-configured")["episodes"]) == 1


def test_a_recording_replays_to_the_very_same_events(tmp_path: Path) -> None:
    path = tmp_path / "r.plumb"
    heard = run_live(path, a_slouch())
    again = replayed(path)
    assert len([e for e in heard if isinstance(e, Reading)]) > 3900
    assert [e for e in again if not isinstance(e, Reading)] == [
        e for e in heard if not isinstance(e, Reading)
    ]
    assert repr(again) == repr(heard)  # repr, because an unknown angle is NaN and equals nothing


def test_a_recording_and_its_exported_table_tell_the_same_slouches(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recording, table = tmp_path / "r.plumb", tmp_path / "r.csv"
    recorder = Recorder(recording, HEADER)
    recorder.block(TrunkBlock.of(a_slouch()))
    recorder.close()
    assert main(["export", str(recording), str(table)]) == 0
    (tmp_path / "p.json").write_text(to_json(CalibrationProfile()))
    kept = analyse(capsys, recording)
    from_table = analyse(capsys, table, "--profile", tmp_path / "p.json")
    assert kept["episodes"] == from_table["episodes"]
    assert len(kept["episodes"]) == 1
    assert kept["sessions"] == from_table["sessions"]


def test_the_neutral_is_taken_from_the_first_seconds(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # The board sits 30° askew: without a neutral everything would be a slouch.
    story = a_slouch()
    tilt = np.radians(30.0)
    turn = np.array([[np.cos(tilt), 0, np.sin(tilt)], [0, 1, 0], [-np.sin(tilt), 0, np.cos(tilt)]])
    askew = SensorBlock(story.t_s, story.acc_m_s2 @ turn, story.gyr_rad_s @ turn)
    table = tmp_path / "a.csv"
    with table.open("w") as file:
        write_samples([TrunkBlock.of(askew)], file)
    told = analyse(capsys, table, "--neutral-from", "10")
    (episode,) = told["episodes"]
    assert episode["started_s"] == pytest.approx(101.5, abs=1.0)
    assert episode["peak_deg"] == pytest.approx(22.0, abs=1.5)
    assert episode["outcome"] == "corrected"


def test_a_person_reads_the_same_in_words(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run_live(tmp_path / "r.plumb", a_slouch())
    assert main(["analyse", str(tmp_path / "r.plumb")]) == 0
    told = capsys.readouterr().out
    assert "r-1: 6:40 from 0:00" in told
    assert "one sensor: leaning counts too" in told
    assert "slouch 1: from 1:4" in told


def test_a_cut_recording_is_judged_as_far_as_it_goes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "r.plumb"
    run_live(path, a_slouch())
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 3 // 4])
    told = analyse(capsys, path)
    (session,) = told["sessions"]
    assert 200 < session["end_s"] < 400
    assert len(told["episodes"]) == 1
    assert "cut off" in str(told["damage"])


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda path: path.write_text("t_s,acc_x_m_s2\n"), "lacks the column"),
        (lambda path: path.write_bytes(b"PLUMBLN1H\x10"), "cut off before its header"),
        (lambda path: None, "x: No such file"),
        (lambda path: path.write_bytes(b"\xff\xfe\x00\x01" * 9), "is neither a recording nor a table"),
        (lambda path: path.mkdir(), "Is a directory"),
        (lambda path: path.write_bytes(b""), "lacks the column"),
        (lambda path: Recorder(path, HEADER).close(), "it holds no samples"),
    ],
    ids=[
        "a missing column",
        "a header cut short",
        "no file",
        "something else",
        "a folder",
        "an empty file",
        "a recording without samples",
    ],
)
def test_a_bad_file_costs_one_clear_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], make: Callable[[Path], object], words: str
) -> None:
    path = tmp_path / "x"
    make(path)
    assert main(["analyse", str(path), "--neutral-from", "5"]) == 1
    told = capsys.readouterr()
    assert told.out == ""
    assert words in told.err
    assert told.err.count("\n") == 1


def test_a_recording_in_which_nothing_can_be_judged_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "r.plumb"
    Recorder(path, HEADER).close()
    assert main(["analyse", "--json", str(path)]) == 1
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err == f"plumbline analyse: {path}: nothing in it can be judged\n"


def test_a_recording_whose_profile_cannot_be_read_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "r.plumb"
    Recorder(path, msgspec.structs.replace(HEADER, profile="{}")).close()
    assert main(["analyse", str(path)]) == 1
    assert f"{path}: its calibration profile: format_version: missing" in capsys.readouterr().err


def test_first_seconds_in_motion_are_no_neutral(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = tmp_path / "a.csv"
    t = np.arange(1000) / RATE_HZ
    angle = 0.5 * np.sin(t)
    acc = STANDARD_GRAVITY_M_S2 * np.column_stack((-np.sin(angle), 0 * t, np.cos(angle)))
    gyr = np.column_stack((0 * t, 0.5 * np.cos(t), 0 * t))
    with table.open("w") as file:
        write_samples([TrunkBlock.of(SensorBlock(t, acc, gyr))], file)
    assert main(["analyse", str(table), "--neutral-from", "10"]) == 1
    assert "no neutral can be taken from its first seconds" in capsys.readouterr().err


def test_a_table_needs_to_know_where_upright_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = tmp_path / "a.csv"
    with table.open("w") as file:
        write_samples([TrunkBlock.of(a_slouch(10.0))], file)
    assert main(["analyse", str(table)]) == 1
    assert "give --profile FILE, or --neutral-from SECONDS" in capsys.readouterr().err
