"""The table of samples: read back exactly, its faults told by column, line and unit."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from firmware_py.errors import RecordingError
from firmware_py.posture.blocks import SensorBlock, TrunkBlock
from firmware_py.samples_csv import LOWER, TIME, UPPER, read_samples, write_samples

HEADER = ",".join([TIME, *UPPER])


def swaying(n: int = 1000, rate_hz: float = 50.0, t0: float = 0.0) -> SensorBlock:
    """A sensor tilting to and fro by 0.4 rad about y, once in four seconds."""
    t = t0 + np.arange(n) / rate_hz
    angle = 0.4 * np.sin(2 * np.pi * t / 4)
    rate = 0.4 * 2 * np.pi / 4 * np.cos(2 * np.pi * t / 4)
    acc = 9.81 * np.column_stack((-np.sin(angle), np.zeros(n), np.cos(angle)))
    return SensorBlock(t, acc, np.column_stack((np.zeros(n), rate, np.zeros(n))))


def write(path: Path, block: TrunkBlock) -> Path:
    with path.open("w") as file:
        write_samples([block], file)
    return path


def test_a_table_comes_back_to_the_last_bit(tmp_path: Path) -> None:
    upper = swaying()
    upper.acc_m_s2[5] = np.nan
    samples = read_samples(write(tmp_path / "a.csv", TrunkBlock.of(upper)))
    assert samples.rate_hz == pytest.approx(50.0)
    np.testing.assert_array_equal(samples.block.upper.t_s, upper.t_s)
    np.testing.assert_array_equal(samples.block.upper.acc_m_s2, upper.acc_m_s2)
    np.testing.assert_array_equal(samples.block.upper.gyr_rad_s, upper.gyr_rad_s)
    assert samples.block.lower is None


def test_two_sensors_with_two_clocks_come_back_as_they_were(tmp_path: Path) -> None:
    upper, lower = swaying(), swaying(900, 47.3, 0.0031)
    block = read_samples(write(tmp_path / "a.csv", TrunkBlock(upper, lower, 20.0))).block
    assert block.lower is not None
    np.testing.assert_array_equal(block.upper.t_s, upper.t_s)
    np.testing.assert_array_equal(block.lower.t_s, lower.t_s)
    np.testing.assert_array_equal(block.lower.acc_m_s2, lower.acc_m_s2)


def test_columns_may_stand_in_any_order_among_others(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    names = ["label", *reversed([TIME, *UPPER])]
    rows = [f"{9},0.3,0.2,0.1,9.8,0.2,0.1,{i / 10}" for i in range(5)]
    path.write_text("\n".join([",".join(names), *rows]))
    block = read_samples(path).block
    assert block.upper.acc_m_s2[0].tolist() == [0.1, 0.2, 9.8]
    assert block.upper.gyr_rad_s[0].tolist() == [0.1, 0.2, 0.3]


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("", "lacks the column t_s"),
        (HEADER.replace("gyr_y_rad_s", "gyro_y"), "lacks the column gyr_y_rad_s.*gyro_y"),
        (f"{HEADER},{LOWER[0]}\n", "lacks the column lower_acc_y_m_s2"),
        (f"{HEADER}\n", "no samples"),
        (f"{HEADER}\n0,0,0,9.8,0,0,0\n", r"1 sample\(s\)"),
        (f"{HEADER}\n0,0,0,9.8,0,0,0\n0.1,0,0,x,0,0,0\n", "line 3: acc_z_m_s2 is 'x', no number"),
        (f"{HEADER}\n0,0,0,9.8,0,0,0\n0.1,0,0\n", "line 3: 3 cells, 7 are needed"),
        (
            f"{HEADER}\n0,0,0,9.8,0,0,0\n0.1,0,0,9.8,0,0,0\n0.1,0,0,9.8,0,0,0\n",
            "time goes backwards at sample 2",
        ),
        (f"{HEADER}\n0,0,0,9.8,0,0,0\nnan,0,0,9.8,0,0,0\n", "t_s of sample 1 is not a number"),
        (f"{HEADER}\n0,0,0,1.0,0,0,0\n0.1,0,0,1.01,0,0,0\n", "looks like g: .* multiply by 9.80665"),
        (f"{HEADER}\n0,0,0,998,0,0,0\n0.1,0,0,1003,0,0,0\n", "looks like mg"),
        (f"{HEADER}\n0,0,0,55,0,0,0\n0.1,0,0,55,0,0,0\n", "median size of 55"),
        (f"{HEADER}\n0,0,0,9.8,0,0,0\n0.1,0,0,9.8,250,0,0\n", "looks like degrees per second"),
        (f"{HEADER}\n0,0,0,9.8,0,0,0\n20,0,0,9.8,0,0,0\n", "0.05 samples a second.* milliseconds"),
        (f"{HEADER}\n0,0,0,9.8,0,0,0\n2e7,0,0,9.8,0,0,0\n", "nanoseconds"),
        (f"{HEADER}\n0,0,0,9.8,0,0,0\n0.2,0,0,9.8,0,0,0\n", "5 samples a second.* needed in seconds"),
        (
            f"{HEADER}\n0,0,0,9.8,0,0,0\n0.1,0,1e300,9.8,0,0,0\n",
            "acc_y_m_s2 at t_s = 0.1 is 1e.300; no sensor",
        ),
        (f"{HEADER}\n0,0,0,9.8,0,0,0\n0.1,0,0,{'x' * 200_000},0,0,0\n", "field larger than field limit"),
        (f"{HEADER}\n0,0,0,9.8,0,0,0\n0.1,0,0,9.8,0,0,0\n".replace(",", ";"), "cells between semicolons"),
        (f"{HEADER}\n0,0,0,9.8,0,0,0\n0.1,0,0,9.8,0,0,0\n".replace(",", "\t"), "cells between tabs"),
        (f"{HEADER};0,5;9,81".replace(",", ";"), "a point"),
        ("\0" * 100, "neither a recording nor a table"),
        ("a" * 100_000, "its header has a{200}…"),
    ],
)
def test_a_wrong_table_is_refused_in_one_clear_line(tmp_path: Path, text: str, word: str) -> None:
    path = tmp_path / "a.csv"
    path.write_text(text)
    with pytest.raises(RecordingError, match=word) as caught:
        read_samples(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "written",
    [
        lambda text: text.replace("\n", "\r\n").encode(),
        lambda text: text.encode("utf-8-sig"),
        lambda text: text.replace(",", ", ").encode(),
        lambda text: "\n".join(",".join(f'"{c}"' for c in row.split(",")) for row in text.split()).encode(),
    ],
    ids=["line ends of Windows", "a byte order mark", "spaces after commas", "quotes"],
)
def test_a_table_may_be_written_as_a_spreadsheet_does(
    tmp_path: Path, written: Callable[[str], bytes]
) -> None:
    plain, other = write(tmp_path / "a.csv", TrunkBlock.of(swaying())), tmp_path / "b.csv"
    other.write_bytes(written(plain.read_text()))
    one, another = read_samples(plain).block.upper, read_samples(other).block.upper
    np.testing.assert_array_equal(one.t_s, another.t_s)
    np.testing.assert_array_equal(one.acc_m_s2, another.acc_m_s2)
    np.testing.assert_array_equal(one.gyr_rad_s, another.gyr_rad_s)


def test_slow_rates_in_degrees_are_noticed_by_how_gravity_turns(tmp_path: Path) -> None:
    block = swaying()
    degrees = SensorBlock(block.t_s, block.acc_m_s2, np.degrees(block.gyr_rad_s))
    with pytest.raises(RecordingError, match="looks like degrees per second"):
        read_samples(write(tmp_path / "a.csv", TrunkBlock.of(degrees)))


def test_the_real_recordings_pass_the_check_of_units(shared_data: Path, tmp_path: Path) -> None:
    for path in sorted((shared_data / "broad").glob("*.npz")):
        with np.load(path) as trial:
            t = np.arange(len(trial["acc_m_s2"])) / float(trial["rate_hz"])
            block = SensorBlock.checked(t, trial["acc_m_s2"], trial["gyr_rad_s"], float("nan"))
        with io.StringIO() as out:
            assert write_samples([TrunkBlock.of(block.cut(0, 2000))], out) == 2000
        read_samples(write(tmp_path / "a.csv", TrunkBlock.of(block.cut(0, 9000))))
