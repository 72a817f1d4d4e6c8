"""A file to take away, of which nothing stays here: it has lost its name before the first byte leaves."""

from __future__ import annotations

import os
from typing import BinaryIO

from starlette.background import BackgroundTask
from starlette.responses import Response, StreamingResponse

CHUNK_BYTES = 65_536


def download(file: BinaryIO, media_type: str, filename: str) -> Response:
    """An answer out of an open file; whether it is read to its end or broken off, the file is gone.

    Args:
        file: at its beginning, and without a name in any folder.
        media_type: what is in it.
        filename: under which the browser keeps it.
    """
    headers = {
        "Content-Disposition": f'attachment; filename="{filename}"',
        "Content-Length": str(os.fstat(file.fileno()).st_size),
        "Cache-Control": "no-store",
    }
    chunks = iter(lambda: file.read(CHUNK_BYTES), b"")
    return StreamingResponse(chunks, 200, headers, media_type, BackgroundTask(file.close))
