"""Parts by month, sums of hours and days, devices that change hands, row-level security."""

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

from dashboard.partitions import SCHEMA, make_parts, months_ahead
from dashboard.rollup import sum_everything
from dashboard.row_security import guard_everything, make_roles
from dashboard.rows import month_of

revision = "0008"
down_revision = "0007"

FIGURES = (
    "ticks",
    "judged",
    "upright",
    "slouched",
    "leaning_forward",
    "leaning_back",
    "side_bent",
    "slouches",
    "alerts",
    "corrections",
    "correction_ticks",
)


def upgrade() -> None:
    """Apply."""
    connection = op.get_bind()
    postgresql = connection.dialect.name == "postgresql"
    if postgresql:
        make_roles(connection)
        op.execute(f"CREATE SCHEMA {SCHEMA}")
    _wearers_of_runs()
    _devices_change_hands(connection, postgresql)
    months = {run: month_of(run) for run in connection.scalars(sa.text("SELECT DISTINCT run FROM runs"))}
    _part("minutes", _minutes(), months, postgresql)
    _part("events", _events(), months, postgresql)
    for table in ("hours", "days"):
        _sums(table)
    op.create_table(
        "touched_quarters",
        sa.Column(
            "mark_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), primary_key=True, nullable=False
        ),
        sa.Column("device_id", sa.Integer(), nullable=False),
        sa.Column("wearer_id", sa.Integer(), nullable=False),
        sa.Column("start_utc_ms", sa.BigInteger(), nullable=False),
    )
    sum_everything(connection)
    if postgresql:
        guard_everything(connection)


def _wearers_of_runs() -> None:
    with op.batch_alter_table("runs") as runs:
        runs.add_column(sa.Column("wearer_id", sa.Integer()))
    op.execute(
        "UPDATE runs SET wearer_id = (SELECT wearer_id FROM devices WHERE devices.device_id = runs.device_id)"
    )
    with op.batch_alter_table("runs") as runs:
        runs.alter_column("wearer_id", existing_type=sa.Integer(), nullable=False)
        runs.create_foreign_key("fk_runs_wearer_id", "wearers", ["wearer_id"], ["wearer_id"])
    op.create_index("ix_runs_wearer_id", "runs", ["wearer_id"])


def _devices_change_hands(connection: sa.Connection, postgresql: bool) -> None:
    if postgresql:
        op.add_column("devices", sa.Column("released_utc_ms", sa.BigInteger()))
        op.drop_constraint("uq_devices_name", "devices", type_="unique")
    else:
        # SQLite cannot drop a constraint. The table is made anew under its own name, because rows of
        # others point at that name; they are checked at the commit.
        connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
        op.execute("CREATE TEMPORARY TABLE devices_before AS SELECT * FROM devices")
        op.drop_table("devices")
        op.create_table(
            "devices",
            sa.Column("device_id", sa.Integer(), nullable=False),
            sa.Column("name", sa.Text(), nullable=False),
            sa.Column("label", sa.Text(), nullable=False),
            sa.Column("wearer_id", sa.Integer(), nullable=False),
            sa.Column("simulated", sa.Boolean(), nullable=False),
            sa.Column("status", sa.Text(), nullable=True),
            sa.Column("seen_utc_ms", sa.BigInteger(), nullable=True),
            sa.Column("released_utc_ms", sa.BigInteger(), nullable=True),
            sa.ForeignKeyConstraint(["wearer_id"], ["wearers.wearer_id"], name="fk_devices_wearer_id"),
            sa.PrimaryKeyConstraint("device_id", name="pk_devices"),
        )
        columns = "device_id, name, label, wearer_id, simulated, status, seen_utc_ms"
        op.execute(f"INSERT INTO devices ({columns}) SELECT {columns} FROM devices_before")  # noqa: S608 - names from above
        op.execute("DROP TABLE devices_before")
    in_use = sa.text("released_utc_ms IS NULL")
    op.create_index(
        "uq_devices_name_in_use",
        "devices",
        ["name"],
        unique=True,
        sqlite_where=in_use,
        postgresql_where=in_use,
    )
    op.create_index("ix_devices_name", "devices", ["name"])
    op.create_index("ix_devices_wearer_id", "devices", ["wearer_id"])


def _minutes() -> Iterator[sa.Column[Any]]:
    yield sa.Column("start_s", sa.Double(), nullable=False)
    yield sa.Column("end_s", sa.Double(), nullable=False)
    yield sa.Column("start_utc_ms", sa.BigInteger(), nullable=True)
    yield sa.Column("end_utc_ms", sa.BigInteger(), nullable=True)
    yield from (sa.Column(name, sa.Integer(), nullable=False) for name in FIGURES)
    yield sa.Column("tally", sa.Text(), nullable=False)


def _events() -> Iterator[sa.Column[Any]]:
    yield sa.Column("kind", sa.Text(), nullable=False)
    yield sa.Column("t_s", sa.Double(), nullable=False)
    yield sa.Column("at_utc_ms", sa.BigInteger(), nullable=True)
    yield sa.Column("payload", sa.Text(), nullable=False)


INDEXES = {
    "minutes": (("wearer_id", "start_utc_ms"), ("device_id", "run")),
    "events": (("wearer_id", "at_utc_ms"), ("device_id", "kind", "at_utc_ms"), ("device_id", "run")),
}


def _part(table: str, columns: Iterator[sa.Column[Any]], months: dict[str, int], postgresql: bool) -> None:
    """Make a table anew with the month in its primary key, parted where the engine can."""
    connection = op.get_bind()
    before = f"{table}_before"
    for index in INDEXES[table]:
        op.drop_index(f"ix_{table}_{'_'.join(index)}", table)
    op.rename_table(table, before)
    if postgresql:  # the names of constraints' indexes are the schema's, not the table's
        op.drop_constraint(f"pk_{table}", before, type_="primary")
    own = list(columns)
    op.create_table(
        table,
        sa.Column("device_id", sa.Integer(), nullable=False),
        sa.Column("session", sa.Text(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("month", sa.Integer(), nullable=False),
        sa.Column("run", sa.Text(), nullable=False),
        sa.Column("wearer_id", sa.Integer(), nullable=False),
        *own,
        sa.ForeignKeyConstraint(["device_id"], ["devices.device_id"], name=f"fk_{table}_device_id"),
        sa.ForeignKeyConstraint(["wearer_id"], ["wearers.wearer_id"], name=f"fk_{table}_wearer_id"),
        sa.PrimaryKeyConstraint("device_id", "session", "seq", "month", name=f"pk_{table}"),
        postgresql_partition_by="LIST (month)",
    )
    for index in INDEXES[table]:
        op.create_index(f"ix_{table}_{'_'.join(index)}", table, list(index))
    if postgresql and table == "events":  # by then both are there
        make_parts(connection, {*months_ahead(), *months.values()} - {0})
    elif postgresql:
        op.execute(f"CREATE TABLE {SCHEMA}.{table}_rest PARTITION OF {table} DEFAULT")
    names = ["device_id", "session", "seq", "run", "wearer_id", *(column.name for column in own)]
    listed = ", ".join(names)
    by_month: dict[int, list[str]] = {}
    for run, month in months.items():
        by_month.setdefault(month, []).append(run)
    copy = sa.text(
        f"INSERT INTO {table} (month, {listed}) SELECT :month, {listed} FROM {before} WHERE run IN :runs"  # noqa: S608 - names from above
    ).bindparams(sa.bindparam("runs", expanding=True))
    for month, runs in by_month.items():
        for cut in range(0, len(runs), 500):
            connection.execute(copy, {"month": month, "runs": runs[cut : cut + 500]})
    op.drop_table(before)


def _sums(table: str) -> None:
    op.create_table(
        table,
        sa.Column("device_id", sa.Integer(), nullable=False),
        sa.Column("start_utc_ms", sa.BigInteger(), nullable=False),
        sa.Column("wearer_id", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in FIGURES),
        sa.Column("tally", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["device_id"], ["devices.device_id"], name=f"fk_{table}_device_id"),
        sa.ForeignKeyConstraint(["wearer_id"], ["wearers.wearer_id"], name=f"fk_{table}_wearer_id"),
        sa.PrimaryKeyConstraint("device_id", "start_utc_ms", name=f"pk_{table}"),
    )
    op.create_index(f"ix_{table}_wearer_id_start_utc_ms", table, ["wearer_id", "start_utc_ms"])
