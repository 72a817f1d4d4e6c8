"""A row's number in an address: no larger than a database counts, so that a longer one is no such page."""

from __future__ import annotations

from starlette.convertors import Convertor


class RowNumber(Convertor[int]):
    """Up to nine digits, which a 32-bit column holds."""

    regex = "[0-9]{1,9}"

    def convert(self, value: str) -> int:
        """The number in the address."""
        return int(value)

    def to_string(self, value: int) -> str:
        """The number as it stands in an address."""
        return str(value)
