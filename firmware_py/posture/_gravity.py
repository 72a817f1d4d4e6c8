"""The Kalman filter behind `InclinationFilter`: one step a tick, in plain Python numbers.

In the frame of the integrated gyroscope the reaction to gravity stands still, but for the
gyroscope's errors, and the accelerometer reads it plus the sensor's own acceleration. A worn or
hand-held sensor goes nowhere for long: over a tick of half a second its mean velocity is
zero, give or take a spread that follows the shaking. That pseudo-measurement,

    0 = v + (first integral of a − g, averaged over the tick) ± spread,

corrects g and the velocity v. The frame is kept level within some degrees, so only the two
horizontal components matter: one complex number, y + ix, for g and one for v. The noise is the
same along both, so one 2×2 covariance and one gain serve them.

The gyroscope's faults, a bias and a scale error per axis, enter linearly. The sensitivities of g and
v to these six pass through the same recursion; what they tell is `_fault_regression.py`.

Python's complex numbers and not arrays, because numpy takes a microsecond for each of some hundred
operations on so few numbers; only the regression, solved every few seconds, is worth an array.
"""

from __future__ import annotations

import math

from ._fault_regression import FaultRegression, Faults
from ._motion_model import DEG, GRAVITY_M_S2, MotionModel

TickSums = tuple[
    complex, float, complex, float,
    complex, complex, complex, complex, complex, complex,
    float, float, float, float, float, float, float, float, float, float,
]  # fmt: skip
"""What a tick of samples amounted to. "Horizontal" is y + ix in the integrated frame. In order:

- ∫a over the tick, horizontal, m/s; the same, vertical; ∫∫a, horizontal, m; mean of |a|², m²/s⁴
- mean of the sensor's x axis, horizontal; of its y axis; of its z axis; the same three, each
  sample weighted with the rate about that axis, rad/s
- mean rate about x, y and z as the filter integrated it (known faults taken off), rad/s; mean squared rate
- mean specific force along the sensor's own x, y and z, m/s²
- share of the samples that were missing and bridged, 0 to 1; share with the gyroscope at its
  limit; with the accelerometer at its limit

A plain tuple: a class of its own would cost a tenth of a step.
"""


class GravityKalman:
    """Gravity, velocity and gyroscope bias, one `step` a tick.

    Attributes:
        tilt: horizontal part of the reaction to gravity, y + ix, m/s²; its direction is "up".
        faults: of the gyroscope, sensor frame, as now estimated.
        reference: the faults that the integration takes off, changed only by `rebase`.
        known: False until a first tick, or the first after a long gap, has levelled the frame.
        resting: whether the last tick was at rest.
        doubtful_s: how long to doubt the answer yet, for reasons that no covariance knows of.
    """

    def __init__(self, model: MotionModel, tick_s: float) -> None:
        self.model = model
        self.tick_s = tick_s
        self.faults: Faults = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
        self.reference = self.faults
        self._regression = FaultRegression(model, tick_s)
        self._walk = GRAVITY2 * model.gyr_walk_rad**2 * tick_s
        self._scale2 = GRAVITY2 * (model.gyr_scale * tick_s) ** 2
        self._speed2_per_shake = model.speed_per_shake**2 / 3.0**model.shake_exponent
        self._speed_floor2 = model.speed_floor_m_s**2
        self._rest_gyr2 = model.rest_gyr_rad_s**2
        self._rest_acc2 = model.rest_acc_m_s2**2
        self._rest_force2 = model.rest_force_m_s2**2
        self._rest_rate2 = model.rest_most_rad_s**2
        self._rest_doubt2 = model.rest_doubt_rad_s**2
        self._lasting_keep = math.exp(-tick_s / model.lasting_s)
        self._lasting_limit2 = model.lasting_m_s2**2
        self._shake_keep = math.exp(-tick_s / model.shake_memory_s)
        self._ticks = 0
        self.restart()

    def restart(self) -> None:
        """Forget everything but the gyroscope's faults."""
        self.known = False
        self.resting = False
        self.doubtful_s = 0.0
        self._held_s = 0.0
        self.tilt = 0j
        self._v = 0j
        self._dg = [0j] * 6
        self._dv = [0j] * 6
        self._cov = (self.model.start_g_m_s2**2, 0.0, self.model.start_speed_m_s**2)
        self._regression.restart()
        self._shake = self._surprise = self._weight = 0.0
        self._surprise_mean = self._lasting = 0j
        self._passing2 = 0.0
        self._still_s = 0.0
        self._last_gyr = (math.inf, 0.0, 0.0)
        self._rest_force = (math.inf, 0.0, 0.0)

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
        variance = SIGMA_FLOOR_RAD**2 + SIGMA_SCALE2 / GRAVITY2 * (self._cov[0] + self._regression.variance)
        return variance if variance < START_SIGMA_RAD**2 else START_SIGMA_RAD**2

    def start(self) -> None:
        """The frame was just levelled by the accelerometer alone."""
        self.known = True

    def gap(self, gap_s: float) -> None:
        """The next tick begins `gap_s` later than the last one ended."""
        turned = GAP_RATE_RAD_S * gap_s
        if turned > LOST_RAD:
            self.restart()
            return
        self._still_s = 0.0
        pgg, _, _ = self._cov
        self._cov = (pgg + (GRAVITY_M_S2 * turned) ** 2, 0.0, self.model.start_speed_m_s**2)
        self._v = 0j
        self._dv = [0j] * 6

    def rebase(self) -> None:
        """Hand the latest faults to the integration, and take the frame as levelled."""
        self.reference = self.faults
        self.tilt = 0j

    def step(self, sums: TickSums) -> None:
        """Take in one tick."""
        m = self.model
        t = self.tick_s
        held = sums[17]
        if held > 0.5:
            self._held_s += t
            if self._held_s * HELD_RATE_RAD_S > LOST_RAD:
                self.restart()
                return
        else:
            self._held_s = 0.0
        (
            dv,
            dv_up,
            dp,
            acc2,
            tx,
            ty,
            tz,
            rx,
            ry,
            rz,
            wx,
            wy,
            wz,
            gyr2,
            fx,
            fy,
            fz,
            _,
            clipped_gyr,
            clipped_acc,
        ) = sums
        tilt = self.tilt
        v = self._v
        # dg/dt = (R error) × g, and g is vertical but for a few degrees
        i = 1j * GRAVITY_M_S2 * t
        c0, c1, c2, c3, c4, c5 = i * tx, i * ty, i * tz, i * rx, i * ry, i * rz
        b0, b1, b2, b3, b4, b5 = self.faults
        a0, a1, a2, a3, a4, a5 = self.reference
        drift = c0 * (b0 - a0) + c1 * (b1 - a1) + c2 * (b2 - a2)
        drift += c3 * (b3 - a3) + c4 * (b4 - a4) + c5 * (b5 - a5)
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
        self._surprise_mean = mean = keep * self._surprise_mean + fresh * y
        # nobody accelerates in one direction for long: if the mean says so, the tilt is wrong
        off -= tilt
        keep = self._lasting_keep
        fresh = 1.0 - keep
        self._lasting = lasting = keep * self._lasting + fresh * off
        lasting2 = (lasting * lasting.conjugate()).real
        self._passing2 = passing2 = keep * self._passing2 + fresh * (off * off.conjugate()).real
        # rest: neither sensor varies within the tick, nor the rate from tick to tick, nor the force, in the
        # sensor's own axes, since the stillness began: an even turn looks still to all but the last
        lx, ly, lz = self._last_gyr
        rx, ry, rz = wx + a0, wy + a1, wz + a2
        self._last_gyr = (rx, ry, rz)
        lx -= rx
        ly -= ry
        lz -= rz
        limit2 = self._rest_gyr2
        ox, oy, oz = self._rest_force
        ox -= fx
        oy -= fy
        oz -= fz
        if (
            gyr2 - wx * wx - wy * wy - wz * wz < limit2
            and acc2 - mean2 < self._rest_acc2
            and lx * lx + ly * ly + lz * lz < limit2
            and ox * ox + oy * oy + oz * oz < self._rest_force2
            and rx * rx + ry * ry + rz * rz < self._rest_rate2
            and not held
        ):
            self._still_s += t
        else:
            self._still_s = 0.0
            self._rest_force = (fx, fy, fz)
        ox, oy, oz = rx - b0, ry - b1, rz - b2
        surely = ox * ox + oy * oy + oz * oz < self._rest_doubt2
        self.resting = resting = self._still_s >= (m.rest_after_s if surely else m.rest_after_doubt_s)
        if resting:
            spread2 = m.rest_speed_m_s**2
        else:
            spread2 = self._speed2_per_shake * (shake / weight) ** m.shake_exponent
            mean /= weight
            off2 = surprise / weight - 0.5 * (mean * mean.conjugate()).real
            spread2 = (spread2 if spread2 > off2 else off2) + self._speed_floor2
        if clipped_acc:
            spread2 += (CLIPPED_ACC_M_S2 * clipped_acc * t) ** 2

        # covariance of g, v and the mean velocity at the tick's end
        pgg, pgv, pvv = self._cov
        q = self._walk + self._scale2 * gyr2
        if held or clipped_gyr:
            q += GRAVITY2 * t * t * ((HELD_RATE_RAD_S * held) ** 2 + (CLIPPED_RATE_RAD_S * clipped_gyr) ** 2)
        if lasting2 > self._lasting_limit2 and lasting2 > m.lasting_share * passing2:
            pgg += fresh * lasting2
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
        g0, g1, g2, g3, g4, g5 = self._dg
        v0, v1, v2, v3, v4, v5 = self._dv
        s0, s1, s2 = v0 - h1 * g0 - h2 * c0, v1 - h1 * g1 - h2 * c1, v2 - h1 * g2 - h2 * c2
        s3, s4, s5 = v3 - h1 * g3 - h2 * c3, v4 - h1 * g4 - h2 * c4, v5 - h1 * g5 - h2 * c5
        self._dv = [
            v0 - t * g0 - h1 * c0 - kv * s0,
            v1 - t * g1 - h1 * c1 - kv * s1,
            v2 - t * g2 - h1 * c2 - kv * s2,
            v3 - t * g3 - h1 * c3 - kv * s3,
            v4 - t * g4 - h1 * c4 - kv * s4,
            v5 - t * g5 - h1 * c5 - kv * s5,
        ]
        self._dg = [
            g0 + c0 - kg * s0,
            g1 + c1 - kg * s1,
            g2 + c2 - kg * s2,
            g3 + c3 - kg * s3,
            g4 + c4 - kg * s4,
            g5 + c5 - kg * s5,
        ]

        # the regression on the faults
        self._regression.add([s0, s1, s2, s3, s4, s5], use, y)
        if resting:
            self._regression.add_rest(ox, oy, oz)
        if held > MOST_HELD or clipped_gyr or clipped_acc or acc2 < FREE_FALL_M_S2**2:
            self.doubtful_s = DOUBT_S
        elif self.doubtful_s > 0.0:
            self.doubtful_s -= t
        self._ticks += 1
        if not self._ticks % TICKS_PER_REGRESSION or self._ticks < FIRST_TICKS:
            self._regress()

    def _regress(self) -> None:
        """Put what the ticks tell of the faults into the state."""
        change = self._regression.solve(self._dg)
        b0, b1, b2, b3, b4, b5 = self.faults
        e0, e1, e2, e3, e4, e5 = change
        self.faults = (b0 + e0, b1 + e1, b2 + e2, b3 + e3, b4 + e4, b5 + e5)
        self.tilt += sum(g * e for g, e in zip(self._dg, change, strict=True))
        self._v += sum(v * e for v, e in zip(self._dv, change, strict=True))


GRAVITY2 = GRAVITY_M_S2**2
TICKS_PER_REGRESSION = 16
"""The regression on the faults is solved every eight seconds (every four gains nothing: 0.473° on BROAD) …"""
FIRST_TICKS = 20
"""… and at each of the first ticks."""
START_SIGMA_RAD = math.pi / 2.0
"""Before anything is known: any direction."""
SIGMA_FLOOR_RAD = 0.25 * DEG
"""What an accelerometer's own bias and scale leave, which no filter sees."""
SIGMA_SCALE2 = 0.75
"""From the filter's own variance to that of the errors seen (docs/accuracy.md)."""
FREE_FALL_M_S2 = 3.0
"""Specific force below which nothing holds the sensor."""
MOST_HELD = 0.1
"""Share of missing samples in a tick that leaves its answer good."""
DOUBT_S = 2.0
"""How long an answer is doubted after free fall, saturation or missing samples."""
LOST_RAD = 1.0
"""A turn unseen as large as this leaves nothing to go on with."""
GAP_RATE_RAD_S = 1.0
"""How fast a person may have turned in a gap, one sigma."""
HELD_RATE_RAD_S = 1.0
"""The same while a missing sample is bridged."""
CLIPPED_RATE_RAD_S = 3.0
"""How far beyond its limit a saturated gyroscope may have been turned."""
CLIPPED_ACC_M_S2 = 10.0
"""The same for the accelerometer."""
