"""`docs/messages.md` and the code say the same."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Iterator
from enum import Enum

import msgspec
import pytest

from firmware_py.posture.events import SessionSummary
from firmware_py.posture.messages import (
    CHANNELS,
    REQUESTS,
    Channel,
    decode,
    decode_request,
    kind_of,
    parse_topic,
)
from firmware_py.posture.sense import field_names
from firmware_py.posture.tally import Tally

from ..conftest import ROOT

DOCUMENT = (ROOT / "docs" / "messages.md").read_text()
EXAMPLES = re.findall(r"^`(plumbline/v1/\S+)`\n\n```json\n(.+?)\n```", DOCUMENT, re.M | re.S)


def sections() -> Iterator[tuple[str, str]]:
    for part in re.split(r"^### ", DOCUMENT, flags=re.M)[1:]:
        name, _, text = part.partition("\n")
        yield name, re.split(r"^## ", text, flags=re.M)[0]


SECTIONS = dict(sections())


@pytest.mark.parametrize(("topic", "text"), EXAMPLES, ids=[json.loads(text)["kind"] for _, text in EXAMPLES])
def test_an_example_decodes_to_what_it_shows(topic: str, text: str) -> None:
    shown = json.loads(text)
    if parse_topic(topic)[1] is Channel.COMMAND:
        body: object = decode_request(text.encode()).request
    else:
        body = decode(topic, text.encode()).body
    assert kind_of(type(body)) == shown["kind"]
    read = json.loads(msgspec.json.encode(body))
    assert {name: read[name] for name in shown["data"]} == shown["data"]


def test_every_kind_of_message_has_an_example() -> None:
    shown = {json.loads(text)["kind"] for _, text in EXAMPLES}
    assert shown == {kind_of(cls) for cls in (*CHANNELS, *REQUESTS)}


@pytest.mark.parametrize("cls", [*CHANNELS, *REQUESTS], ids=kind_of)
def test_every_field_of_a_kind_is_named_in_its_section(cls: type) -> None:
    text = SECTIONS[kind_of(cls)]
    names = set(field_names(cls))
    if cls in REQUESTS:
        names -= {"t_s"}
    assert {name for name in names if f"`{name}`" not in text} == set()


@pytest.mark.parametrize(("cls", "section"), [(Tally, "minute_passed"), (SessionSummary, "session_ended")])
def test_every_field_within_a_field_is_named(cls: type, section: str) -> None:
    assert [f.name for f in dataclasses.fields(cls) if f"`{f.name}`" not in SECTIONS[section]] == []


def test_every_channel_stands_in_the_table_of_topics() -> None:
    table = DOCUMENT.partition("## Topics")[2].partition("## ")[0]
    assert set(re.findall(r"^\| `(\w+)` \|", table, re.M)) == {channel.value for channel in Channel}


def test_every_value_of_an_enumeration_is_named() -> None:
    for cls in (*CHANNELS, *REQUESTS):
        for name, hint in _enumerations(cls):
            for member in hint:
                assert f"`{member.value}`" in DOCUMENT, f"{kind_of(cls)}.{name}: {member.value}"


def _enumerations(cls: type) -> Iterator[tuple[str, type[Enum]]]:
    info = msgspec.inspect.type_info(cls)
    for field in info.fields:  # type: ignore[attr-defined]  # a dataclass's info has fields
        options = getattr(field.type, "types", (field.type,))
        for option in options:
            if isinstance(option, msgspec.inspect.EnumType):
                yield field.name, option.cls
