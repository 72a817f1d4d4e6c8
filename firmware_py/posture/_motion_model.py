"""What the filter assumes of sensors and of bodies."""

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
        scale_sigma: one sigma of an unknown scale error, per axis, once a factory has trimmed it. Larger ones
            are found as well, more slowly; a larger sigma takes ordinary movement for them.
        fault_memory_s: time over which what was learned of the faults fades (temperature).
        gyr_walk_rad: drift of the integrated gyroscope, rad/√s, that no rotation causes.
        gyr_scale: drift per radian turned: scale, misalignment.
        speed_per_shake: spread of the mean velocity over a tick, m/s, where the acceleration's
            deviation is 1 m/s².
        shake_exponent: the spread grows as this power of the deviation.
        shake_memory_s: over which the deviation is averaged.
        speed_floor_m_s: least spread of the velocity.
        lasting_s: over which the sensor's own acceleration has to average out …
        lasting_m_s2: … to less than this, or …
        lasting_share: … to less than this share of its mean square; both exceeded, the tilt is wrong.
        rest_after_s: stillness counts as rest after this time …
        rest_after_doubt_s: … or after this time, where it would change the bias by much.
        rest_doubt_rad_s: what counts as much: an even turn may look still for a while.
        rest_gyr_rad_s: standard deviation (all three axes) under which a tick is still.
        rest_acc_m_s2: the same for the accelerometer.
        rest_force_m_s2: how far the mean specific force of a tick, in the sensor's own axes, may move while
            it is still: 0.6° of tilt. An even turn has a steady rate, as a biased gyroscope at rest has.
        rest_most_rad_s: greatest rate that may be taken for a bias; an even turn about the vertical moves no
            specific force. Data sheets allow zero-rate outputs of 5 (ICM-20948) to 20 °/s (MPU-6050), and a
            real MPU-6050 has 4.5.
        rest_speed_m_s: spread of the velocity at rest.
        rest_rate_rad_s: spread of the true rate at rest, over a tick, per axis.
        start_g_m_s2: one sigma of a horizontal component of g from one tick of the accelerometer.
        start_speed_m_s: one sigma of the velocity of a sensor found in motion.
    """

    tick_s: float = 0.5
    gyr_delay_s: float = 0.004
    bias_sigma_rad_s: float = 2.5 * DEG
    scale_sigma: float = 0.003
    fault_memory_s: float = 300.0
    gyr_walk_rad: float = 0.1 * DEG
    gyr_scale: float = 0.003
    speed_per_shake: float = 0.15
    shake_exponent: float = 0.8
    shake_memory_s: float = 3.0
    speed_floor_m_s: float = 0.05
    lasting_s: float = 1.5
    lasting_m_s2: float = 0.8
    lasting_share: float = 0.6
    rest_after_s: float = 1.5
    rest_after_doubt_s: float = 5.0
    rest_doubt_rad_s: float = 1.0 * DEG
    rest_gyr_rad_s: float = 0.8 * DEG
    rest_acc_m_s2: float = 0.25
    rest_force_m_s2: float = 0.1
    rest_most_rad_s: float = 10.0 * DEG
    rest_speed_m_s: float = 0.01
    rest_rate_rad_s: float = 0.1 * DEG
    start_g_m_s2: float = 2.0
    start_speed_m_s: float = 0.5
