"""Numbers on the command line: refused by the parser where they could not work."""

from __future__ import annotations

import pytest

from firmware_py.cli import main


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["demo", "--port", "99999"], "argument --port: '99999' is no whole number from 0 to 65535"),
        (["demo", "--port", "http"], "argument --port: 'http' is no whole number"),
        (["demo", "--days", "-3"], "argument --days: '-3' is no whole number from 0 to 3650"),
        (["demo", "--for", "nan"], "argument --for: 'nan' is no length of time"),
        (["run", "--for", "0"], "argument --for: '0' is no length of time"),
        (["record", "x.plumb", "--for", "inf"], "argument --for: 'inf' is no length of time"),
        (["replay", "x.plumb", "--speed", "-1"], "argument --speed: '-1' is no speed"),
        (["replay", "x.plumb", "--speed", "fast"], "argument --speed: 'fast' is no number"),
        (
            ["analyse", "x.plumb", "--neutral-from", "-5"],
            "argument --neutral-from: '-5' is no length of time",
        ),
        (["dashboard", "--port", "-1"], "argument --port: '-1' is no whole number"),
        (["report", "--to", "0001-01-01"], "argument --to: '0001-01-01' is no date such as"),
        (["report", "--from", "yesterday"], "argument --from: 'yesterday' is no date such as"),
        (["people", "metrics-token", "--days", "1e3"], "argument --days: '1e3' is no whole number"),
    ],
)
def test_a_number_that_could_not_work_is_wrong_usage(
    capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    assert words in capsys.readouterr().err
