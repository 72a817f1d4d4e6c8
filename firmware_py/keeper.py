"""Keeps raw samples beside a live run without making it wait: a thread writes, a bounded queue is between.

When the disk is slow, full or broken, samples stop being kept, this is told once, and the run goes on: the
judgement and its messages are worth more than the raw samples.
"""

from __future__ import annotations

import logging
import queue
import shutil
import threading
import time
from pathlib import Path

from .posture.blocks import TrunkBlock
from .posture.events import Command
from .posture.messages import Anchor
from .recording import Header, Recorder

log = logging.getLogger(__name__)

SUFFIX = ".plumb"
QUEUE_BLOCKS = 3000
"""Five minutes of blocks at ten a second, about 2 MB: what a stalled disk may cost in memory."""

LOOK_EVERY_S = 10.0

TIDY_EVERY_S = 3600.0


class Keeper:
    """Records one run into a folder.

    Args:
        folder: where recordings are; made if missing, readable by the owner only.
        header: what the recording says of itself; the file is named after its run.
        keep_days: recordings that ended longer ago are removed, at the start and every hour.
        keep_free_bytes: with less free space than this nothing is kept.
    """

    def __init__(self, folder: Path, header: Header, keep_days: int, keep_free_bytes: int) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._keep_free_bytes = keep_free_bytes
        self.path = folder / f"{header.run}{SUFFIX}"
        self._header = header
        self._queue: queue.Queue[TrunkBlock | Command | Anchor | None] = queue.Queue(QUEUE_BLOCKS)
        self.stopped_because = ""
        self._keep_s = keep_days * 86400.0
        self._remove_old()
        self._thread = threading.Thread(target=self._write, name="keeper", daemon=True)
        self._thread.start()

    def block(self, block: TrunkBlock) -> None:
        """Keep a block, soon."""
        self._put(block)

    def command(self, command: Command) -> None:
        """Keep a command at its place between the blocks, soon."""
        self._put(command)

    def anchor(self, anchor: Anchor) -> None:
        """Keep a corrected anchor, soon."""
        self._put(anchor)

    def close(self) -> None:
        """Write what waits and end the recording; waits for the disk, at most ten seconds."""
        if self._thread.is_alive():
            try:
                self._queue.put(None, timeout=5.0)
            except queue.Full:
                self._stop("the disk does not keep up")
            self._thread.join(timeout=10.0)

    def _put(self, item: TrunkBlock | Command | Anchor) -> None:
        if self.stopped_because:
            return
        try:
            self._queue.put_nowait(item)
        except queue.Full:
            self._stop("the disk does not keep up")

    def _stop(self, why: str) -> None:
        if not self.stopped_because:
            self.stopped_because = why
            log.warning("raw samples are no longer kept: %s; everything else goes on", why)

    def _remove_old(self) -> None:
        for old in self.path.parent.glob(f"*{SUFFIX}"):
            try:
                if time.time() - old.stat().st_mtime > self._keep_s and old != self.path:
                    old.unlink()
            except OSError as error:  # what cannot be removed must not cost the samples of now
                log.warning("%s cannot be removed: %s", old, error)

    def _write(self) -> None:
        recorder: Recorder | None = None
        looked_at = -LOOK_EVERY_S
        tidied_at = time.monotonic()
        try:
            while (item := self._queue.get()) is not None and not self.stopped_because:
                now = time.monotonic()
                if now - looked_at >= LOOK_EVERY_S:
                    looked_at = now
                    free = shutil.disk_usage(self.path.parent).free
                    if free < self._keep_free_bytes:
                        self._stop(
                            f"{free / 1e6:.0f} MB are free, {self._keep_free_bytes / 1e6:.0f} MB stay so"
                        )
                        break
                if now - tidied_at >= TIDY_EVERY_S:  # a run may last for months
                    tidied_at = now
                    self._remove_old()
                recorder = recorder or Recorder(self.path, self._header)
                if isinstance(item, TrunkBlock):
                    recorder.block(item)
                elif isinstance(item, Anchor):
                    recorder.anchor(item)
                else:
                    recorder.command(item)
        except OSError as error:
            self._stop(f"{self.path}: {error.strerror or error}")
        finally:
            if recorder is not None:
                try:
                    recorder.close()
                except OSError as error:
                    self._stop(f"{self.path}: {error.strerror or error}")
