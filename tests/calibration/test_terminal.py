"""The guided calibration at a terminal, typed through as a person would."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

from calibration.profiles import Profiles
from calibration.terminal import run
from firmware_py.posture.blocks import TrunkBlock
from firmware_py.posture.guidance import GuideCue, GuidePhase, GuidePlan, GuideProgress, GuideStep
from firmware_py.posture.profile import CalibrationProfile, SensorProfile
from tests.calibration.obedient import Doing, Obedient, fidgeting, still, strappings

PROFILE = CalibrationProfile(upper=SensorProfile(sensor_id="mpu6050-0x68"))


class AtTerminal:
    """Reads what is written, types when asked, and moves as told; a source of samples and of keys."""

    def __init__(self, instead: dict[tuple[GuideStep, int], Doing] | None = None, answer: str = "") -> None:
        self.out = io.StringIO()
        self.who = Obedient(strappings(41), instead or {})
        self.answer = answer
        self.step: GuideStep | None = None
        self.holding_since: float | None = None
        self.felt: list[GuideCue] = []
        self._read = 0

    def blocks(self) -> Iterator[TrunkBlock]:
        step, attempt = GuideStep.SIT, 1
        while self.who.t_s < 120.0:
            text = self.out.getvalue()
            attempt = 1 + text.count("once more.")
            if self.holding_since is None and "now …" in text[self._read :]:
                self.holding_since = self.who.t_s
            if self.holding_since is not None and self.who.t_s - self.holding_since > 5.2:
                self.holding_since, self._read = None, len(text)
            phase = GuidePhase.HOLD if self.holding_since is not None else GuidePhase.COUNTDOWN
            shown = GuideProgress(0.0, GuidePlan.NEUTRAL, step, phase, 1, 1, attempt, "", 0, GuideCue.NONE)
            yield self.who.goes_on(shown, self.holding_since or 0.0)

    def keys(self) -> str | None:
        waiting = self.out.getvalue().rstrip().endswith("q: leave")
        return self.answer if waiting else None


def test_pressing_enter_and_sitting_upright_keeps_a_neutral(tmp_path: Path) -> None:
    person = AtTerminal()
    profiles = Profiles(tmp_path)
    code = run(
        person.blocks(),
        profiles,
        PROFILE,
        GuidePlan.NEUTRAL,
        keys=person.keys,
        out=person.out,
        cue=person.felt.append,
    )
    text = person.out.getvalue()
    assert code == 0, text
    assert "Sit upright, the way you would like to sit." in text
    assert text.count("Sit upright, the way you would like to sit.") == 1
    assert "\n  3 2 1  now … 5 4 3 2 1\n  Good." in text
    assert "This is your upright from now on" in text
    assert "upper sensor: Fair, angles are right to about" in text
    assert f"Kept in {tmp_path / 'mpu6050-0x68.json'}" in text
    kept = profiles.current("mpu6050-0x68")
    assert kept is not None
    assert kept.made_at
    assert person.felt[:5] == [GuideCue.TICK] * 3 + [GuideCue.GO, GuideCue.GOOD]


def test_who_moves_reads_why_and_tries_once_more(tmp_path: Path) -> None:
    person = AtTerminal({(GuideStep.SIT, 1): fidgeting(6.0), (GuideStep.SIT, 2): still(5.0)})
    code = run(
        person.blocks(), Profiles(tmp_path), PROFILE, GuidePlan.NEUTRAL, keys=person.keys, out=person.out
    )
    text = person.out.getvalue()
    assert code == 0, text
    assert "You moved" in text
    assert "while sitting still — once more." in text


def test_q_leaves_and_nothing_is_changed(tmp_path: Path) -> None:
    person = AtTerminal(answer="q")
    profiles = Profiles(tmp_path)
    code = run(person.blocks(), profiles, PROFILE, GuidePlan.FULL, keys=person.keys, out=person.out)
    assert code == 1
    assert person.out.getvalue().endswith("Everything is as it was.\nNothing was changed.\n")
    assert profiles.current("mpu6050-0x68") is None


def test_a_source_that_ends_in_the_middle_changes_nothing(tmp_path: Path) -> None:
    person = AtTerminal()
    blocks = [block for block, _ in zip(person.blocks(), range(20), strict=False)]
    profiles = Profiles(tmp_path)
    assert run(blocks, profiles, PROFILE, GuidePlan.NEUTRAL, keys=lambda: None, out=person.out) == 1
    assert run([], profiles, PROFILE, keys=lambda: None, out=person.out) == 1
    assert profiles.current("mpu6050-0x68") is None


def skipping(plan: GuidePlan, folder: Path) -> tuple[int, str]:
    """Somebody presses "skip" at the first step and then leaves: how it ended, and what was said."""
    answers, person = iter(["s", "q"]), AtTerminal()
    code = run(
        person.blocks(), Profiles(folder), PROFILE, plan, keys=lambda: next(answers, None), out=person.out
    )
    return code, person.out.getvalue()


def test_a_step_that_cannot_be_left_out_offers_no_skip_and_says_so(tmp_path: Path) -> None:
    code, text = skipping(GuidePlan.NEUTRAL, tmp_path)
    assert code == 1
    assert "Enter: go on   q: leave" in text
    assert "This step cannot be left out." in text


def test_a_step_that_may_be_left_out_offers_it(tmp_path: Path) -> None:
    _, text = skipping(GuidePlan.POSES, tmp_path)
    assert "Enter: go on   s: skip   q: leave" in text
    assert "cannot be left out" not in text
    assert "[2/5]" in text
