"""Messages to the phone: rules, what was decided, what is on its way."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "phone_rules",
        sa.Column("wearer_id", sa.Integer(), nullable=False),
        sa.Column("rules", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("since_utc_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["wearer_id"], ["wearers.wearer_id"], name=op.f("fk_phone_rules_wearer_id")),
        sa.PrimaryKeyConstraint("wearer_id", name=op.f("pk_phone_rules")),
    )
    op.create_table(
        "phone_notices",
        sa.Column("device_id", sa.Integer(), nullable=False),
        sa.Column("session", sa.Text(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("wearer_id", sa.Integer(), nullable=False),
        sa.Column("occasion", sa.Text(), nullable=False),
        sa.Column("at_utc_ms", sa.BigInteger(), nullable=False),
        sa.Column("decided_utc_ms", sa.BigInteger(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["device_id"], ["devices.device_id"], name=op.f("fk_phone_notices_device_id")
        ),
        sa.ForeignKeyConstraint(
            ["wearer_id"], ["wearers.wearer_id"], name=op.f("fk_phone_notices_wearer_id")
        ),
        sa.PrimaryKeyConstraint("device_id", "session", "seq", name=op.f("pk_phone_notices")),
    )
    op.create_index(
        op.f("ix_phone_notices_wearer_id_decided_utc_ms"), "phone_notices", ["wearer_id", "decided_utc_ms"]
    )
    op.create_table(
        "phone_deliveries",
        sa.Column("device_id", sa.Integer(), nullable=False),
        sa.Column("session", sa.Text(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("service", sa.Text(), nullable=False),
        sa.Column("wearer_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("due_utc_ms", sa.BigInteger(), nullable=False),
        sa.Column("expires_utc_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["device_id"], ["devices.device_id"], name=op.f("fk_phone_deliveries_device_id")
        ),
        sa.ForeignKeyConstraint(
            ["wearer_id"], ["wearers.wearer_id"], name=op.f("fk_phone_deliveries_wearer_id")
        ),
        sa.PrimaryKeyConstraint("device_id", "session", "seq", "service", name=op.f("pk_phone_deliveries")),
    )
    op.create_index(
        op.f("ix_phone_deliveries_wearer_id_state_due_utc_ms"),
        "phone_deliveries",
        ["wearer_id", "state", "due_utc_ms"],
    )
