"""How much the disk still takes, and the warning before it takes no more.

What is worth least goes first: raw samples stop by themselves while little is left (`keeper.py`), the
outbox gives up events, then minutes, and sessions last (`outbox.py`).
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Final

from ..posture.messages import StorageChanged, StorageLevel

LOW_BYTES: Final = 500_000_000
"""Below this raw samples are given up; the default of `recording.keep_free_mb`."""

FULL_BYTES: Final = 2_000_000
"""Below this a write may fail at any time."""

_DETAIL: Final = {
    StorageLevel.OK: "there is room again",
    StorageLevel.LOW: "raw samples are no longer kept; minutes, events and sessions are",
    StorageLevel.FULL: "messages are held in memory and lost at a power cut; remove files from the device",
}


class Storage:
    """Watches the disk under a folder.

    Args:
        folder: any folder on the disk.
        low_bytes: free space below which the level is LOW.
        full_bytes: free space below which it is FULL.
        free: how many bytes are left for us under a path.
    """

    def __init__(
        self,
        folder: Path,
        *,
        low_bytes: int = LOW_BYTES,
        full_bytes: int = FULL_BYTES,
        free: Callable[[Path], int] = lambda folder: shutil.disk_usage(folder).free,
    ) -> None:
        self._folder = folder
        self._low_bytes = low_bytes
        self._full_bytes = full_bytes
        self._free = free
        self.level = StorageLevel.OK

    def look(self, t_s: float, *, failing: bool = False) -> StorageChanged | None:
        """The change of level since the last look; `failing` says that a write just failed.

        Going back to a better level takes a tenth more room than leaving it, so that it does not waver.
        """
        try:
            left = self._free(self._folder)
        except OSError:
            return None  # the folder is gone; whoever writes there says so
        slack = 1.1 if self.level is not StorageLevel.OK else 1.0
        if failing or left < self._full_bytes * (slack if self.level is StorageLevel.FULL else 1.0):
            level = StorageLevel.FULL
        elif left < self._low_bytes * slack:
            level = StorageLevel.LOW
        else:
            level = StorageLevel.OK
        if level is self.level:
            return None
        self.level = level
        return StorageChanged(t_s, level, left, _DETAIL[level])
