"""The core is a function of its inputs: it knows no clock, bus, broker, file, chance or page."""

from __future__ import annotations

import ast

import numpy as np
import pytest

from firmware_py.posture.blocks import SensorBlock, TrunkBlock, rechunk
from firmware_py.posture.events import Event
from firmware_py.posture.monitor import Monitor
from firmware_py.posture.profile import CalibrationProfile, SensorProfile

from ..imports import imports, modules, within
from .stories import swaying

PURE = {
    "__future__",
    "abc",
    "bisect",
    "collections",
    "dataclasses",
    "datetime",  # to read and check a date that is given; asking for today's is looked for below
    "difflib",
    "enum",
    "functools",
    "heapq",
    "itertools",
    "json",
    "math",
    "operator",
    "re",
    "statistics",
    "typing",
}
"""What of the standard library computes and does nothing else."""

IMPURE_CALLS = {
    "open",
    "print",
    "input",
    "exec",
    "eval",
    "__import__",
    "now",
    "today",
    "utcnow",
    "default_rng",
}

CORE = [module for module in modules() if within(module, "firmware_py.posture")]
TWO = CalibrationProfile(lower=SensorProfile())


@pytest.mark.parametrize("module", CORE)
def test_a_module_of_the_core_imports_numpy_and_what_only_computes(module: str) -> None:
    # scipy: tests/test_imports.py says where; msgspec: records that are made ten times a second, and messages
    allowed = PURE | {"numpy", "scipy", "msgspec", "firmware_py"}
    foreign = {
        one.target for one in imports() if one.module == module and one.target.split(".")[0] not in allowed
    }
    assert not foreign


@pytest.mark.parametrize("module", CORE)
def test_a_module_of_the_core_asks_for_no_time_file_or_chance(module: str) -> None:
    tree = ast.parse(modules()[module].read_text(encoding="utf-8"))
    called = {
        node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
    }
    assert not called & IMPURE_CALLS
    assert not any(isinstance(node, ast.Global | ast.Nonlocal) for node in ast.walk(tree)), "no global state"


def story(seed: int) -> list[TrunkBlock]:
    t_s = np.arange(6000) / 100.0
    whole = TrunkBlock(swaying(t_s, seed), swaying(t_s + 0.002, seed + 1), float(t_s[-1]))
    return list(rechunk([whole], 10))


def test_two_monitors_side_by_side_do_not_know_of_one_another() -> None:
    alone = [_told(Monitor(TWO, 100.0), story(seed)) for seed in (1, 5)]
    one, other = Monitor(TWO, 100.0), Monitor(TWO, 100.0)
    together: tuple[list[Event], list[Event]] = ([], [])
    for a, b in zip(story(1), story(5), strict=True):
        together[0].extend(one.feed(a))
        together[1].extend(other.feed(b))
    assert [repr(e) for e in together[0] + one.finish()] == [repr(e) for e in alone[0]]
    assert [repr(e) for e in together[1] + other.finish()] == [repr(e) for e in alone[1]]


def _told(monitor: Monitor, blocks: list[TrunkBlock]) -> list[Event]:
    return [event for block in blocks for event in monitor.feed(block)] + monitor.finish()


@pytest.mark.parametrize("size", [10, 6000])
def test_the_core_writes_nothing_into_the_samples_it_is_given(size: int) -> None:
    whole = TrunkBlock(swaying(np.arange(6000) / 100.0, 3), None, 59.9)
    for array in (whole.upper.t_s, whole.upper.acc_m_s2, whole.upper.gyr_rad_s):
        array.flags.writeable = False
    kept = SensorBlock(whole.upper.t_s, whole.upper.acc_m_s2.copy(), whole.upper.gyr_rad_s.copy())
    assert _told(Monitor(CalibrationProfile(), 100.0), list(rechunk([whole], size)))
    np.testing.assert_array_equal(whole.upper.acc_m_s2, kept.acc_m_s2)
    np.testing.assert_array_equal(whole.upper.gyr_rad_s, kept.gyr_rad_s)
