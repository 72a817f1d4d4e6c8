"""What each driver puts on the wire, held against register settings taken from the data sheets.

The tables below were written from the register descriptions, register by register, as what the chip must
end up holding and in which order the steps have to come; they do not look at the driver. A chip that
only remembers what was written (no twin) plays the other side.
"""

from dataclasses import dataclass

import pytest
import smbus2

from firmware_py.hardware.i2c import I2cBus, Smbus
from firmware_py.hardware.twin.clock import VirtualClock

from .rig import STARTS_S, Rig
from .test_contract import PAIRS, rig

Register = int | tuple[int, int]

# Address of a register (with the bank of the ICM-20948 in front) -> value it must hold in the run.
HELD: dict[str, dict[Register, int]] = {
    # RM-MPU-6000A-00 rev 4.2. 0x19 SMPLRT_DIV 9: 1 kHz / 10. 0x1A CONFIG DLPF_CFG 4. 0x1B GYRO_CONFIG
    # FS_SEL 1. 0x1C ACCEL_CONFIG AFS_SEL 1. 0x23 FIFO_EN: XG YG ZG ACCEL. 0x6A USER_CTRL FIFO_EN. 0x6B
    # PWR_MGMT_1 CLKSEL 1.
    "MPU-6050": {0x19: 9, 0x1A: 4, 0x1B: 1 << 3, 0x1C: 1 << 3, 0x23: 0b0111_1000, 0x6A: 0x40, 0x6B: 0x01},
    # RM-MPU-6500A-00 rev 2.1: the same, and 0x1D ACCEL_CONFIG2 A_DLPF_CFG 4, ACCEL_FCHOICE_B 0.
    **{
        part: {0x19: 9, 0x1A: 4, 0x1B: 1 << 3, 0x1C: 1 << 3, 0x1D: 4, 0x23: 0b0111_1000, 0x6A: 0x40, 0x6B: 1}
        for part in ("MPU-6500", "MPU-9250")
    },
    # DS-000189 rev 1.3. Bank 0: 0x03 USER_CTRL FIFO_EN, 0x06 PWR_MGMT_1 CLKSEL 1, 0x07 PWR_MGMT_2 0, 0x66 and
    # 0x67 FIFO_EN: ACCEL, GYRO Z Y X; 0x68 FIFO_RST let go; 0x69 FIFO_MODE stream. Bank 2: 0x00
    # GYRO_SMPLRT_DIV 10, 0x01 GYRO_CONFIG_1 DLPFCFG 4, FS_SEL 1, FCHOICE 1; 0x11 ACCEL_SMPLRT_DIV_2 10,
    # 0x14 ACCEL_CONFIG DLPFCFG 4, FS_SEL 1, FCHOICE 1.
    "ICM-20948": {
        (0, 0x03): 0x40,
        (0, 0x06): 0x01,
        (0, 0x07): 0x00,
        (0, 0x66): 0x00,
        (0, 0x67): 0b0001_1110,
        (0, 0x68): 0x00,
        (0, 0x69): 0x00,
        (2, 0x00): 10,
        (2, 0x01): 0b0010_0011,
        (2, 0x11): 10,
        (2, 0x14): 0b0010_0011,
    },
    # DocID030071 rev 3. 0x10 CTRL1_XL: ODR 0100 (104 Hz), FS 10 (±4 g), LPF1_BW_SEL 1. 0x11 CTRL2_G:
    # ODR 0100, FS 01 (500 dps). 0x12 CTRL3_C: BDU, IF_INC. 0x08 FIFO_CTRL3: no decimation of either.
    # 0x0A FIFO_CTRL5: ODR_FIFO 0100, mode 110 (continuous).
    "LSM6DS3TR-C": {
        0x10: 0b0100_1010,
        0x11: 0b0100_0100,
        0x12: 0b0100_0100,
        0x08: 0b0000_1001,
        0x0A: 0b0010_0110,
    },
    # DS12140 rev 2. As above; 0x09 FIFO_CTRL3: BDR_GY 0100, BDR_XL 0100. 0x0A FIFO_CTRL4: mode 110.
    "LSM6DSO": {
        0x10: 0b0100_1010,
        0x11: 0b0100_0100,
        0x12: 0b0100_0100,
        0x09: 0b0100_0100,
        0x0A: 0b0000_0110,
    },
    # BST-BMI160-DS000. 0x40 ACC_CONF: bwp 001 (OSR2), odr 1000 (100 Hz). 0x41 ACC_RANGE 0101 (±4 g). 0x42
    # GYR_CONF: bwp 01, odr 1000. 0x43 GYR_RANGE 010 (±500). 0x47 FIFO_CONFIG_1: gyr, acc, no header.
    "BMI160": {0x40: 0b0001_1000, 0x41: 0x05, 0x42: 0b0001_1000, 0x43: 0x02, 0x47: 0b1100_0000},
}

# Steps that have to come in this order while opening: (register, value), whatever stands between them.
ORDER = {
    # Reset; awake before anything else; FIFO emptied while it is off, then on.
    "MPU-6050": [(0x6B, 0xC0), (0x6B, 0x00), (0x19, 9), (0x6A, 0x04), (0x6A, 0x40)],
    "MPU-6500": [(0x6B, 0x81), (0x6B, 0x01), (0x19, 9), (0x6A, 0x04), (0x6A, 0x40)],
    "MPU-9250": [(0x6B, 0x81), (0x6B, 0x01), (0x19, 9), (0x6A, 0x04), (0x6A, 0x40)],
    # Bank 0 before the reset; awake; bank 2 for the rates; bank 0 again; FIFO on; reset asserted, let go.
    "ICM-20948": [
        (0x7F, 0x00),
        (0x06, 0x80),
        (0x06, 0x01),
        (0x7F, 0x20),
        (0x14, 0x23),
        (0x7F, 0x00),
        (0x03, 0x40),
        (0x68, 0x1F),
        (0x68, 0x00),
    ],
    # SW_RESET keeps IF_INC; bypass empties the FIFO, then continuous.
    "LSM6DS3TR-C": [(0x12, 0x05), (0x12, 0x44), (0x08, 0x09), (0x0A, 0x20), (0x0A, 0x26)],
    "LSM6DSO": [(0x12, 0x05), (0x12, 0x44), (0x09, 0x44), (0x0A, 0x00), (0x0A, 0x06)],
    # softreset; accelerometer normal, gyroscope normal (in this order, 3.8 ms apart); fifo_flush at the end.
    "BMI160": [(0x7E, 0xB6), (0x7E, 0x11), (0x7E, 0x15), (0x47, 0xC0), (0x7E, 0xB0)],
}

# One read of ten samples in good health: (register, bytes) of every read in it.
STEADY = {
    "MPU-6050": [(0x72, 2), (0x74, 120)],
    "MPU-6500": [(0x72, 2), (0x74, 120)],
    "MPU-9250": [(0x72, 2), (0x74, 120)],
    "ICM-20948": [(0x1B, 1), (0x70, 2), (0x72, 120)],
    "LSM6DS3TR-C": [(0x3A, 3), (0x3E, 120)],
    "LSM6DSO": [(0x3A, 2), (0x78, 140)],
    "BMI160": [(0x22, 2), (0x24, 120)],
}


class Listener:
    """Writes down what passes: `writes` of (register, value), `reads` of (register, count)."""

    def __init__(self, inner: Smbus) -> None:
        self.inner = inner
        self.writes: list[tuple[int, int]] = []
        self.reads: list[tuple[int, int]] = []

    def i2c_rdwr(self, *messages: smbus2.i2c_msg) -> None:
        self.inner.i2c_rdwr(*messages)
        selected = -1  # none yet
        for message in messages:
            if message.flags & 1:
                self.reads.append((selected, message.len))
            else:
                selected, *values = bytes(message)
                self.writes += [(selected + i, value) for i, value in enumerate(values)]

    def close(self) -> None:
        pass


@pytest.fixture(params=PAIRS)
def part(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@dataclass
class Overheard:
    """A bench whose driver was opened through a listener."""

    bench: Rig
    wire: Listener


@pytest.fixture
def opened(part: str) -> Overheard:
    bench = rig(part)
    wire = Listener(bench.bus)
    driver, _, address = PAIRS[part]
    bench.imu = driver(I2cBus(wire, "bus 1"), address, clock=bench.clock, origin_s=STARTS_S)
    bench.imu.open()
    return Overheard(bench, wire)


def test_after_opening_the_chip_holds_what_the_data_sheet_asks_for(part: str, opened: Overheard) -> None:
    held: dict[Register, int] = {}
    bank = 0
    for register, value in opened.wire.writes:
        if part == "ICM-20948":
            if register == 0x7F:
                bank = value >> 4
            held[bank, register] = value
        else:
            held[register] = value
    assert {register: held.get(register) for register in HELD[part]} == HELD[part]


def test_the_steps_of_opening_come_in_the_order_the_data_sheet_asks_for(part: str, opened: Overheard) -> None:
    written = iter(opened.wire.writes)
    for step in ORDER[part]:
        assert step in written, f"{step} is missing or comes too early"  # `in` moves the iterator on


def test_a_read_in_steady_state_is_a_level_and_one_burst(part: str, opened: Overheard) -> None:
    bench = opened.bench
    bench.play(1.25)
    now_s = bench.clock.monotonic()
    bench.clock.sleep(bench.imu.moment(now_s, 0.5) - now_s)  # well away from any sample
    bench.imu.read()  # however many frames were left
    bench.clock.sleep(10 / bench.imu.measured_rate_hz)
    opened.wire.writes.clear()
    opened.wire.reads.clear()
    assert len(bench.imu.read()) == 10
    assert opened.wire.reads == STEADY[part]
    assert opened.wire.writes == []


@pytest.mark.parametrize(("speed_hz", "most"), [(100_000, 0.15), (400_000, 0.04)])
def test_the_bus_is_mostly_free(part: str, speed_hz: float, most: float) -> None:
    bench = rig(part, speed_hz=speed_hz).opened()
    bench.play(5.0)
    before = bench.bus.wire_s
    bench.play(20.0)
    assert (bench.bus.wire_s - before) / 20.0 < most


def test_a_virtual_second_is_a_second() -> None:
    clock = VirtualClock(1.0)
    clock.sleep(0.25)
    clock.sleep(-1.0)
    assert clock.monotonic() == 1.25
