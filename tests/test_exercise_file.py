"""Exercises out of files: the two that come along with their exact doses, one's own, and errors by key."""

from __future__ import annotations

from pathlib import Path

import pytest

from firmware_py.errors import ConfigError
from firmware_py.exercise_file import LANGUAGES, load, parse
from firmware_py.posture.position import Position

from .conftest import ROOT

OWN = """
[wall_slide]
position = "standing"
move_s = 4
hold_s = 2
rest_s = 3
repetitions = 6
sets_a_day = 2
[wall_slide.en]
name = "Wall slide"
start = "Stand with your back to a wall."
steps = ["Slide your arms up.", "Hold for 2 seconds."]
"""

SEES = """[wall_slide.sees]
axis = "flexion"
sign = -1
least_deg = 4
[wall_slide.en]"""


def test_the_head_lift_has_its_exact_dose() -> None:
    lift = load()["head_lift"].exercise
    assert (lift.position, lift.hold_s, lift.rest_s, lift.daily_limit) == (Position.PRONE, 5, 5, 10)
    assert lift.sees is not None
    assert lift.sees.sign == -1


def test_the_scapular_retraction_has_its_exact_dose() -> None:
    pull = load()["scapular_retraction"].exercise
    assert (pull.position, pull.hold_s, pull.repetitions, pull.sets_a_day) == (Position.STANDING, 10, 5, 2)
    assert pull.daily_limit == 10
    assert "adds resistance" in load()["scapular_retraction"].wording("en").extra


def test_those_that_come_along_speak_every_language() -> None:
    for described in load().values():
        assert set(described.words) == set(LANGUAGES)


def test_ones_own_come_behind_with_the_limit_that_their_sets_make(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text(OWN)
    found = load(path)
    assert list(found) == ["head_lift", "scapular_retraction", "wall_slide"]
    assert found["wall_slide"].exercise.daily_limit == 12
    assert found["wall_slide"].exercise.sees is None
    assert found["wall_slide"].wording("de").name == "Wall slide", "English where there is no German"


def test_one_of_the_same_key_takes_the_others_place(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text(OWN.replace("wall_slide", "head_lift"))
    assert load(path)["head_lift"].exercise.hold_s == 2


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("hold_s = 2", "hold_s = 0"), "own.toml: [wall_slide] hold_s is 0.0; it must lie between 1 and 120"),
        (("hold_s = 2", 'hold_s = "two"'), "[wall_slide] Expected `float`, got `str` - at `hold_s`"),
        (("hold_s = 2", "hodl_s = 2"), "[wall_slide] Object contains unknown field `hodl_s`"),
        (("hold_s = 2\n", ""), "[wall_slide] Object missing required field `hold_s`"),
        (('position = "standing"', 'position = "floating"'), "[wall_slide] Invalid enum value 'floating'"),
        (('position = "standing"', 'position = "unclear"'), "starts from a position that can be told"),
        (("sets_a_day = 2", "sets_a_day = 2\ndaily_limit = 13"), "is 13, and 2 sets of 6 make 12"),
        (("[wall_slide.en]", "[wall_slide.fr]"), "[wall_slide] Object contains unknown field `fr`"),
        (("[wall_slide.en]\nname", "[wall_slide.en]\nnom"), "unknown field `nom` - at `en`"),
        (('steps = ["Slide your arms up.", "Hold for 2 seconds."]', "steps = []"), "at `en.steps`"),
        (("wall_slide", "Wall-Slide"), "the key 'Wall-Slide' must be 1 to 32 of a-z"),
        (
            ("[wall_slide.en]", SEES.replace("4", "0.5")),
            "least_deg is 0.5; it must lie between 1.5",
        ),
        (
            ("[wall_slide.en]", SEES.replace("flexion", "up")),
            "Invalid enum value 'up' - at `sees.axis`",
        ),
        (("[wall_slide]", "[wall_slide"), "own.toml is not valid TOML"),
    ],
    ids=lambda value: value[1][:24].strip() if isinstance(value, tuple) else "",
)  # fmt: skip
def test_a_mistake_is_told_by_file_exercise_and_key(change: tuple[str, str], words: str) -> None:
    with pytest.raises(ConfigError) as error:
        parse(OWN.replace(*change), "own.toml")
    assert words in str(error.value)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"cannot read the exercises in .*own\.toml"):
        load(tmp_path / "own.toml")


def test_the_example_of_the_document_is_one_that_can_be_read() -> None:
    document = (ROOT / "docs" / "exercises.md").read_text()
    example = document.partition("```toml\n")[2].partition("```")[0]
    assert parse(example, "docs/exercises.md")
