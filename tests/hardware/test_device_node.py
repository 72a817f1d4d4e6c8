"""The unmodified program against a real `/dev/i2c-*` node: this machine's, or an emulated machine's."""

import json
from pathlib import Path

import numpy as np
import pytest

from firmware_py.errors import SensorError
from firmware_py.hardware.clock import SystemClock
from firmware_py.hardware.i2c import I2cBus
from firmware_py.hardware.identify import find
from firmware_py.hardware.imu import open_imu
from firmware_py.hardware.source import live

from .emulated import machine


@pytest.mark.slow
def test_a_sensor_of_this_machine_is_read_for_ten_seconds() -> None:
    node = next(Path("/dev").glob("i2c-*"), None)
    if node is None:
        pytest.skip("this machine has no /dev/i2c-*")
    bus = I2cBus.open(int(node.name.removeprefix("i2c-")))
    try:
        try:
            find(bus)
        except SensorError as error:
            pytest.skip(f"no sensor to read: {error}")
        clock = SystemClock()
        origin_s = clock.monotonic()
        imu = open_imu(bus, clock=clock, origin_s=origin_s)
        blocks = []
        for block in live([imu], clock, origin_s=origin_s):
            blocks.append(block)
            if block.until_s > 10.0:
                break
    finally:
        bus.close()
    t_s = np.concatenate([block.upper.t_s for block in blocks])
    assert abs(len(t_s) / 10.0 / imu.measured_rate_hz - 1.0) < 0.1
    assert np.diff(t_s).max() < 0.05


@pytest.mark.slow
def test_the_program_runs_unmodified_on_the_node_of_an_emulated_machine(tmp_path: Path) -> None:
    """A Debian kernel in QEMU, a node in user space, the simulated chip behind it; about three minutes."""
    if missing := machine.what_is_missing():
        pytest.skip(missing)
    said = machine.run(machine.HERE / "guest.py", tmp_path, timeout_s=580.0)
    told = [line for line in said.splitlines() if "RESULT " in line]
    assert told, said[-3000:]
    result = json.loads(told[0].partition("RESULT ")[2])
    status, words = result["without"]
    assert status != 0
    assert "no I2C bus 1: /dev/i2c-1 does not exist; switch I2C on" in words
    assert result["node"]
    assert result["recorded"] == [0, ""]
    # An emulated processor is some thirty times slower than a Pi and drops most samples, aloud; what comes
    # through must be what the simulated chip felt.
    assert result["rows"] > 50
    t_s, x, y, z, *_ = map(float, result["last"].split(","))
    assert 3.0 < t_s < 30.0
    assert abs(np.linalg.norm([x, y, z]) - 9.81) < 1.0
    findings = {finding["check"]: finding for finding in json.loads(result["examined"][1])["findings"]}
    assert findings["I2C bus 1"]["verdict"] == findings["bus 1"]["verdict"] == "good"
    assert "MPU-6050 at 0x68 on bus 1" in findings["sensor"]["seen"]
    assert "Traceback" not in said
