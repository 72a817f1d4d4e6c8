"""The doctor: what it says of a healthy set-up, and of everything that can be wrong with one."""

from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path
from typing import TypeVar

import pytest
from gpiozero import Device
from gpiozero.pins.mock import MockFactory
from msgspec import Struct

from firmware_py.config import (
    ButtonSection,
    Config,
    DeviceSection,
    ExercisesSection,
    LedSection,
    MotorSection,
    SensorSection,
    SensorsSection,
)
from firmware_py.doctor import machine
from firmware_py.doctor.finding import Finding, Verdict, as_json, as_text, exit_status
from firmware_py.doctor.walk import examine
from firmware_py.hardware.i2c import I2cBus
from firmware_py.hardware.twin.bus import TwinBus
from firmware_py.hardware.twin.chip import TYPICAL, Flaws, TwinChip
from firmware_py.hardware.twin.clock import VirtualClock
from firmware_py.hardware.twin.drv2605 import TwinDrv2605
from firmware_py.hardware.twin.motion import Motion, Resting
from firmware_py.hardware.twin.mpu6050 import TwinMpu6050, TwinMpu6500
from firmware_py.links.mosquitto import Member, admit, prepare
from firmware_py.posture.blocks import FloatArray

from .test_contract import PAIRS

Section = TypeVar("Section", bound=Struct)


class Setup:
    """A file system, a bus, and a configuration that names a broker nobody runs."""

    def __init__(self, root: Path) -> None:
        self.root = root
        (root / "dev").mkdir()
        (root / "dev/i2c-1").touch()
        (root / "etc").mkdir()
        (root / "etc/os-release").write_text('PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\n')
        (root / "proc/device-tree").mkdir(parents=True)
        (root / "proc/device-tree/model").write_text("Raspberry Pi Zero 2 W Rev 1.0\0")
        self.clock = VirtualClock(10.0)
        self.bus = TwinBus(self.clock, 400e3)
        self.config = Config(
            device=DeviceSection(data=str(root / "data")),
            mqtt=replaced(Config().mqtt, port=1),
        )

    def attach(
        self,
        address: int = 0x68,
        twin: type[TwinChip] = TwinMpu6050,
        flaws: Flaws = TYPICAL,
        motion: Motion | None = None,
    ) -> Setup:
        self.bus.attach(address, twin(motion or Resting(), self.clock, flaws))
        return self

    def examine_all(self, **changes: Struct) -> list[Finding]:
        config = replaced(self.config, **changes)
        return examine(
            config,
            root=self.root,
            open_bus=lambda number: I2cBus(self.bus, f"bus {number}"),
            clock=self.clock,
            broker_folder=self.root / "broker",
        )

    def examine(self, **changes: Struct) -> dict[str, Finding]:
        return {finding.check: finding for finding in self.examine_all(**changes)}


def replaced(section: Section, **changes: object) -> Section:
    """Like `dataclasses.replace`, for the sections of a configuration."""
    return type(section)(
        **{name: changes.get(name, getattr(section, name)) for name in section.__struct_fields__}
    )


@pytest.fixture
def setup(tmp_path: Path) -> Setup:
    return Setup(tmp_path)


def test_a_healthy_sensor_is_good_in_every_respect(setup: Setup) -> None:
    found = setup.attach().examine()
    for check in (
        "computer",
        "I2C bus 1",
        "bus 1",
        "sensor",
        "self-test",
        "sample rate",
        "noise",
        "bias",
        "disk",
    ):
        assert found[check].verdict is Verdict.GOOD, found[check]
    assert "MPU-6050 at 0x68 on bus 1, 31 °C" in found["sensor"].seen
    assert "+1.2 %" in found["sample rate"].seen
    assert found["calibration"].verdict is Verdict.NOTE


@pytest.mark.parametrize("part", PAIRS)
def test_every_part_that_is_sold_as_good_is_found_good(part: str, setup: Setup) -> None:
    _, twin, address = PAIRS[part]
    mild = dataclasses.replace(TYPICAL, gyr_bias_rad_s=(0.01, 0.0, 0.0), acc_noise_m_s2_rthz=0.0008)
    found = setup.attach(address, twin, dataclasses.replace(mild, gyr_noise_rad_s_rthz=7e-5)).examine()
    assert {found[c].verdict for c in ("sensor", "self-test", "sample rate", "noise")} == {Verdict.GOOD}


def test_an_empty_bus_says_which_pins_to_check(setup: Setup) -> None:
    found = setup.examine()
    assert found["bus 1"].verdict is Verdict.BAD
    assert "pin 3" in found["bus 1"].advice


def test_a_bus_that_is_off_says_how_to_switch_it_on(setup: Setup) -> None:
    (setup.root / "dev/i2c-1").unlink()
    found = setup.examine()
    assert found["I2C bus 1"].verdict is Verdict.BAD
    assert "raspi-config" in found["I2C bus 1"].advice


def test_a_broken_sensor_fails_its_self_test(setup: Setup) -> None:
    found = setup.attach(flaws=dataclasses.replace(TYPICAL, self_test=0.2)).examine()
    assert found["self-test"].verdict is Verdict.BAD
    assert "acc x" in found["self-test"].seen


def test_a_clone_is_named_and_read_all_the_same(setup: Setup) -> None:
    class Clone(TwinMpu6500):
        identity = 0x75

    found = setup.attach(twin=Clone).examine()
    assert found["sensor"].verdict is Verdict.NOTE
    assert "clone" in found["sensor"].seen
    assert found["sample rate"].verdict is Verdict.GOOD


def test_a_board_in_the_hand_is_not_judged_for_noise(setup: Setup) -> None:
    class Shaking(Resting):
        def at(self, t_s: FloatArray) -> tuple[FloatArray, FloatArray]:
            acc, gyr = super().at(t_s)
            gyr[:, 0] += 0.5 * (t_s * 3 % 1 - 0.5)
            return acc, gyr

    found = setup.attach(motion=Shaking()).examine()
    assert found["noise"].verdict is Verdict.NOTE
    assert "it was moved" in found["noise"].seen
    assert "bias" not in found


def test_a_sensor_of_another_rate_is_suspect(setup: Setup) -> None:
    found = setup.attach(flaws=dataclasses.replace(TYPICAL, clock_error=0.09)).examine()
    assert found["sample rate"].verdict is Verdict.BAD


def test_a_second_sensor_that_is_missing_is_told_with_the_address_pin(setup: Setup) -> None:
    two = SensorsSection(upper=SensorSection(address=0x68), lower=SensorSection())
    findings = setup.attach().examine_all(sensors=two)
    [told] = [finding for finding in findings if "2 configured on bus 1, 1 found" in finding.seen]
    assert told.verdict is Verdict.BAD
    assert "AD0" in told.advice


def test_a_motor_is_felt_and_a_missing_one_told(setup: Setup) -> None:
    drv = TwinDrv2605(setup.clock)
    setup.attach().bus.attach(0x5A, drv)
    found = setup.examine(motor=MotorSection(kind="drv2605l"))
    assert found["motor"].verdict is Verdict.NOTE
    assert max(strength for _, strength in drv.felt) > 0.7
    setup.bus.detach(0x5A)
    assert setup.examine(motor=MotorSection(kind="drv2605l"))["motor"].verdict is Verdict.BAD


def test_a_motor_on_a_bus_of_its_own_is_looked_at_too(setup: Setup) -> None:
    third = MotorSection(kind="drv2605l", bus=3)
    assert setup.attach().examine(motor=third)["I2C bus 3"].verdict is Verdict.BAD
    (setup.root / "dev/i2c-3").touch()
    drv = TwinDrv2605(setup.clock)
    setup.bus.attach(0x5A, drv)
    found = setup.examine(motor=third)
    assert found["motor"].verdict is Verdict.NOTE
    assert drv.felt


def test_an_led_is_lit_for_a_moment_and_one_without_pins_told(setup: Setup) -> None:
    assert setup.attach().examine(led=LedSection(pin=27))["led"].verdict is Verdict.BAD
    Device.pin_factory = MockFactory()
    try:
        pin = Device.pin_factory.pin(27)
        found = setup.examine(led=LedSection(pin=27))["led"]
        assert [bool(one.state) for one in pin.states] == [False, True, False]
    finally:
        Device.pin_factory.close()
        Device.pin_factory = None
    assert "did you see it?" in found.seen


def test_a_button_without_pins_is_told(setup: Setup) -> None:
    found = setup.attach().examine(button=ButtonSection(pin=17))
    assert found["button"].verdict is Verdict.BAD
    assert "GPIO" in found["button"].seen


def test_a_broker_that_is_not_there_is_named(setup: Setup) -> None:
    found = setup.attach().examine()
    assert found["broker"].verdict is Verdict.BAD
    assert "127.0.0.1:1" in found["broker"].seen


@pytest.mark.skipif(shutil.which("mosquitto_passwd") is None, reason="Mosquitto is not installed")
def test_a_broker_that_an_earlier_version_prepared_is_told_of_before_settings_are_lost(setup: Setup) -> None:
    folder = setup.root / "broker"
    prepare(folder, ["localhost"])
    admit(folder, Member("page", "reader"))
    assert "access list" not in setup.examine()
    # Until readers heard what they ask for, a page could not know what waits for a device that is away.
    access = folder / "access"
    access.write_text(access.read_text().replace("topic read plumbline/v1/+/command\n", ""))
    found = setup.examine()["access list"]
    assert found.verdict is Verdict.BAD
    assert "would not be kept" in found.seen
    assert "plumbline broker prepare" in found.advice
    prepare(folder, ["localhost"])
    assert "access list" not in setup.examine()


def test_a_sensor_in_use_is_left_alone(setup: Setup) -> None:
    process = setup.root / "proc/4711"
    (process / "fd").mkdir(parents=True)
    (process / "fd/7").symlink_to("/dev/i2c-1")
    (process / "comm").write_text("plumbline\n")
    found = setup.attach().examine()
    assert found["sensors"].verdict is Verdict.LEFT_OUT
    assert "plumbline (4711)" in found["sensors"].seen
    assert setup.bus.transfers == 0


def test_what_the_configuration_names_and_cannot_be_used_is_told_before_a_run(setup: Setup) -> None:
    assert setup.examine()["configuration"].verdict is Verdict.GOOD
    wrong = setup.examine_all(
        reminders=replaced(Config().reminders, timezone="Mars/Olympus"),
        motor=MotorSection(patterns={"slouch": "150@0.7 x"}),
        exercises=ExercisesSection(file=str(setup.root / "none.toml")),
    )
    told = [finding.seen for finding in wrong if finding.check == "configuration"]
    assert [words.partition(" ")[0] for words in told] == ["[reminders]", "[motor.patterns]", "[exercises]"]
    assert "'Mars/Olympus', which this device does not know" in told[0]
    assert "none.toml" in told[2]
    assert exit_status(wrong) == 1


def test_a_32_bit_system_is_refused_with_what_to_install(setup: Setup) -> None:
    assert machine.system(setup.root, "armv7l").verdict is Verdict.BAD
    assert "64-bit" in machine.system(setup.root, "armv7l").advice


def test_the_findings_read_alike_for_people_and_for_scripts(setup: Setup) -> None:
    findings = list(setup.attach().examine().values())
    text = as_text(findings)
    assert text.count("\n") >= len(findings)
    told = json.loads(json.dumps(as_json(findings)))
    assert told["ok"] is (exit_status(findings) == 0) is False  # the broker is not there
    assert [f["check"] for f in told["findings"]] == [f.check for f in findings]
