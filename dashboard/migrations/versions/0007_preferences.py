"""How a wearer wants the pages to speak: language, clock, first day of the week, digits of an angle."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "preferences",
        sa.Column("wearer_id", sa.Integer(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("clock_h", sa.Integer(), nullable=False),
        sa.Column("week_start", sa.Integer(), nullable=False),
        sa.Column("angle_digits", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["wearer_id"], ["wearers.wearer_id"], name=op.f("fk_preferences_wearer_id")),
        sa.PrimaryKeyConstraint("wearer_id", name=op.f("pk_preferences")),
    )
