"""Draw the wiring diagrams of `docs/hardware.md`: `python docs/make_wiring.py` writes `docs/wiring/*.svg`.

The wires stand here once, as data; a test holds the drawings and the document's pin tables against them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape
from pathlib import Path

FOLDER = Path(__file__).parent / "wiring"

HEADER = (
    ("3.3 V", "5 V"),
    ("GPIO 2 SDA", "5 V"),
    ("GPIO 3 SCL", "ground"),
    ("GPIO 4", "GPIO 14"),
    ("ground", "GPIO 15"),
    ("GPIO 17", "GPIO 18"),
    ("GPIO 27", "ground"),
)
"""The first rows of the Pi's header: odd pins left, even pins right (pinout of every Pi with 40 pins)."""

COLOURS = {"3.3 V": "#c62828", "ground": "#37474f", "SDA": "#1565c0", "SCL": "#ef8f00", "signal": "#6a1b9a"}


@dataclass(frozen=True)
class Wire:
    """From a pin of the board to a pin of the Pi's header; `what` chooses the colour."""

    board: str
    pi: int
    what: str


@dataclass(frozen=True)
class Diagram:
    """One board: its pins in the order in which they stand on it, and the wires that are needed."""

    name: str
    title: str
    pins: tuple[str, ...]
    wires: tuple[Wire, ...]
    notes: tuple[str, ...] = field(default=())


def i2c(vcc: str, ground: str = "GND", sda: str = "SDA", scl: str = "SCL") -> tuple[Wire, ...]:
    """The four wires of every I²C board."""
    return (Wire(vcc, 1, "3.3 V"), Wire(ground, 6, "ground"), Wire(sda, 3, "SDA"), Wire(scl, 5, "SCL"))


DIAGRAMS = (
    Diagram(
        "mpu6050",
        "MPU-6050 on a GY-521 board",
        ("VCC", "GND", "SCL", "SDA", "XDA", "XCL", "AD0", "INT"),
        i2c("VCC"),
        ("Address 0x68; 0x69 with AD0 at 3.3 V.", "XDA, XCL and INT stay free."),
    ),
    Diagram(
        "mpu9250",
        "MPU-6500 or MPU-9250 on a GY-6500, GY-9250 or GY-91 board",
        ("VCC", "GND", "SCL", "SDA", "EDA", "ECL", "AD0", "INT", "NCS", "FSYNC"),
        i2c("VCC"),
        ("Address 0x68; 0x69 with AD0 at 3.3 V.", "NCS must be high or free: low means SPI."),
    ),
    Diagram(
        "icm20948",
        "ICM-20948 breakout (Adafruit, SparkFun)",
        ("VIN", "3Vo", "GND", "SCL", "SDA", "AD0", "CS", "INT"),
        i2c("VIN"),
        ("Address 0x69; 0x68 with AD0 at ground (jumper).",),
    ),
    Diagram(
        "lsm6ds",
        "LSM6DS3TR-C, LSM6DSO or LSM6DSOX breakout",
        ("VIN", "3Vo", "GND", "SCL", "SDA", "DO", "CS", "I1"),
        i2c("VIN"),
        ("Address 0x6a; 0x6b with DO (SA0) at 3.3 V.", "CS free or high: low means SPI."),
    ),
    Diagram(
        "bmi160",
        "BMI160 on a GY-BMI160 board",
        ("VIN", "3V3", "GND", "SCL", "SDA", "CS", "SAO"),
        i2c("VIN"),
        ("Address 0x69, for SAO is pulled up; 0x68 with SAO at ground.",),
    ),
    Diagram(
        "drv2605l",
        "Motor behind a DRV2605L, on the sensor's bus",
        ("VIN", "GND", "SCL", "SDA", "IN", "motor +", "motor −"),
        i2c("VIN"),
        ("Address 0x5a.", "An eccentric-mass motor for 3 V, to the two motor pins."),
    ),
    Diagram(
        "motor",
        "Motor on a GPIO pin, through a transistor",
        ("motor +", "motor −", "gate", "source"),
        (Wire("motor +", 1, "3.3 V"), Wire("gate", 12, "signal"), Wire("source", 9, "ground")),
        (
            "N-channel logic-level MOSFET: drain at motor −; 10 kΩ from gate to ground.",
            "A diode across the motor, its ring at motor +. Never a motor at a bare GPIO pin.",
        ),
    ),
    Diagram(
        "button",
        "Push button, and an LED if you like",
        ("button a", "button b", "LED +", "LED −"),
        (
            Wire("button a", 11, "signal"),
            Wire("button b", 14, "ground"),
            Wire("LED +", 13, "signal"),
            Wire("LED −", 9, "ground"),
        ),
        ("The pull-up is in the Pi.", "LED with 330 Ω in series."),
    ),
)

TWO_SENSORS = Diagram(
    "two-sensors",
    "Two sensors on one bus: the second one's address pin at 3.3 V",
    ("VCC", "GND", "SCL", "SDA", "AD0"),
    (*i2c("VCC"), Wire("AD0", 1, "3.3 V")),
    ("Power and both lines run on from the first sensor; only AD0 differs.",),
)


def pin_name(number: int) -> str:
    """What a pin of the header is."""
    return HEADER[(number - 1) // 2][(number - 1) % 2]


def table(diagram: Diagram) -> str:
    """The wires as a Markdown table."""
    rows = [f"| {wire.board} | {wire.pi} | {pin_name(wire.pi)} |" for wire in diagram.wires]
    return "\n".join(["| board | Pi pin | which is |", "|---|---|---|", *rows])


ROW = 30
PI_X, BOARD_X, WIDTH = 110, 520, 720


def draw(diagram: Diagram) -> str:
    """The diagram as SVG text."""
    top = 70
    height = top + ROW * max(len(HEADER), len(diagram.pins)) + 34 + 20 * len(diagram.notes)
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" '
        'font-family="sans-serif" font-size="13">',
        f"<title>{escape(diagram.title)}</title>",
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
        f'<text x="20" y="28" font-size="17" fill="#212121">{escape(diagram.title)}</text>',
        f'<text x="{PI_X - 8}" y="{top - 18}" fill="#37474f">Raspberry Pi header, the end by the card</text>',
        _box(PI_X - 16, top - 8, 76, ROW * len(HEADER) + 4, "#1b5e20"),
        _box(BOARD_X - 16, top - 8, 150, ROW * len(diagram.pins) + 4, "#1a237e"),
    ]
    for row, names in enumerate(HEADER):
        y = top + ROW * row + ROW // 2 - 4
        for side, name in enumerate(names):
            number = 2 * row + side + 1
            x = PI_X + 44 * side
            out.append(f'<circle cx="{x}" cy="{y}" r="8" fill="#ffd54f"/>')
            out.append(f'<text x="{x}" y="{y + 4}" font-size="9" text-anchor="middle">{number}</text>')
            # A wire of the right column leaves at the height of its pin; its label stands above it.
            where, anchor, down = (PI_X - 24, "end", 4) if side == 0 else (PI_X + 70, "start", -4)
            out.append(
                f'<text x="{where}" y="{y + down}" font-size="11" text-anchor="{anchor}" '
                f'fill="#37474f">{escape(name)}</text>'
            )
    for row, name in enumerate(diagram.pins):
        y = top + ROW * row + ROW // 2 - 4
        out.append(f'<circle cx="{BOARD_X}" cy="{y}" r="7" fill="#ffd54f"/>')
        out.append(f'<text x="{BOARD_X + 16}" y="{y + 4}" fill="#ffffff">{escape(name)}</text>')
    for lane, wire in enumerate(diagram.wires):
        out.append(_wire(diagram, wire, lane, top))
    for line, note in enumerate(diagram.notes):
        out.append(
            f'<text x="20" y="{height - 16 - 20 * (len(diagram.notes) - 1 - line)}">{escape(note)}</text>'
        )
    out.append("</svg>")
    return "\n".join(out) + "\n"


def _box(x: int, y: int, width: int, height: int, colour: str) -> str:
    return f'<rect x="{x}" y="{y}" width="{width}" height="{height}" rx="6" fill="{colour}"/>'


def _wire(diagram: Diagram, wire: Wire, lane: int, top: int) -> str:
    row, side = divmod(wire.pi - 1, 2)
    y1 = top + ROW * row + ROW // 2 - 4
    y2 = top + ROW * diagram.pins.index(wire.board) + ROW // 2 - 4
    x1, x2 = PI_X + 44 * side + 8, BOARD_X - 7
    turn = 300 + 34 * lane
    between = top + ROW * (row + 1) - 4  # a wire of the left column passes below its neighbour
    start = f"M{x1},{y1}" if side else f"M{x1},{y1} L{x1 + 12},{between} L{PI_X + 62},{between}"
    path = f"{start} L{turn - 20},{between if not side else y1} L{turn},{y2} L{x2},{y2}"
    colour = COLOURS[wire.what]
    line = f'<path d="{path}" fill="none" stroke-linejoin="round"'
    return f'{line} stroke="#ffffff" stroke-width="6"/>{line} stroke="{colour}" stroke-width="3"/>'


def drawings() -> dict[str, str]:
    """File name -> SVG text of every diagram."""
    return {f"{diagram.name}.svg": draw(diagram) for diagram in (*DIAGRAMS, TWO_SENSORS)}


def main() -> None:
    """Write them all."""
    FOLDER.mkdir(exist_ok=True)
    for name, text in drawings().items():
        (FOLDER / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
