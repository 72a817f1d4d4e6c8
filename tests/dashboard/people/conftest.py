"""A served dashboard for many."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from .town import Town


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    """A dashboard with accounts, nobody in it yet."""
    made = Town(tmp_path / "data")
    yield made
    made.close()
