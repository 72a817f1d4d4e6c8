"""Brings a database to this version's schema, or refuses one that a newer version wrote.

The steps are Alembic's, in `versions/`; they run at every start, in one transaction. A database
that is already up to date costs one query and never imports Alembic. Of several processes that
start at once one migrates, and the others wait for it.
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, text

from firmware_py.errors import StoreError

HEAD = "0011"
"""The newest revision in `versions/`."""

MIGRATING = 0x9DB_0001
"""Number of the advisory lock under which PostgreSQL is migrated; SQLite has one writer anyway."""


def current(connection: Connection) -> str | None:
    """The schema's revision; None for an empty database."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    revision: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return revision


def migrate(engine: Engine, target: str = HEAD) -> None:
    """Apply every step up to `target`.

    Raises:
        StoreError: a newer version of Plumbline wrote this database, or this login may not change it.
    """
    with engine.connect() as connection:
        found = current(connection)
        may_change = found == target or _may_change(connection)
    if found == target:
        return
    if found is not None and found > HEAD:  # revisions are numbers of four digits
        raise StoreError(
            f"this database has schema {found}, this Plumbline knows up to {HEAD}: "
            "a newer Plumbline wrote it; update this one, or choose another database"
        )
    if not may_change:
        raise StoreError(
            f"this database has schema {found}, this Plumbline needs {target}, and this login may not change "
            "it: first `plumbline migrate` with the URL of the database's owner"
        )
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    with engine.execution_options(writes=True).begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATING})
        config.attributes["connection"] = connection  # Alembic looks again at what is there
        command.upgrade(config, target)


def _may_change(connection: Connection) -> bool:
    if connection.dialect.name != "postgresql":
        return True
    may: bool = connection.execute(text("SELECT has_schema_privilege('public', 'CREATE')")).scalar_one()
    return may
