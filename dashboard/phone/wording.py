"""PURE: what a notice says."""

from __future__ import annotations

from datetime import datetime

from ..words import Words
from .rules import Occasion, Told


def notice_text(
    t: Words, occasion: Occasion, told: Told, at: datetime, *, discreet: bool, simulated: bool
) -> str:
    """One or two sentences, in the wearer's language.

    Args:
        t: the texts.
        occasion: what is told.
        told: the event.
        at: when it happened, on the wearer's clock.
        discreet: say that there is something, and not what: others see a phone's screen.
        simulated: no body is behind it.
    """
    if discreet:
        return t("phone.notice.discreet")
    tally = told.summary.tally
    slouched = tally.posture.get("slouched", 0)
    text = t(
        f"phone.notice.{occasion}",
        clock=f"{at:%H:%M}",
        still=t.duration(told.still_s),
        judged=t.duration(tally.judged / 10),
        percent=round(100 * (1 - slouched / tally.judged)) if tally.judged else 0,
    )
    return t("phone.notice.simulated", text=text) if simulated else text
