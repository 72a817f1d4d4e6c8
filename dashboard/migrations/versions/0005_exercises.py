"""Exercises done."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "exercise_sets",
        sa.Column("wearer_id", sa.Integer(), nullable=False),
        sa.Column("set_id", sa.Text(), nullable=False),
        sa.Column("exercise", sa.Text(), nullable=False),
        sa.Column("start_utc_ms", sa.BigInteger(), nullable=False),
        sa.Column("end_utc_ms", sa.BigInteger(), nullable=False),
        sa.Column("planned", sa.Integer(), nullable=False),
        sa.Column("by_time", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["wearer_id"], ["wearers.wearer_id"], name=op.f("fk_exercise_sets_wearer_id")
        ),
        sa.PrimaryKeyConstraint("wearer_id", "set_id", name=op.f("pk_exercise_sets")),
    )
    op.create_index(
        op.f("ix_exercise_sets_wearer_id_end_utc_ms"),
        "exercise_sets",
        ["wearer_id", "end_utc_ms"],
        unique=False,
    )
    op.create_table(
        "exercise_times",
        sa.Column("wearer_id", sa.Integer(), nullable=False),
        sa.Column("exercise", sa.Text(), nullable=False),
        sa.Column("at", sa.Text(), nullable=False),
        sa.Column("settled_day", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["wearer_id"], ["wearers.wearer_id"], name=op.f("fk_exercise_times_wearer_id")
        ),
        sa.PrimaryKeyConstraint("wearer_id", "exercise", "at", name=op.f("pk_exercise_times")),
    )
