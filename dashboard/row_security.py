"""PostgreSQL only: which role of the web sees which rows, said once and held by the database.

A page's connection is `plumbline_web` and says whose data it may see (`plumbline.wearer`, for one
transaction). Every table with a wearer in its rows has a policy that shows these rows and no other,
so a query that forgot its WHERE shows nobody else's back; with nobody set there are no rows at all.
Signing in happens before the wearer is known, as `plumbline_door`: accounts and keys, and no history.
A programme's figures are made as `plumbline_programme`, which sees sums by day and who takes part.

The roles own nothing, and the tables' owner (ingest, migrations) is none of them. Roles belong to the
server, not to the database: they are made where the owner may, and otherwise asked for.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from firmware_py.errors import StoreError

WEB, DOOR, PROGRAMME = "plumbline_web", "plumbline_door", "plumbline_programme"
ROLES = (WEB, DOOR, PROGRAMME)

DOOR_TABLES = (
    "accounts",
    "api_tokens",
    "attempts",
    "codes",
    "permits",
    "programme_members",
    "programme_weeks",
    "programmes",
    "sign_ins",
)
"""What is looked up before it is known whose data a request may see; no page reads these."""

DOOR_ALSO = ("wearers",)
"""What the door reads and writes though pages have it too, by wearer."""

DOOR_READS = ("devices", "meta")
PROGRAMME_READS = ("days", "devices", "programme_members", "programmes", "wearers")

BACKSTAGE = ("alembic_version", "meta", "rejections", "touched_quarters")
"""What belongs to nobody: the store's own bookkeeping, which no page reads."""

_OWN = "wearer_id = CAST(nullif(current_setting('plumbline.wearer', true), '') AS integer)"


def begun_in_role(engine: Engine, role: str, wearer: str = "") -> Connection:
    """A connection in a transaction of its own, in one of the roles until that ends.

    To begin, to take the role and to find out whether a connection of the pool still stands are one round
    trip: on a busy machine a page waits for its turn at every one.

    Args:
        engine: whose connections do not find out for themselves.
        role: one of `ROLES`.
        wearer: whose rows are to be seen, as a number; nobody's where empty.

    Raises:
        sqlalchemy.exc.DBAPIError: the database is not reached, or refuses the role.
    """
    from psycopg import Error, OperationalError
    from psycopg.pq import DiagnosticField, ExecStatus

    settings = f"set_config('role', '{role}', true), set_config('plumbline.wearer', '{wearer}', true)"
    begin = f"BEGIN; SELECT {settings}".encode()
    again = True
    while True:
        connection = engine.connect()
        driver: Any = connection.connection.driver_connection  # psycopg's own
        # By the library below the driver: that one sends a BEGIN of its own first.
        answer = driver.pgconn.exec_(begin)
        if answer.status == ExecStatus.TUPLES_OK:
            connection.begin()  # which the driver, already in a transaction, says to nobody
            return connection
        said = answer.error_message.decode(errors="replace").strip()
        # The client library's own errors have no code; 57P01 to 57P03 are a server that goes or comes.
        code = answer.error_field(DiagnosticField.SQLSTATE)
        was_gone = code is None or code.startswith(b"57P")
        connection.invalidate()
        connection.close()
        if not (was_gone and again):
            raise DBAPIError.instance(begin.decode(), None, OperationalError(said), Error)
        engine.dispose()  # the server was away, so no other connection stands either
        again = False


def make_roles(connection: Connection) -> None:
    """Make the roles that are missing, and let the owner take them.

    Raises:
        StoreError: they are missing and the owner may not make them.
    """
    there = set(connection.scalars(text("SELECT rolname FROM pg_roles WHERE rolname LIKE 'plumbline%'")))
    missing = [role for role in ROLES if role not in there]
    may = connection.scalar(
        text("SELECT rolcreaterole OR rolsuper FROM pg_roles WHERE rolname = current_user")
    )
    if missing and not may:
        raise StoreError(
            "this database's owner may not make the roles of the pages; once, as an administrator: "
            + "; ".join(f"CREATE ROLE {role} NOLOGIN" for role in missing)
            + f"; GRANT {', '.join(ROLES)} TO the owner"
        )
    for role in missing:
        # Another database of the same server may be at this very moment making them too.
        connection.execute(
            text(
                f"DO $$ BEGIN CREATE ROLE {role} NOLOGIN;"
                " EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$"
            )
        )
    for role in ROLES:
        if not connection.scalar(text("SELECT pg_has_role(current_user, :role, 'MEMBER')"), {"role": role}):
            connection.execute(text(f"GRANT {role} TO CURRENT_USER"))


def guard_everything(connection: Connection) -> None:
    """Grant what each role may, and put a policy on every table with a wearer in its rows."""
    with_wearer = _tables_with_wearer(connection)
    there = _tables(connection)
    for table in with_wearer - set(DOOR_TABLES):
        guard_by_wearer(connection, table)
    _grant(connection, DOOR, "SELECT, INSERT, UPDATE, DELETE", (*DOOR_TABLES, *DOOR_ALSO), there)
    _grant(connection, DOOR, "SELECT", DOOR_READS, there)
    _grant(connection, PROGRAMME, "SELECT", PROGRAMME_READS, there)
    for table, role in (
        *((table, DOOR) for table in (*DOOR_ALSO, *DOOR_READS)),
        *((table, PROGRAMME) for table in PROGRAMME_READS),
    ):
        if table in with_wearer - set(DOOR_TABLES):
            connection.execute(text(f"CREATE POLICY {role} ON {table} TO {role} USING (true)"))
    for role in ROLES:
        connection.execute(text(f"GRANT SELECT ON alembic_version TO {role}"))
        connection.execute(text(f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {role}"))


def guard_by_wearer(connection: Connection, table: str) -> None:
    """Let pages read and write the rows of the wearer they are for, and no other."""
    connection.execute(text(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY"))
    connection.execute(text(f"CREATE POLICY own_rows ON {table} TO {WEB} USING ({_OWN}) WITH CHECK ({_OWN})"))
    connection.execute(text(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO {WEB}"))


def _grant(connection: Connection, role: str, rights: str, tables: Iterable[str], there: set[str]) -> None:
    for table in tables:
        if table in there:
            connection.execute(text(f"GRANT {rights} ON {table} TO {role}"))


def _tables(connection: Connection) -> set[str]:
    return set(
        connection.scalars(
            text(
                "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p')"
                " AND relnamespace = CAST('public' AS regnamespace)"
            )
        )
    )


def _tables_with_wearer(connection: Connection) -> set[str]:
    return set(
        connection.scalars(
            text(
                "SELECT table_name FROM information_schema.columns"
                " WHERE table_schema = 'public' AND column_name = 'wearer_id'"
            )
        )
    ) - set(BACKSTAGE)
