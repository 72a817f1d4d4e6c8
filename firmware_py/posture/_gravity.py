"""The Kalman filter behind `InclinationFilter`: one step a tick, in plain Python floats.

In the frame I of the integrated gyroscope the gravity reaction g stands still, but for the
gyroscope's errors, and the accelerometer reads g plus the sensor's own acceleration. A worn or
hand-held sensor goes nowhere for long: over a tick of half a second its mean velocity is
zero, give or take a spread that grows with the shaking. That pseudo-measurement,

    0 = v + (first integral of a_I − g, averaged over the tick) ± spread,

corrects g and the velocity v. The noise is the same along every axis, so one 2×2 covariance
and one gain serve all three; g is a free vector, so nothing is linearised and any start converges.

The gyroscope bias enters linearly. Its three sensitivities ∂(g, v)/∂bias pass through the same
recursion as three more inputs, and the residuals then are a linear regression on the bias, kept
as an information matrix (Friedland, "Treatment of bias in recursive filtering", IEEE Trans. Autom.
Control 14, 1969). A bias about the vertical shows only once the sensor has turned over, or rests.

Floats and not arrays, because a step has some 400 operations on 3-vectors, which numpy would
take ten times as long over.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

DEG = math.pi / 180.0
GRAVITY_M_S2 = 9.80665


@dataclass(frozen=True, slots=True)
class MotionModel:
    """What the filter assumes of sensors and of bodies; one set for all sensors and rates.

    Attributes:
        tick_s: length of a tick; the answer between ticks is carried by the gyroscope.
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
        start_g_m_s2: one sigma of gravity's direction from one tick of the accelerometer.
        start_speed_m_s: one sigma of the velocity of a sensor found in motion.
    """

    tick_s: float = 0.25
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


class TickSums(NamedTuple):
    """What a tick of samples amounted to, in frame I (sensor frame for the rates).

    Attributes:
        dv: ∫a over the tick, m/s.
        dp: ∫∫a over the tick, m.
        acc2: mean of |a|², m²/s⁴.
        turn: mean rotation matrix sensor → I, row by row.
        gyr: mean rate as the filter integrated it (reference bias removed), rad/s.
        gyr2: mean of its square, rad²/s².
        held: share of the samples that were missing and bridged, 0 to 1.
        clipped_gyr: share of samples with the gyroscope at its limit.
        clipped_acc: the same for the accelerometer.
    """

    dv: tuple[float, float, float]
    dp: tuple[float, float, float]
    acc2: float
    turn: tuple[float, float, float, float, float, float, float, float, float]
    gyr: tuple[float, float, float]
    gyr2: float
    held: float = 0.0
    clipped_gyr: float = 0.0
    clipped_acc: float = 0.0


class GravityKalman:
    """Gravity, velocity and gyroscope bias in frame I, one `step` a tick.

    Attributes:
        g: the reaction to gravity in frame I, m/s²; its direction is "up".
        bias: gyroscope bias, sensor frame, rad/s, as now estimated.
        reference: the bias that the integration uses until it is next called for.
        sigma_rad: one-sigma uncertainty of the direction of g.
        known: False until a first tick, or the first after a long gap, has given a g.
        resting: whether the last tick was at rest.
    """

    def __init__(self, model: MotionModel, tick_s: float) -> None:
        self.model = model
        self.tick_s = tick_s
        self.g = (0.0, 0.0, GRAVITY_M_S2)
        self.bias = (0.0, 0.0, 0.0)
        self.reference = (0.0, 0.0, 0.0)
        self.known = False
        self.resting = False
        self.sigma_rad = START_SIGMA_RAD
        prior = 1.0 / model.bias_sigma_rad_s**2
        self._prior = prior
        self._information = (prior, 0.0, 0.0, prior, 0.0, prior)
        self._keep = math.exp(-tick_s / model.bias_memory_s)
        self._shake_keep = math.exp(-tick_s / model.shake_memory_s)
        self._restart()

    def _restart(self) -> None:
        """Forget g and v, keep the bias."""
        self.known = False
        self.sigma_rad = START_SIGMA_RAD
        self._v = (0.0, 0.0, 0.0)
        self._dg_db = ZERO9
        self._dv_db = ZERO9
        self._cov = (self.model.start_g_m_s2**2, 0.0, self.model.start_speed_m_s**2)
        self._shake = 0.0
        self._shake_weight = 0.0
        self._surprise = 0.0
        self._still_s = 0.0
        self._last_gyr = (math.inf, 0.0, 0.0)

    def gap(self, gap_s: float) -> None:
        """The next tick begins `gap_s` later than the last one ended."""
        self._still_s = 0.0
        turned = GAP_RATE_RAD_S * gap_s
        if turned > 1.0:
            self._restart()
            return
        pgg, _, _ = self._cov
        self._cov = (pgg + (GRAVITY_M_S2 * turned) ** 2, 0.0, self.model.start_speed_m_s**2)
        self._v = (0.0, 0.0, 0.0)
        self._dv_db = ZERO9
        self.sigma_rad = min(math.hypot(self.sigma_rad, turned), START_SIGMA_RAD)

    def rebase(self) -> None:
        """Let the integration use the latest bias from now on."""
        self.reference = self.bias

    def step(self, sums: TickSums) -> None:
        """Take in one tick."""
        m = self.model
        t = self.tick_s
        (dvx, dvy, dvz), (dpx, dpy, dpz), acc2, turn, (wx, wy, wz), gyr2, held, clip_g, clip_a = sums
        ax, ay, az = dvx / t, dvy / t, dvz / t
        if not self.known:
            if held > 0.5:
                return
            self.g = (ax, ay, az)
            self.known = True
        gx, gy, gz = self.g
        vx, vy, vz = self._v
        bx, by, bz = self.bias
        rx, ry, rz = self.reference
        r00, r01, r02, r10, r11, r12, r20, r21, r22 = turn

        # how hard the sensor is shaken: half the mean acceleration's, half every sample's deviation
        mean2 = ax * ax + ay * ay + az * az
        dot = ax * gx + ay * gy + az * gz
        g2 = gx * gx + gy * gy + gz * gz
        shake = (0.5 * (mean2 + acc2) - 2.0 * dot + g2) / 3.0
        keep = self._shake_keep
        self._shake = keep * self._shake + (1.0 - keep) * max(shake, 0.0)
        self._shake_weight = keep * self._shake_weight + 1.0 - keep

        # rest: neither sensor varies within the tick, nor the rate from tick to tick
        lx, ly, lz = self._last_gyr
        self._last_gyr = (wx + rx, wy + ry, wz + rz)
        still = (
            gyr2 - wx * wx - wy * wy - wz * wz < m.rest_gyr_rad_s**2
            and acc2 - mean2 < m.rest_acc_m_s2**2
            and (wx + rx - lx) ** 2 + (wy + ry - ly) ** 2 + (wz + rz - lz) ** 2 < m.rest_gyr_rad_s**2
        )
        self._still_s = self._still_s + t if still and not held else 0.0
        resting = self._still_s >= m.rest_after_s
        self.resting = resting
        # dg/dt = (R δb) × g, hence ∂g/∂b over the tick: C = −[g]× ∫R
        ex, ey, ez = bx - rx, by - ry, bz - rz
        ux = t * (r00 * ex + r01 * ey + r02 * ez)
        uy = t * (r10 * ex + r11 * ey + r12 * ez)
        uz = t * (r20 * ex + r21 * ey + r22 * ez)
        hx, hy, hz = uy * gz - uz * gy, uz * gx - ux * gz, ux * gy - uy * gx
        tx, ty, tz = t * gx, t * gy, t * gz
        c00, c01, c02 = tz * r10 - ty * r20, tz * r11 - ty * r21, tz * r12 - ty * r22
        c10, c11, c12 = tx * r20 - tz * r00, tx * r21 - tz * r01, tx * r22 - tz * r02
        c20, c21, c22 = ty * r00 - tx * r10, ty * r01 - tx * r11, ty * r02 - tx * r12

        # the mean velocity over the tick, and what it should have been: nothing
        yx = 0.5 * tx + hx * t / 6.0 - vx - dpx / t
        yy = 0.5 * ty + hy * t / 6.0 - vy - dpy / t
        yz = 0.5 * tz + hz * t / 6.0 - vz - dpz / t
        self._surprise = keep * self._surprise + (1.0 - keep) * (yx * yx + yy * yy + yz * yz) / 3.0
        if resting:
            spread2 = m.rest_speed_m_s**2
        else:
            weight = self._shake_weight
            spread = m.speed_per_shake * (self._shake / weight) ** (0.5 * m.shake_exponent)
            spread2 = max(spread * spread, self._surprise / weight) + m.speed_floor_m_s**2
        g00, g01, g02, g10, g11, g12, g20, g21, g22 = self._dg_db
        v00, v01, v02, v10, v11, v12, v20, v21, v22 = self._dv_db
        h1 = 0.5 * t
        h2 = t / 6.0
        s00, s01, s02 = v00 - h1 * g00 - h2 * c00, v01 - h1 * g01 - h2 * c01, v02 - h1 * g02 - h2 * c02
        s10, s11, s12 = v10 - h1 * g10 - h2 * c10, v11 - h1 * g11 - h2 * c11, v12 - h1 * g12 - h2 * c12
        s20, s21, s22 = v20 - h1 * g20 - h2 * c20, v21 - h1 * g21 - h2 * c21, v22 - h1 * g22 - h2 * c22

        # covariance of g, v and the mean velocity at the tick's end
        pgg, pgv, pvv = self._cov
        angle = m.gyr_scale * t
        q = g2 * (m.gyr_walk_rad**2 * t + angle * angle * gyr2)
        q += g2 * ((HELD_RATE_RAD_S * held) ** 2 + (CLIPPED_RATE_RAD_S * clip_g) ** 2) * t * t
        cross = pgv - h1 * pgg
        kg = cross
        kv = pvv - h1 * pgv - t * cross
        innovation = pvv - t * pgv + h1 * h1 * pgg + spread2
        if clip_a:
            innovation += (CLIPPED_ACC_M_S2 * clip_a * t) ** 2
        pvv += t * (t * pgg - 2.0 * pgv) + q * t * t / 3.0
        pgv -= t * pgg + 0.5 * q * t
        pgg += q
        use = 1.0 / innovation if held <= 0.5 else 0.0
        kg_gain = kg * use
        kv_gain = kv * use
        pgg -= kg_gain * kg
        pgv -= kg_gain * kv
        pvv -= kv_gain * kv
        self._cov = (pgg, pgv, pvv)

        gx += hx + kg_gain * yx
        gy += hy + kg_gain * yy
        gz += hz + kg_gain * yz
        vx += dvx - tx - h1 * hx + kv_gain * yx
        vy += dvy - ty - h1 * hy + kv_gain * yy
        vz += dvz - tz - h1 * hz + kv_gain * yz
        v00 -= t * g00 + h1 * c00 + kv_gain * s00
        v01 -= t * g01 + h1 * c01 + kv_gain * s01
        v02 -= t * g02 + h1 * c02 + kv_gain * s02
        v10 -= t * g10 + h1 * c10 + kv_gain * s10
        v11 -= t * g11 + h1 * c11 + kv_gain * s11
        v12 -= t * g12 + h1 * c12 + kv_gain * s12
        v20 -= t * g20 + h1 * c20 + kv_gain * s20
        v21 -= t * g21 + h1 * c21 + kv_gain * s21
        v22 -= t * g22 + h1 * c22 + kv_gain * s22
        g00 += c00 - kg_gain * s00
        g01 += c01 - kg_gain * s01
        g02 += c02 - kg_gain * s02
        g10 += c10 - kg_gain * s10
        g11 += c11 - kg_gain * s11
        g12 += c12 - kg_gain * s12
        g20 += c20 - kg_gain * s20
        g21 += c21 - kg_gain * s21
        g22 += c22 - kg_gain * s22

        # the regression on the bias: Λ ← kept Λ + faded prior + Sᵀ S / innovation, and the rate at rest
        l00, l01, l02, l11, l12, l22 = self._information
        keep = self._keep
        fresh = (1.0 - keep) * self._prior
        if resting:
            weight = 1.0 / m.rest_rate_rad_s**2
            fresh += weight
            nx, ny, nz = weight * (wx - ex), weight * (wy - ey), weight * (wz - ez)
        else:
            nx = ny = nz = 0.0
        l00 = keep * l00 + fresh + use * (s00 * s00 + s10 * s10 + s20 * s20)
        l01 = keep * l01 + use * (s00 * s01 + s10 * s11 + s20 * s21)
        l02 = keep * l02 + use * (s00 * s02 + s10 * s12 + s20 * s22)
        l11 = keep * l11 + fresh + use * (s01 * s01 + s11 * s11 + s21 * s21)
        l12 = keep * l12 + use * (s01 * s02 + s11 * s12 + s21 * s22)
        l22 = keep * l22 + fresh + use * (s02 * s02 + s12 * s12 + s22 * s22)
        self._information = (l00, l01, l02, l11, l12, l22)
        nx += use * (s00 * yx + s10 * yy + s20 * yz)
        ny += use * (s01 * yx + s11 * yy + s21 * yz)
        nz += use * (s02 * yx + s12 * yy + s22 * yz)

        # Λ⁻¹ by its adjugate: symmetric and positive, so this is stable
        i00, i01, i02 = l11 * l22 - l12 * l12, l02 * l12 - l01 * l22, l01 * l12 - l02 * l11
        i11, i12, i22 = l00 * l22 - l02 * l02, l01 * l02 - l00 * l12, l00 * l11 - l01 * l01
        scale = 1.0 / (l00 * i00 + l01 * i01 + l02 * i02)
        ex = scale * (i00 * nx + i01 * ny + i02 * nz)
        ey = scale * (i01 * nx + i11 * ny + i12 * nz)
        ez = scale * (i02 * nx + i12 * ny + i22 * nz)
        self.bias = (bx + ex, by + ey, bz + ez)
        gx += g00 * ex + g01 * ey + g02 * ez
        gy += g10 * ex + g11 * ey + g12 * ez
        gz += g20 * ex + g21 * ey + g22 * ez
        vx += v00 * ex + v01 * ey + v02 * ez
        vy += v10 * ex + v11 * ey + v12 * ez
        vz += v20 * ex + v21 * ey + v22 * ez
        self.g = (gx, gy, gz)
        self._v = (vx, vy, vz)
        self._dg_db = (g00, g01, g02, g10, g11, g12, g20, g21, g22)
        self._dv_db = (v00, v01, v02, v10, v11, v12, v20, v21, v22)

        # half the trace of ∂g/∂b Λ⁻¹ (∂g/∂b)ᵀ: what is unknown of the bias, as it shows in g
        through_bias = (
            i00 * (g00 * g00 + g10 * g10 + g20 * g20)
            + i11 * (g01 * g01 + g11 * g11 + g21 * g21)
            + i22 * (g02 * g02 + g12 * g12 + g22 * g22)
            + 2.0 * i01 * (g00 * g01 + g10 * g11 + g20 * g21)
            + 2.0 * i02 * (g00 * g02 + g10 * g12 + g20 * g22)
            + 2.0 * i12 * (g01 * g02 + g11 * g12 + g21 * g22)
        )
        g2 = gx * gx + gy * gy + gz * gz + 1e-12
        variance = SIGMA_FLOOR_RAD**2 + SIGMA_SCALE2 * (pgg + 0.5 * scale * through_bias) / g2
        self.sigma_rad = min(math.sqrt(variance), START_SIGMA_RAD)


ZERO9 = (0.0,) * 9
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
