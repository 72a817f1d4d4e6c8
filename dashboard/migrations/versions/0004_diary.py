"""The symptom diary."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "symptoms",
        sa.Column("wearer_id", sa.Integer(), nullable=False),
        sa.Column("entry_id", sa.Text(), nullable=False),
        sa.Column("day", sa.Text(), nullable=True),
        sa.Column("time", sa.Text(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=True),
        sa.Column("places", sa.Text(), nullable=False),
        sa.Column("brought_on", sa.Text(), nullable=False),
        sa.Column("relief", sa.Text(), nullable=False),
        sa.Column("strength", sa.Integer(), nullable=True),
        sa.Column("since", sa.Text(), nullable=True),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("simulated", sa.Boolean(), nullable=False),
        sa.Column("edited_utc_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["wearer_id"], ["wearers.wearer_id"], name=op.f("fk_symptoms_wearer_id")),
        sa.PrimaryKeyConstraint("wearer_id", "entry_id", name=op.f("pk_symptoms")),
    )
    op.create_index(op.f("ix_symptoms_wearer_id_day"), "symptoms", ["wearer_id", "day"], unique=False)
