"""Sums of quarters, notes."""

import sqlalchemy as sa
from alembic import op

from dashboard.rollup import QUARTER_MS, quarter_of, sum_anew
from dashboard.tables import minutes, quarters

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "notes",
        sa.Column("note_id", sa.Integer(), nullable=False),
        sa.Column("wearer_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["wearer_id"], ["wearers.wearer_id"], name=op.f("fk_notes_wearer_id")),
        sa.PrimaryKeyConstraint("note_id", name=op.f("pk_notes")),
    )
    op.create_index(op.f("ix_notes_wearer_id_day"), "notes", ["wearer_id", "day"], unique=False)
    op.create_table(
        "quarters",
        sa.Column("device_id", sa.Integer(), nullable=False),
        sa.Column("start_utc_ms", sa.BigInteger(), nullable=False),
        sa.Column("wearer_id", sa.Integer(), nullable=False),
        sa.Column("ticks", sa.Integer(), nullable=False),
        sa.Column("judged", sa.Integer(), nullable=False),
        sa.Column("upright", sa.Integer(), nullable=False),
        sa.Column("slouched", sa.Integer(), nullable=False),
        sa.Column("leaning_forward", sa.Integer(), nullable=False),
        sa.Column("leaning_back", sa.Integer(), nullable=False),
        sa.Column("side_bent", sa.Integer(), nullable=False),
        sa.Column("slouches", sa.Integer(), nullable=False),
        sa.Column("alerts", sa.Integer(), nullable=False),
        sa.Column("corrections", sa.Integer(), nullable=False),
        sa.Column("correction_ticks", sa.Integer(), nullable=False),
        sa.Column("tally", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["device_id"], ["devices.device_id"], name=op.f("fk_quarters_device_id")),
        sa.ForeignKeyConstraint(["wearer_id"], ["wearers.wearer_id"], name=op.f("fk_quarters_wearer_id")),
        sa.PrimaryKeyConstraint("device_id", "start_utc_ms", name=op.f("pk_quarters")),
    )
    op.create_index(
        op.f("ix_quarters_wearer_id_start_utc_ms"), "quarters", ["wearer_id", "start_utc_ms"], unique=False
    )
    op.create_index(
        op.f("ix_events_device_id_kind_at_utc_ms"), "events", ["device_id", "kind", "at_utc_ms"], unique=False
    )
    _sum_what_is_there()


def _sum_what_is_there() -> None:
    connection = op.get_bind()
    rows = connection.execute(
        sa.text("SELECT device_id, wearer_id, start_utc_ms FROM minutes WHERE start_utc_ms IS NOT NULL")
    )
    touched = {
        (device_id, wearer_id, quarter_of(start_utc_ms)) for device_id, wearer_id, start_utc_ms in rows
    }
    sum_anew(connection, minutes, quarters, QUARTER_MS, touched)
