"""The calibration profile: what makes one sensor's samples the wearer's own angles. Read and apply only.

Making a profile is the work of the `calibration` package. A profile is a JSON text with units in its
keys (`from_json`, `to_json`); what each key means stands in `docs/calibration.md`, frames and signs in
`docs/frames.md`, the arithmetic in `correction.py`.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from ..errors import ProfileError
from .blocks import BodyBlock, FloatArray, SensorBlock
from .correction import Correction, rotation_onto_up
from .profile_parts import (
    FLAT_ON_THE_BACK,
    IDENTITY,
    Mounting,
    Neutral,
    PoseExample,
    Quality,
    SensorModel,
)
from .states import Posture
from .strict_json import Matrix, Node
from .trunk import Vector

__all__ = [
    "FLAT_ON_THE_BACK",
    "FORMAT_VERSION",
    "IDENTITY",
    "CalibrationProfile",
    "Matrix",
    "Mounting",
    "Neutral",
    "PoseExample",
    "Quality",
    "SensorModel",
    "SensorProfile",
    "from_json",
    "rotation_onto_up",
    "to_json",
]

FORMAT_VERSION = 1


@dataclass(frozen=True, slots=True)
class SensorProfile:
    """One sensor's share of a profile.

    Attributes:
        sensor_id: serial number or address of the chip it was made with, such as `mpu6050-0x68`;
            empty where it holds for any.

    Raises:
        ProfileError: naming the key, where a number is not finite or a matrix is no rotation.
    """

    sensor: SensorModel = field(default_factory=SensorModel)
    mounting: Mounting = field(default_factory=Mounting)
    neutral: Neutral = field(default_factory=Neutral)
    sensor_id: str = ""
    quality: Quality = field(default_factory=Quality)

    def __post_init__(self) -> None:
        _check_rotation(self.mounting.rotation)
        for name, values in (
            ("sensor.acc_bias_m_s2", self.sensor.acc_bias_m_s2),
            ("sensor.acc_matrix", self.sensor.acc_matrix),
            ("sensor.gyr_bias_rad_s", self.sensor.gyr_bias_rad_s),
            ("sensor.gyr_bias_slope_rad_s_k", self.sensor.gyr_bias_slope_rad_s_k),
        ):
            if not np.isfinite(np.array(values)).all():
                raise ProfileError(f"{name}: holds a value that is not a number")
        _check_direction("neutral.up", self.neutral.up)
        if self.neutral.standing_up is not None:
            _check_direction("neutral.standing_up", self.neutral.standing_up)

    def to_body(self) -> FloatArray:
        """(3, 3) rotation from the sensor frame to the body frame of the mounting, without the neutral."""
        return np.array(self.mounting.rotation)

    def to_neutral(self) -> FloatArray:
        """(3, 3) rotation from the sensor frame to the body frame in which neutral is exactly "up"."""
        turned: FloatArray = rotation_onto_up(self.neutral.up) @ self.to_body()
        return turned

    def correction(self) -> Correction:
        """The compiled form of `apply_mounting`; ask once, call it for every block."""
        return Correction(self.sensor, self.to_body())

    def apply_mounting(self, block: SensorBlock) -> BodyBlock:
        """Correct a block and rotate it into the body frame of the mounting; the neutral is *not* applied.

        This is what a stream uses: the neutral may change in the middle of a session (`SetNeutral`)
        while the filter runs on, so it is applied to the few numbers of a tick:
        `rotation_onto_up(neutral.up) @ up`.
        """
        return self.correction()(block)

    def apply(self, block: SensorBlock) -> BodyBlock:
        """Correct a block and rotate it so that the neutral's "up" is +z: `apply_mounting`, then the neutral.

        Meant for whole recordings; it prepares the matrices at each call.
        """
        return Correction(self.sensor, self.to_neutral())(block)


@dataclass(frozen=True, slots=True)
class CalibrationProfile:
    """The only thing that passes from calibration to firmware: dated, versioned, with units in its keys.

    Attributes:
        upper: the upper-back sensor's share.
        lower: the low-back sensor's share; None with one sensor.
        made_at: UTC, ISO 8601; empty for the built-in default.
        note: free words.
        simulated: True for a profile of a simulated wearer.
        own_poses: the wearer's own examples of postures, in the order they were given; may be empty.
    """

    upper: SensorProfile = field(default_factory=SensorProfile)
    lower: SensorProfile | None = None
    made_at: str = ""
    note: str = ""
    simulated: bool = False
    format_version: int = FORMAT_VERSION
    own_poses: tuple[PoseExample, ...] = ()


def to_json(profile: CalibrationProfile) -> str:
    """The profile as JSON text; `from_json` of it gives an equal profile back."""
    order = ["format_version", "made_at", "simulated", "note", "upper", "lower", "own_poses"]
    table = asdict(profile)
    text = json.dumps(_nulled({key: table[key] for key in order}), indent=2, ensure_ascii=False)
    # A vector on one line reads as one; a line break inside a string is escaped, so none is touched.
    return (
        re.sub(r"\[\n\s+([^][{}]*?)\n\s+\]", lambda m: "[" + re.sub(r",\n\s+", ", ", m[1]) + "]", text) + "\n"
    )


def from_json(text: str) -> CalibrationProfile:
    """Read a profile of this or an older format.

    Raises:
        ProfileError: naming the key, where one is unknown, missing, mistyped or out of range.
    """
    root = Node.parse(text)
    if not isinstance(root.value, dict) or "format_version" not in root.value:
        raise ProfileError("format_version: missing; is this a calibration profile?")
    version = Node(root.value["format_version"], "format_version")
    number = version.count()
    if number > FORMAT_VERSION:
        version.wrong(f"{number} was written by a newer Plumbline; this one reads up to {FORMAT_VERSION}")
    if number not in _READERS:
        version.wrong(f"{number} was never a format; this Plumbline reads up to {FORMAT_VERSION}")
    return _READERS[number](root)


def _read_version_1(root: Node) -> CalibrationProfile:
    keys = root.fields(("format_version", "made_at", "upper"), ("simulated", "note", "lower", "own_poses"))
    lower = keys.get("lower")
    poses = keys.get("own_poses")
    return CalibrationProfile(
        upper=_read_sensor(keys["upper"]),
        lower=None if lower is None or lower.value is None else _read_sensor(lower),
        made_at=_read_made_at(keys["made_at"]),
        note=keys["note"].text() if "note" in keys else "",
        simulated=keys["simulated"].flag() if "simulated" in keys else False,
        own_poses=() if poses is None else tuple(_read_pose(pose) for pose in poses.items()),
    )


_READERS: dict[int, Callable[[Node], CalibrationProfile]] = {1: _read_version_1}
"""How each format that was ever written is read, so that old profiles stay good."""


def _read_made_at(node: Node) -> str:
    text = node.text()
    if text:
        try:
            offset = datetime.fromisoformat(text).utcoffset()
        except ValueError:
            node.wrong(f'"{text}" is no date and time such as "2026-03-01T08:30:00+00:00"')
        if offset != timedelta(0):
            node.wrong(f'"{text}" is not in UTC; end it with +00:00')
    return text


def _read_sensor(node: Node) -> SensorProfile:
    keys = node.fields(("sensor", "mounting", "neutral"), ("sensor_id", "quality"))
    quality = keys.get("quality")
    mounting = keys["mounting"].fields(("rotation",))
    neutral = keys["neutral"].fields(("up",), ("standing_up",))
    standing = neutral.get("standing_up")
    try:
        return SensorProfile(
            sensor=_read_model(keys["sensor"]),
            mounting=Mounting(mounting["rotation"].matrix()),
            neutral=Neutral(
                up=neutral["up"].vector(),
                standing_up=None if standing is None or standing.value is None else standing.vector(),
            ),
            sensor_id=keys["sensor_id"].text() if "sensor_id" in keys else "",
            quality=Quality() if quality is None else _read_quality(quality),
        )
    except _ShapeError as error:
        raise ProfileError(f"{node.path}.{error}") from error


def _read_model(node: Node) -> SensorModel:
    names = [f.name for f in fields(SensorModel)]
    keys = node.fields(names)
    matrix = keys["acc_matrix"].matrix()
    for i, row in enumerate(keys["acc_matrix"].items()):
        for j, cell in enumerate(row.items()):
            cell.number(IDENTITY[i][j] - 0.3, IDENTITY[i][j] + 0.3)
    return SensorModel(
        acc_bias_m_s2=keys["acc_bias_m_s2"].vector(-5.0, 5.0),
        acc_matrix=matrix,
        gyr_bias_rad_s=keys["gyr_bias_rad_s"].vector(-1.0, 1.0),
        gyr_bias_slope_rad_s_k=keys["gyr_bias_slope_rad_s_k"].vector(-0.02, 0.02),
        temp_c=keys["temp_c"].number_or_nan(-60.0, 125.0),
    )


def _read_quality(node: Node) -> Quality:
    keys = node.fields((), [f.name for f in fields(Quality)])
    counts = {name: keys[name].count() for name in ("acc_poses", "bows") if name in keys}
    figures = {name: cell.number_or_nan(0.0) for name, cell in keys.items() if name not in counts}
    return Quality(**counts, **figures)  # type: ignore[arg-type]  # the two dicts split the names by type


def _read_pose(node: Node) -> PoseExample:
    keys = node.fields(
        ("posture", "upper_deg", "lateral_deg"), ("lower_deg", "lower_lateral_deg", "spread_deg", "side")
    )
    known = [posture.value for posture in Posture if posture is not Posture.UNKNOWN]
    if keys["posture"].value not in known:
        keys["posture"].wrong(f"one of {', '.join(known)} is needed")
    angles = {name: cell.number_or_nan(-180.0, 180.0) for name, cell in keys.items() if name != "posture"}
    for name in ("upper_deg", "lateral_deg"):
        keys[name].number()
    if "side" in keys:
        keys["side"].number(-1.0, 1.0)
    known_angles = {name: angle for name, angle in angles.items() if not math.isnan(angle)}
    return PoseExample(Posture(keys["posture"].value), **known_angles)


class _ShapeError(ProfileError):
    """Numbers that are fine one by one, and make no rotation or direction together."""


def _check_rotation(rotation: Matrix) -> None:
    rows = np.array(rotation)
    for i, row in enumerate(rows):
        length = float(np.linalg.norm(row))
        if not abs(length - 1.0) < 1e-3:
            raise _ShapeError(
                f"mounting.rotation[{i}]: has length {length:.4f}; each row is a direction of length 1"
            )
    if not np.allclose(rows @ rows.T, np.eye(3), atol=1e-3):
        raise _ShapeError("mounting.rotation: its rows are not perpendicular to one another")
    if np.linalg.det(rows) < 0:
        raise _ShapeError("mounting.rotation: it mirrors; change the sign of one row")


def _check_direction(name: str, up: Vector) -> None:
    length = math.sqrt(sum(v * v for v in up))
    if not abs(length - 1.0) < 1e-3:
        raise _ShapeError(f"{name}: has length {length:.4f}; a direction of length 1 is needed")


def _nulled(value: Any) -> Any:  # Any: a JSON tree
    """The same tree with null for NaN, which JSON has no word for."""
    if isinstance(value, dict):
        return {key: _nulled(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_nulled(item) for item in value]
    return None if isinstance(value, float) and math.isnan(value) else value
