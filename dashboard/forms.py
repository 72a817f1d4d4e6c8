"""Reading a small form."""

from __future__ import annotations

from urllib.parse import parse_qs

from starlette.exceptions import HTTPException
from starlette.requests import Request

MAX_FORM_BYTES = 20_000
MAX_FIELDS = 100


async def read_form(request: Request) -> dict[str, str]:
    """The fields of a URL-encoded form; of a name that stands twice the last.

    Raises:
        HTTPException: 413 where it is too large, 400 where it cannot be read.
    """
    return {key: values[-1] for key, values in (await read_fields(request)).items()}


async def read_fields(request: Request) -> dict[str, list[str]]:
    """The fields of a URL-encoded form, each with all its values.

    Raises:
        HTTPException: 413 where it is too large, 400 where it cannot be read or holds a NUL.
    """
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_FORM_BYTES:
            raise HTTPException(413)
    try:
        fields = parse_qs(body.decode(), max_num_fields=MAX_FIELDS)
    except ValueError as error:
        raise HTTPException(400) from error
    if any("\x00" in text for name, values in fields.items() for text in (name, *values)):
        raise HTTPException(400)  # PostgreSQL's text holds none
    return fields
