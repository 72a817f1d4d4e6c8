"""Who may import whom: the picture in `docs/architecture.md`, held against the code."""

from __future__ import annotations

import subprocess
import sys
from graphlib import TopologicalSorter

import pytest

from .conftest import ROOT
from .imports import OURS, Import, imports, modules, within

CORE = ("firmware_py.posture", "firmware_py.errors")

# Of our own modules a module may import those named here; the longest name that fits it counts.
MAY_IMPORT: dict[str, tuple[str, ...]] = {
    "firmware_py": (),
    "firmware_py.errors": (),
    "firmware_py.arguments": (),
    "firmware_py.posture": CORE,
    "firmware_py.hardware": (*CORE, "firmware_py.hardware"),
    "firmware_py.links": (*CORE, "firmware_py.links"),
    # Files beside the core: formats, settings, words.
    "firmware_py.config": (*CORE, "firmware_py.config_words"),
    "firmware_py.config_words": (),
    "firmware_py.secret": CORE,
    "firmware_py.recording": (*CORE, "firmware_py.recording_format"),
    "firmware_py.recording_format": CORE,
    "firmware_py.whole_file": (),
    "firmware_py.timezone": CORE,
    "firmware_py.settings_file": (*CORE, "firmware_py.timezone", "firmware_py.whole_file"),
    "firmware_py.preferences": (*CORE, "firmware_py.settings_file", "firmware_py.timezone"),
    "firmware_py.samples_csv": CORE,
    "firmware_py.keeper": (*CORE, "firmware_py.recording"),
    "firmware_py.inputs": (
        *CORE,
        "firmware_py.recording",
        "firmware_py.recording_format",
        "firmware_py.samples_csv",
    ),
    "firmware_py.loop": CORE,
    "firmware_py.exercise_file": CORE,
    "firmware_py.exercising": (*CORE, "firmware_py.whole_file"),
    "firmware_py.console": CORE,
    "firmware_py.service": CORE,
    "firmware_py.machine_state": CORE,
    "firmware_py.units": (),
    "firmware_py.install": ("firmware_py.errors", "firmware_py.units"),
    # Composition roots know all of firmware_py; the other two packages they know inside functions only.
    "firmware_py.cli": OURS,
    "firmware_py.app": OURS,
    "firmware_py.live": OURS,
    "firmware_py.demo": OURS,
    "firmware_py.simulated": OURS,
    "firmware_py.offline": OURS,
    "firmware_py.replay": OURS,
    "firmware_py.page": OURS,
    "firmware_py.sensors": OURS,
    "firmware_py.body": OURS,
    "firmware_py.guided": OURS,
    "firmware_py.administer": OURS,
    "firmware_py.people": OURS,
    "firmware_py.report": OURS,
    "firmware_py.doctor": OURS,
    "calibration": (*CORE, "firmware_py.config", "firmware_py.whole_file", "calibration"),
    "dashboard": (
        *CORE,
        "firmware_py.config",
        "firmware_py.exercise_file",
        "firmware_py.whole_file",
        "dashboard",
    ),
}

ROOTS = {module for module, allowed in MAY_IMPORT.items() if allowed == OURS}

# Libraries that are spoken to in few places, so that another one could take their place.
HOMES: dict[str, tuple[str, ...]] = {
    "paho": ("firmware_py.links.mqtt", "dashboard.subscriber"),
    "gpiozero": ("firmware_py.hardware.motors",),
    "smbus2": ("firmware_py.hardware.i2c", "firmware_py.hardware.twin"),
    "amqtt": ("firmware_py.links.broker",),
    "typst": ("dashboard.report.files",),
    "sqlalchemy": ("dashboard",),
    "alembic": ("dashboard",),
    "starlette": ("dashboard",),
    "uvicorn": ("dashboard",),
    "scipy": ("calibration", "firmware_py.posture", "firmware_py.offline"),
}

# The demo is where a simulation is asked for; nothing else may reach for one.
KNOWS_THE_TWIN = ("firmware_py.hardware.twin", "firmware_py.demo", "firmware_py.simulated")


def offences(wrong: list[Import]) -> str:
    return "\n".join(str(one) for one in wrong)


def allowed(module: str) -> tuple[str, ...]:
    return MAY_IMPORT[max((name for name in MAY_IMPORT if within(module, name)), key=len)]


def ours() -> list[Import]:
    # The bare package holds the version and nothing else; whoever wants may know it.
    return [one for one in imports() if one.target.split(".")[0] in OURS and one.target != "firmware_py"]


def test_every_module_has_its_place_in_the_picture() -> None:
    homeless = [
        module
        for module in modules()
        if module.startswith("firmware_py.")
        and not any(within(module, name) for name in list(MAY_IMPORT)[1:])
    ]
    assert homeless == [], (
        "say in MAY_IMPORT what they may import, and in docs/architecture.md where they stand"
    )


def test_the_document_of_the_architecture_names_every_file_and_folder_of_the_firmware() -> None:
    text = (ROOT / "docs/architecture.md").read_text()
    folder = ROOT / "firmware_py"
    files = [path.name for path in folder.glob("*.py") if path.name != "__init__.py"]
    folders = [f"{path.parent.name}/" for path in folder.glob("*/__init__.py")]
    assert [name for name in [*files, *folders] if name not in text] == []


def test_the_picture_names_no_module_that_is_gone() -> None:
    gone = [name for name in MAY_IMPORT if name not in modules()]
    assert gone == []


def test_imports_point_the_way_of_the_picture() -> None:
    wrong = [one for one in ours() if not any(within(one.target, name) for name in allowed(one.module))]
    assert not wrong, offences(wrong)


@pytest.mark.parametrize("package", ["calibration", "dashboard"])
def test_firmware_reaches_for_the_other_packages_only_when_asked_to(package: str) -> None:
    wrong = [
        one
        for one in ours()
        if within(one.module, "firmware_py")
        and within(one.target, package)
        and not (one.deferred and any(within(one.module, root) for root in ROOTS))
    ]
    assert not wrong, offences(wrong)


def test_no_modules_import_one_another_in_a_circle() -> None:
    at_once: dict[str, set[str]] = {}
    for one in imports():
        if not one.deferred and one.target != one.module:
            at_once.setdefault(one.module, set()).add(one.target)
    TopologicalSorter(at_once).prepare()  # a CycleError names the circle


def test_a_simulation_is_asked_for_in_one_place() -> None:
    wrong = [
        one
        for one in ours()
        if within(one.target, "firmware_py.hardware.twin")
        and not any(within(one.module, name) for name in KNOWS_THE_TWIN)
    ]
    assert not wrong, offences(wrong)


@pytest.mark.parametrize("library", HOMES)
def test_a_library_is_spoken_to_at_home_only(library: str) -> None:
    wrong = [
        one
        for one in imports()
        if within(one.target, library) and not any(within(one.module, home) for home in HOMES[library])
    ]
    assert not wrong, offences(wrong)


def test_the_firmware_imports_scipy_only_where_a_function_asks_for_it() -> None:
    # At the top of a module it is as good, where that module itself is imported inside functions only.
    at_once = {one.module for one in imports() if within(one.target, "scipy") and not one.deferred}
    wrong = [
        one
        for one in ours()
        if one.target in at_once and within(one.module, "firmware_py") and not one.deferred
    ]
    assert not wrong, offences(wrong)


LIVE = """
import sys
import firmware_py.app, firmware_py.links.publisher, firmware_py.hardware.source, firmware_py.hardware.imu
import numpy as np
from firmware_py.posture.blocks import SensorBlock, TrunkBlock, rechunk
from firmware_py.posture.monitor import Monitor
from firmware_py.posture.profile import CalibrationProfile, SensorProfile

t = np.arange(3000) / 100.0
block = SensorBlock(t, np.tile([9.80665, 0.0, 0.0], (3000, 1)), np.zeros((3000, 3)), 30.0)
monitor = Monitor(CalibrationProfile(lower=SensorProfile()), 100.0)
blocks = rechunk([TrunkBlock(block, block, 29.9)], 10)
events = [event for block in blocks for event in monitor.feed(block)] + monitor.finish()
assert len(events) > 250, len(events)
print(*sorted({name.split(".")[0] for name in sys.modules}))
"""


def test_the_live_monitor_loads_neither_scipy_nor_the_page_nor_calibration() -> None:
    done = subprocess.run([sys.executable, "-c", LIVE], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    loaded = set(done.stdout.split())
    assert {"numpy", "firmware_py", "paho"} <= loaded
    assert not loaded & {
        "scipy",
        "dashboard",
        "calibration",
        "sqlalchemy",
        "starlette",
        "asyncio",
        "matplotlib",
    }
