"""A simulated person who wears the sensors: a motion for the chips' twins, with the truth beside it.

    script = Script(person("steady", seed=7))
    sit_upright(script); script.hold(60); slouch(script, for_s=90); sit_upright(script); walk(script, 30)
    wearer = Wearer(script)
    wearer.upper.at(t_s)            # a `Motion` for the twin of a chip; wearer.lower likewise
    wearer.blocks(rate_hz=50.0)     # a source of `TrunkBlock`s for the core, with a chip's noise
    wearer.truth.slouches           # what the judgement is held against

What a wearer does is in `wearer_activities.py`, `wearer_moves.py` and `wearer_places.py`, whole days in
`wearer_days.py`, people in `wearer_person.py`; the arithmetic in `wearer_curves.py`,
`wearer_channels.py` and `wearer_trunk.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ...posture.blocks import FloatArray, Place, SensorBlock, TrunkBlock
from .wearer_channels import Channel
from .wearer_script import Script
from .wearer_trunk import Chain

PIECE = 4096
"""Moments that are worked out at once: enough to forget Python's overhead, few enough for the cache."""

NOISE_PAGE = 4096
"""Samples whose noise is drawn at once, so that a sample's noise does not hang on the cut."""


@dataclass(frozen=True, slots=True)
class ChipError:
    """What a calibrated chip still gets wrong; the defaults are of an MPU-6050 behind its 44 Hz low pass.

    Noise is the datasheet's 0.005 °/s/√Hz and 400 µg/√Hz over 44 Hz (PS-MPU-6000A, 6.1 and 6.2); the
    remaining bias is what a minute of warming leaves.

    Attributes:
        acc_noise_m_s2: one sigma of each axis.
        gyr_noise_rad_s: one sigma of each axis.
        gyr_bias_rad_s: one sigma of the constant bias of each axis, drawn once for a chip.
    """

    acc_noise_m_s2: float = 0.026
    gyr_noise_rad_s: float = 0.00058
    gyr_bias_rad_s: float = 0.0017


PERFECT = ChipError(0.0, 0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Angles:
    """Where the trunk truly is, (n,) each, degrees from the sitting neutral, signs as in `Reading`."""

    upper_deg: FloatArray
    lateral_deg: FloatArray
    lower_deg: FloatArray
    lower_lateral_deg: FloatArray


class SensorMotion:
    """What a perfect sensor at one place of a wearer feels: a `Motion`."""

    def __init__(self, script: Script, place: Place) -> None:
        self._script = script
        self._place = place
        self._to_sensor = script.person.strapping(place).to_sensor

    def at(self, t_s: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Specific force (n, 3) m/s² and angular rate (n, 3) rad/s, sensor frame, at ascending `t_s` (n,)."""
        acc_m_s2, gyr_rad_s = np.empty((len(t_s), 3)), np.empty((len(t_s), 3))
        for start in range(0, len(t_s), PIECE):
            piece = slice(start, start + PIECE)
            acc_m_s2[piece], gyr_rad_s[piece] = self.feel(_chain(self._script, t_s[piece]))
        return acc_m_s2, gyr_rad_s

    def feel(self, chain: Chain) -> tuple[FloatArray, FloatArray]:
        """The same from a trunk that was worked out already."""
        return chain.feelings(self._place, self._to_sensor)

    def orientation(self, t_s: FloatArray) -> FloatArray:
        """(n, 3, 3) true rotations from the sensor frame to the world's (z up)."""
        return _chain(self._script, t_s).orientation(self._place, self._to_sensor)


class Wearer:
    """A person, their script and two sensors on their back."""

    def __init__(self, script: Script) -> None:
        self.person = script.person
        self.truth = script.truth()
        self.ends_s = script.now_s
        self.upper = SensorMotion(script, Place.UPPER)
        self.lower = SensorMotion(script, Place.LOWER)
        self._script = script

    def angles(self, t_s: FloatArray) -> Angles:
        """The trunk's true angles at ascending `t_s` (n,); what the strap has slipped is not in them."""
        curves = self._script.channels.at(t_s)
        return Angles(
            curves[Channel.UPPER_FLEXION, 0],
            curves[Channel.UPPER_LATERAL, 0],
            curves[Channel.LOWER_FLEXION, 0],
            curves[Channel.LOWER_LATERAL, 0],
        )

    def blocks(
        self,
        rate_hz: float = 50.0,
        sensors: int = 2,
        start_s: float = 0.0,
        end_s: float | None = None,
        chip: ChipError = ChipError(),
        piece: int = PIECE,
    ) -> Iterator[TrunkBlock]:
        """The script as a chip would have read it, without going through the chip.

        Args:
            rate_hz: samples a second.
            sensors: 1 (upper only) or 2.
            start_s: first sample.
            end_s: no sample at or after this; the end of the script if not said.
            chip: noise and bias.
            piece: samples a block.
        """
        end_s = self.ends_s if end_s is None else end_s
        samples = int(np.ceil((end_s - start_s) * rate_hz - 1e-9))
        upper_error = _Error(chip, self.person.seed, Place.UPPER)
        lower_error = _Error(chip, self.person.seed, Place.LOWER)
        for first in range(0, samples, piece):
            rows = np.arange(first, min(first + piece, samples))
            t_s = start_s + rows / rate_hz
            chain = _chain(self._script, t_s)
            upper = upper_error.on(t_s, *self.upper.feel(chain), first)
            lower = lower_error.on(t_s, *self.lower.feel(chain), first) if sensors == 2 else None
            yield TrunkBlock.of(upper, lower)


def _chain(script: Script, t_s: FloatArray) -> Chain:
    return Chain(script.channels.at(t_s), script.person.build)


class _Error:
    """Noise of one chip: the same for a sample's number, whatever the cut."""

    def __init__(self, chip: ChipError, seed: int, place: Place) -> None:
        self._chip = chip
        self._key = [seed, list(Place).index(place)]
        self._bias = chip.gyr_bias_rad_s * np.random.default_rng(self._key).standard_normal(3)
        self._page = -1
        self._noise = np.empty((NOISE_PAGE, 6))
        self._spread = np.repeat([chip.acc_noise_m_s2, chip.gyr_noise_rad_s], 3)

    def on(self, t_s: FloatArray, acc_m_s2: FloatArray, gyr_rad_s: FloatArray, first: int) -> SensorBlock:
        gyr_rad_s = gyr_rad_s + self._bias
        if self._spread.any():
            noise = self._rows(first, first + len(t_s))
            acc_m_s2, gyr_rad_s = acc_m_s2 + noise[:, :3], gyr_rad_s + noise[:, 3:]
        return SensorBlock(t_s, acc_m_s2, gyr_rad_s)

    def _rows(self, first: int, stop: int) -> FloatArray:
        parts = []
        while first < stop:
            page, row = divmod(first, NOISE_PAGE)
            if page != self._page:
                rng = np.random.default_rng([*self._key, page])
                self._noise = self._spread * rng.standard_normal((NOISE_PAGE, 6))
                self._page = page
            part = self._noise[row : row + stop - first]
            parts.append(part)
            first += len(part)
        return parts[0] if len(parts) == 1 else np.concatenate(parts)
