"""The Kalman filter behind `InclinationFilter`: one step a tick, in plain Python numbers.

In the frame of the integrated gyroscope the reaction to gravity stands still, but for the
gyroscope's errors, and the accelerometer reads it plus the sensor's own acceleration. A worn or
hand-held sensor goes nowhere for long: over a tick of a quarter second its mean velocity is
zero, give or take a spread that follows the shaking. That pseudo-measurement,

    0 = v + (first integral of a − g, averaged over the tick) ± spread,

corrects g and the velocity v. The frame is kept level within some degrees, so only the two
horizontal components matter: one complex number, y + ix, for g and one for v. The noise is the
same along both, so one 2×2 covariance and one gain serve them.

The gyroscope bias enters linearly. The sensitivities ∂(g, v)/∂bias, three complex numbers each,
pass through the same recursion, and the residuals then are a linear regression on the bias, kept
as an information matrix (Friedland, "Treatment of bias in recursive filtering", IEEE Trans. Autom.
Control 14, 1969). A bias about the vertical shows only once the sensor has turned over, or rests.

Python's complex numbers and not arrays, because numpy takes a microsecond for each of some hundred
operations on so few numbers.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

DEG = math.pi / 180.0
GRAVITY_M_S2 = 9.80665


@dataclass(frozen=True, slots=True)
class MotionModel:
    """What the filter assumes of sensors and of bodies; one set for all sensors and rates.

    Attributes:
        tick_s: length of a tick; the answer between ticks is carried by the gyroscope.
        gyr_delay_s: lag of the gyroscope's own low pass: 2.8 to 5.9 ms at 40 to 100 Hz in the data sheets of
            MPU-6050 and MPU-9250.
        bias_sigma_rad_s: one sigma of an unknown gyroscope bias, per axis.
        bias_memory_s: time over which what was learned of the bias fades (temperature).
        gyr_walk_rad: drift of the integrated gyroscope, rad/√s, that no rotation causes.
        gyr_scale: drift per radian turned: scale, misalignment.
        speed_per_shake: spread of the mean velocity over a tick, m/s, where the acceleration's
            deviation is 1 m/s².
        shake_exponent: the spread grows as this power of the deviation.
        shake_memory_s: over which the deviation is averaged.
        speed_floor_m_s: least spread of the velocity.
        rest_after_s: stillness counts as rest after this time.
        rest_gyr_rad_s: standard deviation (all three axes) under which a tick is still.
        rest_acc_m_s2: the same for the accelerometer.
        rest_speed_m_s: spread of the velocity at rest.
        rest_rate_rad_s: spread of the true rate at rest, over a tick, per axis.
        start_g_m_s2: one sigma of a horizontal component of g from one tick of the accelerometer.
        start_speed_m_s: one sigma of the velocity of a sensor found in motion.
    """

    tick_s: float = 0.25
    gyr_delay_s: float = 0.004
    bias_sigma_rad_s: float = 2.0 * DEG
    bias_memory_s: float = 300.0
    gyr_walk_rad: float = 0.1 * DEG
    gyr_scale: float = 0.004
    speed_per_shake: float = 0.15
    shake_exponent: float = 0.8
    shake_memory_s: float = 3.0
    speed_floor_m_s: float = 0.02
    rest_after_s: float = 1.5
    rest_gyr_rad_s: float = 0.8 * DEG
    rest_acc_m_s2: float = 0.25
    rest_speed_m_s: float = 0.01
    rest_rate_rad_s: float = 0.1 * DEG
    start_g_m_s2: float = 1.0
    start_speed_m_s: float = 0.5


TickSums = tuple[
    complex, float, complex, float, complex, complex, complex, float, float, float, float, float, float, float
]
"""What a tick of samples amounted to. "Horizontal" is y + ix in the integrated frame. In order:

0. ∫a over the tick, horizontal, m/s
1. the same, vertical
2. ∫∫a over the tick, horizontal, m
3. mean of |a|², m²/s⁴
4. mean over the tick of the sensor's x axis, horizontal
5. of its y axis
6. of its z axis
7. mean rate about x as the filter integrated it (reference bias removed), rad/s
8. about y
9. about z
10. mean squared rate, rad²/s²
11. share of the samples that were missing and bridged, 0 to 1
12. share of samples with the gyroscope at its limit
13. the same for the accelerometer

A plain tuple: a class of its own would cost a tenth of a step.
"""


class GravityKalman:
    """Gravity, velocity and gyroscope bias, one `step` a tick.

    Attributes:
        tilt: horizontal part of the reaction to gravity, y + ix, m/s²; its direction is "up".
        bias: gyroscope bias, sensor frame, rad/s, as now estimated.
        reference: the bias that the integration takes off, changed only by `rebase`.
        known: False until a first tick, or the first after a long gap, has levelled the frame.
        resting: whether the last tick was at rest.
    """

    def __init__(self, model: MotionModel, tick_s: float) -> None:
        self.model = model
        self.tick_s = tick_s
        self.bias = (0.0, 0.0, 0.0)
        self.reference = (0.0, 0.0, 0.0)
        self._prior = 1.0 / model.bias_sigma_rad_s**2
        self._information = (self._prior, 0.0, 0.0, self._prior, 0.0, self._prior)
        self._keep = math.exp(-TICKS_PER_BIAS * tick_s / model.bias_memory_s)
        self._walk = GRAVITY2 * model.gyr_walk_rad**2 * tick_s
        self._scale2 = GRAVITY2 * (model.gyr_scale * tick_s) ** 2
        self._speed2_per_shake = model.speed_per_shake**2 / 3.0**model.shake_exponent
        self._speed_floor2 = model.speed_floor_m_s**2
        self._rest_gyr2 = model.rest_gyr_rad_s**2
        self._rest_acc2 = model.rest_acc_m_s2**2
        self._shake_keep = math.exp(-tick_s / model.shake_memory_s)
        self._ticks = 0
        self.restart()

    def restart(self) -> None:
        """Forget everything but the bias."""
        self.known = False
        self.resting = False
        self.tilt = 0j
        self._v = 0j
        self._dg_db = (0j, 0j, 0j)
        self._dv_db = (0j, 0j, 0j)
        self._cov = (self.model.start_g_m_s2**2, 0.0, self.model.start_speed_m_s**2)
        self._evidence = (0.0, 0.0, 0.0)
        self._shake = self._surprise = self._weight = 0.0
        self._still_s = 0.0
        self._last_gyr = (math.inf, 0.0, 0.0)
        self._bias_variance = 0.0

    @property
    def up(self) -> complex:
        """Horizontal part of the unit vector "up"."""
        tilt = self.tilt
        return tilt / math.sqrt(tilt.real**2 + tilt.imag**2 + GRAVITY2)

    @property
    def variance_rad2(self) -> float:
        """Squared one-sigma uncertainty of "up" as an angle."""
        if not self.known:
            return START_SIGMA_RAD**2
        variance = SIGMA_FLOOR_RAD**2 + SIGMA_SCALE2 / GRAVITY2 * (self._cov[0] + self._bias_variance)
        return variance if variance < START_SIGMA_RAD**2 else START_SIGMA_RAD**2

    def start(self) -> None:
        """The frame was just levelled by the accelerometer alone."""
        self.known = True

    def gap(self, gap_s: float) -> None:
        """The next tick begins `gap_s` later than the last one ended."""
        turned = GAP_RATE_RAD_S * gap_s
        if turned > 1.0:
            self.restart()
            return
        self._still_s = 0.0
        pgg, _, _ = self._cov
        self._cov = (pgg + (GRAVITY_M_S2 * turned) ** 2, 0.0, self.model.start_speed_m_s**2)
        self._v = 0j
        self._dv_db = (0j, 0j, 0j)

    def rebase(self) -> None:
        """Hand the latest bias to the integration, and take the frame as levelled."""
        self.reference = self.bias
        self.tilt = 0j

    def step(self, sums: TickSums) -> None:
        """Take in one tick."""
        m = self.model
        t = self.tick_s
        dv, dv_up, dp, acc2, turn_x, turn_y, turn_z, wx, wy, wz, gyr2, held, clipped_gyr, clipped_acc = sums
        tilt = self.tilt
        v = self._v
        bx, by, bz = self.bias
        rx, ry, rz = self.reference
        ex, ey, ez = bx - rx, by - ry, bz - rz

        # dg/dt = (R δb) × g, and g is vertical but for a few degrees
        turned = 1j * GRAVITY_M_S2 * t
        cx, cy, cz = turned * turn_x, turned * turn_y, turned * turn_z
        drift = cx * ex + cy * ey + cz * ez
        # the mean velocity over the tick should have been nothing
        h1 = 0.5 * t
        h2 = t / 6.0
        y = h1 * tilt + h2 * drift - v - dp / t

        # how hard the sensor is shaken: half the mean acceleration's, half every sample's deviation,
        # and how far the pseudo-measurement was off lately
        off = dv / t
        up2 = dv_up / t
        conj_off = off.conjugate()
        mean2 = (off * conj_off).real + up2 * up2
        along = (conj_off * tilt).real + up2 * GRAVITY_M_S2
        keep = self._shake_keep
        fresh = 1.0 - keep
        self._weight = weight = keep * self._weight + fresh
        self._shake = shake = keep * self._shake + fresh * abs(0.5 * (mean2 + acc2) - 2.0 * along + GRAVITY2)
        self._surprise = surprise = keep * self._surprise + fresh * 0.5 * (y * y.conjugate()).real
        # rest: neither sensor varies within the tick, nor the rate from tick to tick
        lx, ly, lz = self._last_gyr
        rx += wx
        ry += wy
        rz += wz
        self._last_gyr = (rx, ry, rz)
        dx, dy, dz = rx - lx, ry - ly, rz - lz
        limit2 = self._rest_gyr2
        if (
            gyr2 - wx * wx - wy * wy - wz * wz < limit2
            and acc2 - mean2 < self._rest_acc2
            and dx * dx + dy * dy + dz * dz < limit2
            and not held
        ):
            self._still_s += t
        else:
            self._still_s = 0.0
        self.resting = resting = self._still_s >= m.rest_after_s
        if resting:
            spread2 = m.rest_speed_m_s**2
        else:
            spread2 = self._speed2_per_shake * (shake / weight) ** m.shake_exponent
            off2 = surprise / weight
            spread2 = (spread2 if spread2 > off2 else off2) + self._speed_floor2
        if clipped_acc:
            spread2 += (CLIPPED_ACC_M_S2 * clipped_acc * t) ** 2

        # covariance of g, v and the mean velocity at the tick's end
        pgg, pgv, pvv = self._cov
        q = self._walk + self._scale2 * gyr2
        if held or clipped_gyr:
            q += GRAVITY2 * t * t * ((HELD_RATE_RAD_S * held) ** 2 + (CLIPPED_RATE_RAD_S * clipped_gyr) ** 2)
        cross_g = pgv - h1 * pgg
        cross_v = pvv - h1 * pgv - t * cross_g
        use = 1.0 / (pvv - t * pgv + h1 * h1 * pgg + spread2) if held <= 0.5 else 0.0
        kg = use * cross_g
        kv = use * cross_v
        self._cov = (
            pgg + q - kg * cross_g,
            pgv - t * pgg - h1 * q - kg * cross_v,
            pvv + t * (t * pgg - 2.0 * pgv) + 2.0 * h2 * t * q - kv * cross_v,
        )

        # state and sensitivities, over the tick and through the correction
        self.tilt = tilt + drift + kg * y
        self._v = v + dv - t * tilt - h1 * drift + kv * y
        gx, gy, gz = self._dg_db
        vx, vy, vz = self._dv_db
        sx, sy, sz = vx - h1 * gx - h2 * cx, vy - h1 * gy - h2 * cy, vz - h1 * gz - h2 * cz
        self._dv_db = (
            vx - t * gx - h1 * cx - kv * sx,
            vy - t * gy - h1 * cy - kv * sy,
            vz - t * gz - h1 * cz - kv * sz,
        )
        self._dg_db = (gx + cx - kg * sx, gy + cy - kg * sy, gz + cz - kg * sz)

        # the regression on the bias: Sᵀ S and Sᵀ y over the innovation's variance
        l00, l01, l02, l11, l12, l22 = self._information
        nx, ny, nz = self._evidence
        ux, uy, uz = use * sx.conjugate(), use * sy.conjugate(), use * sz.conjugate()
        nx += (ux * y).real
        ny += (uy * y).real
        nz += (uz * y).real
        l00 += (ux * sx).real
        l11 += (uy * sy).real
        l22 += (uz * sz).real
        l01 += (ux * sy).real
        l02 += (ux * sz).real
        l12 += (uy * sz).real
        if resting:
            weight = 1.0 / m.rest_rate_rad_s**2
            nx += weight * (wx - ex)
            ny += weight * (wy - ey)
            nz += weight * (wz - ez)
            l00 += weight
            l11 += weight
            l22 += weight
        self._evidence = (nx, ny, nz)
        self._information = (l00, l01, l02, l11, l12, l22)
        self._ticks += 1
        if not self._ticks % TICKS_PER_BIAS:
            self._correct_bias()

    def _correct_bias(self) -> None:
        """Solve the regression, put its answer into the state, let old knowledge fade."""
        l00, l01, l02, l11, l12, l22 = self._information
        nx, ny, nz = self._evidence
        # the adjugate: symmetric and positive, so this is stable
        i00, i01, i02 = l11 * l22 - l12 * l12, l02 * l12 - l01 * l22, l01 * l12 - l02 * l11
        i11, i12, i22 = l00 * l22 - l02 * l02, l01 * l02 - l00 * l12, l00 * l11 - l01 * l01
        scale = 1.0 / (l00 * i00 + l01 * i01 + l02 * i02)
        ex = scale * (i00 * nx + i01 * ny + i02 * nz)
        ey = scale * (i01 * nx + i11 * ny + i12 * nz)
        ez = scale * (i02 * nx + i12 * ny + i22 * nz)
        bx, by, bz = self.bias
        self.bias = (bx + ex, by + ey, bz + ez)
        gx, gy, gz = self._dg_db
        vx, vy, vz = self._dv_db
        self.tilt += gx * ex + gy * ey + gz * ez
        self._v += vx * ex + vy * ey + vz * ez
        self._evidence = (0.0, 0.0, 0.0)
        # what is unknown of the bias, as it shows in one component of g: ½ tr(G Λ⁻¹ Gᵀ)
        qx, qy, qz = gx.conjugate(), gy.conjugate(), gz.conjugate()
        shown = i00 * (qx * gx).real + i11 * (qy * gy).real + i22 * (qz * gz).real
        shown += 2.0 * (i01 * (qx * gy).real + i02 * (qx * gz).real + i12 * (qy * gz).real)
        self._bias_variance = 0.5 * scale * shown
        keep = self._keep
        fresh = (1.0 - keep) * self._prior
        self._information = (
            keep * l00 + fresh,
            keep * l01,
            keep * l02,
            keep * l11 + fresh,
            keep * l12,
            keep * l22 + fresh,
        )


GRAVITY2 = GRAVITY_M_S2**2
TICKS_PER_BIAS = 4
"""The regression on the bias is solved once a second."""
START_SIGMA_RAD = math.pi / 2.0
"""Before anything is known: any direction."""
SIGMA_FLOOR_RAD = 0.25 * DEG
"""What an accelerometer's own bias and scale leave, which no filter sees."""
SIGMA_SCALE2 = 1.5
"""From the variance of one axis to that of the angle (two axes, partly correlated in time)."""
GAP_RATE_RAD_S = 1.0
"""How fast a person may have turned in a gap, one sigma."""
HELD_RATE_RAD_S = 1.0
"""The same while a missing sample is bridged."""
CLIPPED_RATE_RAD_S = 3.0
"""How far beyond its limit a saturated gyroscope may have been turned."""
CLIPPED_ACC_M_S2 = 10.0
"""The same for the accelerometer."""
