"""What hands do to a strap that is worn."""

from __future__ import annotations

from firmware_py.hardware.twin.wearer_channels import Channel
from firmware_py.hardware.twin.wearer_script import Script


def hand_at_the_strap(script: Script, by_deg: tuple[float, float], in_s: float) -> None:
    """Reach behind, which straightens the back; pull, too far and back again; let go."""
    script.aim_by(Channel.UPPER_FLEXION, -6.0, 1.0)
    script.aim_by(Channel.UPPER_TWIST, 12.0, 1.0)
    script.wait(1.4)
    for share in (1.3, -0.3):
        script.slip(share * by_deg[0], share * by_deg[1], in_s)
        script.aim_by(Channel.RISE, 0.01 * share, in_s)
        script.wait(in_s + 0.2)
    script.aim_by(Channel.UPPER_FLEXION, 6.0, 1.0)
    script.aim_by(Channel.UPPER_TWIST, -12.0, 1.0)
    script.aim_by(Channel.RISE, -0.01, 1.0)
    script.wait(1.2)
