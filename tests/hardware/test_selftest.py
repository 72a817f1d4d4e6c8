"""The factory self-test: a healthy chip passes on every axis, a broken one on none."""

import dataclasses

import pytest

from firmware_py.hardware.twin.chip import TYPICAL

from .test_contract import PAIRS, rig


@pytest.mark.parametrize("part", PAIRS)
def test_a_healthy_chip_passes_on_every_axis_and_runs_afterwards(part: str) -> None:
    bench = rig(part, flaws=TYPICAL).opened()
    results = bench.imu.self_test()
    assert len(results) >= 4
    assert [r.axis for r in results if not r.passed] == []
    bench.imu.open()
    assert sum(len(b.upper) for b in bench.play(1.0)) > 80


@pytest.mark.parametrize("part", PAIRS)
def test_a_chip_whose_masses_do_not_move_fails_on_every_axis(part: str) -> None:
    bench = rig(part, flaws=dataclasses.replace(TYPICAL, self_test=0.05)).opened()
    assert [r.axis for r in bench.imu.self_test() if r.passed] == []


def test_a_clone_without_factory_values_is_not_judged() -> None:
    bench = rig("MPU-6050").opened()
    bench.chip.registers[0x0D:0x11] = bytes(4)
    assert bench.imu.self_test() == ()
