"""The MPU-6050: what it puts on the wire and how its bytes become numbers.

The traffic below was written from Register Map revision 4.2, not from the driver.
"""

import math

import numpy as np
import pytest

from firmware_py.errors import SensorError
from firmware_py.hardware.i2c import I2cBus
from firmware_py.hardware.imu import open_imu
from firmware_py.hardware.twin.bus import TwinBus
from firmware_py.hardware.twin.clock import VirtualClock
from firmware_py.hardware.twin.devnode import mounted
from firmware_py.hardware.twin.motion import Resting
from firmware_py.hardware.twin.mpu6050 import TwinMpu6050

from .rig import Rig

G = 9.80665


def test_a_frame_of_known_bytes_becomes_exactly_the_single_precision_value() -> None:
    rig = Rig(motion=Resting((0.0, -G, 2 * G), (0.0, math.radians(-250.0), math.radians(100.0)))).opened()
    block = rig.play(0.2)[-1].upper
    # ±4 g: 8192 counts per g; ±500 °/s: 65.5 counts per °/s.
    counts = np.array([0, -8192, 16384, 0, -16375, 6550], dtype=np.float32)
    per_count = np.array([4 * G / 32768] * 3 + [math.radians(1 / 65.5)] * 3, dtype=np.float32)
    expected = counts * per_count
    assert expected.dtype == np.float32
    assert (block.acc_m_s2 == expected[:3].astype(float)).all()
    assert (block.gyr_rad_s == expected[3:].astype(float)).all()


def test_every_value_survives_single_precision() -> None:
    rig = Rig(motion=Resting((1.234, 5.678, 9.012), (0.1, -0.2, 0.3))).opened()
    block = rig.play(0.2)[-1].upper
    assert (block.acc_m_s2 == block.acc_m_s2.astype(np.float32)).all()
    assert (block.gyr_rad_s == block.gyr_rad_s.astype(np.float32)).all()


def test_no_chip_on_the_bus_says_what_to_check() -> None:
    clock = VirtualClock()
    with pytest.raises(
        SensorError, match=r"nothing answered; is I2C switched on .raspi-config., is SDA on pin 3"
    ):
        open_imu(I2cBus(TwinBus(clock, 400e3), "bus 1"), 0x68, clock=clock)


def test_a_missing_bus_says_how_to_switch_it_on() -> None:
    with pytest.raises(SensorError, match="/dev/i2c-217 does not exist; switch I2C on"):
        I2cBus.open(217)


def test_the_driver_and_smbus2_run_unmodified_above_the_system_call() -> None:
    clock = VirtualClock(5.0)
    twin = TwinBus(clock, 400e3)
    twin.attach(0x68, TwinMpu6050(Resting(), clock))
    with mounted({1: twin}):
        bus = I2cBus.open(1)
        imu = open_imu(bus, clock=clock)
        imu.read()
        clock.sleep(0.3)
        block = imu.read()
        bus.close()
    assert imu.name == "MPU-6050 at 0x68 on bus 1"
    assert 30 <= len(block) <= 31
    np.testing.assert_allclose(block.acc_m_s2[:, 2], G, rtol=1e-6)
