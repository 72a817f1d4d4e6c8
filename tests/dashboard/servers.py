"""A PostgreSQL of our own, that can be stopped, killed and started again."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from sqlalchemy import create_engine, text


class PostgreSQL:
    """A server in a folder of its own, reached by its socket; running from construction to `close()`.

    Args:
        settings: lines of `postgresql.conf`, as `name=value`.

    Raises:
        FileNotFoundError: it is not installed.
    """

    def __init__(self, *settings: str) -> None:
        found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
        if not found:
            raise FileNotFoundError("PostgreSQL is not installed (apt install postgresql)")
        self.binaries = found[-1].parent
        self.folder = Path(tempfile.mkdtemp(prefix="plumbline-pg-"))
        self._data = str(self.folder / "data")
        self._as_postgres: list[str] = []
        if os.geteuid() == 0:  # PostgreSQL refuses to run as root
            self._as_postgres = ["runuser", "-u", "postgres", "--"]
            shutil.chown(self.folder, "postgres")
        self._run("initdb", "-D", self._data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync")
        chosen = ["listen_addresses=", f"unix_socket_directories={self.folder}", *settings]
        self._options = " ".join(f"-c {setting}" for setting in chosen)
        self._made = 0
        self.start()

    def start(self) -> None:
        """Start, and wait until it answers."""
        log = str(self.folder / "log")
        self._run("pg_ctl", "-D", self._data, "-o", self._options, "-l", log, "-w", "start")

    def stop(self, mode: str = "fast") -> None:
        """Stop: `fast` shuts down, `immediate` dies as of a power cut and recovers at the next start."""
        self._run("pg_ctl", "-D", self._data, "-m", mode, "-w", "stop")

    @property
    def pid(self) -> int:
        """The first of its processes."""
        return int((self.folder / "data/postmaster.pid").read_text().split()[0])

    def database(self, encoding: str = "UTF8") -> str:
        """Make an empty database; returns its URL."""
        self._made += 1
        engine = create_engine(self.url("postgres"), isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(
                text(f"CREATE DATABASE plumbline_{self._made} ENCODING {encoding} TEMPLATE template0")
            )
        engine.dispose()
        return self.url(f"plumbline_{self._made}")

    def url(self, database: str) -> str:
        """The URL of a database."""
        return f"postgresql+psycopg://postgres@/{database}?host={self.folder}"

    def close(self) -> None:
        """Stop and forget it."""
        self.stop("immediate")
        shutil.rmtree(self.folder, ignore_errors=True)

    def _run(self, program: str, *arguments: str) -> None:
        command = [*self._as_postgres, str(self.binaries / program), *arguments]
        subprocess.run(command, check=True, capture_output=True, cwd="/")
