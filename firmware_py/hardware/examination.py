"""What a sensor is worth: self-test, noise, bias and true rate of a still board, against its data sheet."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ..posture.blocks import STANDARD_GRAVITY_M_S2, FloatArray
from .clock import Clock
from .fifo import FifoImu
from .i2c import I2cBus
from .selftest import AxisResult

STILL_S = 4.0
STILL_ENOUGH = 4.0
"""A board that shakes this many times its own noise does not lie still."""


@dataclass(frozen=True, slots=True)
class DataSheet:
    """What a data sheet promises.

    Attributes:
        acc_ug_rthz: noise density of the accelerometer, µg/√Hz.
        gyr_mdps_rthz: noise density of the gyroscope, m°/s/√Hz.
        acc_bias_mg: zero-g offset that it allows.
        gyr_bias_deg_s: zero-rate offset that it allows.
        acc_hz: low pass that the driver chose for acceleration.
        gyr_hz: low pass that the driver chose for rate.
    """

    acc_ug_rthz: float
    gyr_mdps_rthz: float
    acc_bias_mg: float
    gyr_bias_deg_s: float
    acc_hz: float
    gyr_hz: float


SHEETS = {
    "MPU-6050": DataSheet(400, 5, 80, 20, 21, 20),  # PS-MPU-6000A rev 3.4, 6.1 and 6.2
    "MPU-6500": DataSheet(300, 10, 60, 5, 21, 20),  # PS-MPU-6500A rev 1.3, 3.1 and 3.2
    "MPU-9250": DataSheet(300, 10, 80, 5, 21, 20),  # PS-MPU-9250A rev 1.1, 3.1 and 3.2
    "ICM-20948": DataSheet(230, 15, 50, 5, 24, 24),  # DS-000189 rev 1.3, 3.1 and 3.2
    "LSM6DS3TR-C": DataSheet(90, 5, 40, 3, 26, 33),  # DocID030071 rev 3, table 3
    "LSM6DSO": DataSheet(70, 3.8, 20, 1, 26, 33),  # DS12140 rev 2, table 2
    "BMI160": DataSheet(180, 7, 40, 3, 20, 20),  # BST-BMI160-DS000, 1.1
}


@dataclass(frozen=True, slots=True)
class Examined:
    """What was measured on a still board.

    Attributes:
        name: part, address and bus.
        part: what it says it is.
        self_test: axis by axis; empty where the chip has no factory values.
        samples: how many came.
        rate_hz: measured; `asked_hz` is what it was told.
        acc_noise_mg: root mean square of the worst axis.
        gyr_noise_deg_s: likewise.
        gravity_off_mg: how far the length of the mean acceleration is from 1 g.
        gyr_bias_deg_s: mean rate of the worst axis.
        temp_c: of the chip.
        sheet: what its data sheet promises; None for a part without one.
    """

    name: str
    part: str
    self_test: tuple[AxisResult, ...]
    samples: int
    rate_hz: float
    asked_hz: float
    acc_noise_mg: float
    gyr_noise_deg_s: float
    gravity_off_mg: float
    gyr_bias_deg_s: float
    temp_c: float
    sheet: DataSheet | None

    @property
    def expected_acc_mg(self) -> float:
        """Noise that the data sheet promises behind the low pass (first order: 1.57 times its corner)."""
        sheet = self.sheet
        return sheet.acc_ug_rthz * 1e-3 * math.sqrt(1.57 * sheet.acc_hz) if sheet else math.nan

    @property
    def expected_gyr_deg_s(self) -> float:
        """Likewise for the rate."""
        sheet = self.sheet
        return sheet.gyr_mdps_rthz * 1e-3 * math.sqrt(1.57 * sheet.gyr_hz) if sheet else math.nan

    @property
    def still(self) -> bool:
        """Whether the board lay still, judged by its gyroscope and what its data sheet promises."""
        limit = STILL_ENOUGH * self.expected_gyr_deg_s
        return not self.gyr_noise_deg_s > (limit if math.isfinite(limit) else 0.3)


def examine(
    bus: I2cBus, address: int, family: type[FifoImu], clock: Clock, still_s: float = STILL_S
) -> Examined:
    """Test, open and watch one sensor; takes some seconds, and no other program may read it meanwhile.

    Raises:
        SensorError: where it does not open.
        OSError: where it stops answering.
    """
    imu = family(bus, address, clock=clock, origin_s=clock.monotonic())
    imu.open()
    tests = imu.self_test()
    imu.open()
    acc: list[FloatArray] = []
    gyr: list[FloatArray] = []
    temp_c = math.nan
    ends_s = clock.monotonic() + still_s
    while clock.monotonic() < ends_s:
        block = imu.read()
        if len(block):
            acc.append(block.acc_m_s2)
            gyr.append(block.gyr_rad_s)
            temp_c = block.temp_c
        clock.sleep(0.1)
    force = np.vstack(acc) / STANDARD_GRAVITY_M_S2 * 1e3 if acc else np.full((1, 3), math.nan)
    rate = np.degrees(np.vstack(gyr)) if gyr else np.full((1, 3), math.nan)
    return Examined(
        name=imu.name,
        part=imu.part,
        self_test=tests,
        samples=sum(map(len, acc)),
        rate_hz=imu.measured_rate_hz,
        asked_hz=imu.rate_hz,
        acc_noise_mg=float(force.std(axis=0).max()),
        gyr_noise_deg_s=float(rate.std(axis=0).max()),
        gravity_off_mg=float(np.linalg.norm(force.mean(axis=0)) - 1000.0),
        gyr_bias_deg_s=float(np.abs(rate.mean(axis=0)).max()),
        temp_c=temp_c,
        sheet=SHEETS.get(imu.part),
    )
