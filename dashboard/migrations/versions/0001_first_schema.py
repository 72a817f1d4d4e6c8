"""The first schema."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "meta",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_meta")),
    )
    op.create_table(
        "rejections",
        sa.Column("day_utc", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("day_utc", "reason", "topic", name=op.f("pk_rejections")),
    )
    op.create_table(
        "wearers",
        sa.Column("wearer_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("wearer_id", name=op.f("pk_wearers")),
    )
    op.create_table(
        "devices",
        sa.Column("device_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("wearer_id", sa.Integer(), nullable=False),
        sa.Column("simulated", sa.Boolean(), nullable=False),
        sa.Column("status", sa.Text(), nullable=True),
        sa.Column("seen_utc_ms", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["wearer_id"], ["wearers.wearer_id"], name=op.f("fk_devices_wearer_id")),
        sa.PrimaryKeyConstraint("device_id", name=op.f("pk_devices")),
        sa.UniqueConstraint("name", name=op.f("uq_devices_name")),
    )
    op.create_table(
        "episodes",
        sa.Column("device_id", sa.Integer(), nullable=False),
        sa.Column("session", sa.Text(), nullable=False),
        sa.Column("episode", sa.Integer(), nullable=False),
        sa.Column("run", sa.Text(), nullable=False),
        sa.Column("wearer_id", sa.Integer(), nullable=False),
        sa.Column("start_s", sa.Double(), nullable=False),
        sa.Column("end_s", sa.Double(), nullable=True),
        sa.Column("start_utc_ms", sa.BigInteger(), nullable=True),
        sa.Column("end_utc_ms", sa.BigInteger(), nullable=True),
        sa.Column("slouched_s", sa.Double(), nullable=True),
        sa.Column("peak_deg", sa.Double(), nullable=True),
        sa.Column("mean_deg", sa.Double(), nullable=True),
        sa.Column("alerted_s", sa.Double(), nullable=True),
        sa.Column("corrected_after_s", sa.Double(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["device_id"], ["devices.device_id"], name=op.f("fk_episodes_device_id")),
        sa.ForeignKeyConstraint(["wearer_id"], ["wearers.wearer_id"], name=op.f("fk_episodes_wearer_id")),
        sa.PrimaryKeyConstraint("device_id", "session", "episode", name=op.f("pk_episodes")),
    )
    op.create_index(op.f("ix_episodes_device_id_run"), "episodes", ["device_id", "run"], unique=False)
    op.create_index(
        op.f("ix_episodes_wearer_id_start_utc_ms"), "episodes", ["wearer_id", "start_utc_ms"], unique=False
    )
    op.create_table(
        "events",
        sa.Column("device_id", sa.Integer(), nullable=False),
        sa.Column("session", sa.Text(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("run", sa.Text(), nullable=False),
        sa.Column("wearer_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("t_s", sa.Double(), nullable=False),
        sa.Column("at_utc_ms", sa.BigInteger(), nullable=True),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["device_id"], ["devices.device_id"], name=op.f("fk_events_device_id")),
        sa.ForeignKeyConstraint(["wearer_id"], ["wearers.wearer_id"], name=op.f("fk_events_wearer_id")),
        sa.PrimaryKeyConstraint("device_id", "session", "seq", name=op.f("pk_events")),
    )
    op.create_index(op.f("ix_events_device_id_run"), "events", ["device_id", "run"], unique=False)
    op.create_index(op.f("ix_events_wearer_id_at_utc_ms"), "events", ["wearer_id", "at_utc_ms"], unique=False)
    op.create_table(
        "minutes",
        sa.Column("device_id", sa.Integer(), nullable=False),
        sa.Column("session", sa.Text(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("run", sa.Text(), nullable=False),
        sa.Column("wearer_id", sa.Integer(), nullable=False),
        sa.Column("start_s", sa.Double(), nullable=False),
        sa.Column("end_s", sa.Double(), nullable=False),
        sa.Column("start_utc_ms", sa.BigInteger(), nullable=True),
        sa.Column("end_utc_ms", sa.BigInteger(), nullable=True),
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
        sa.ForeignKeyConstraint(["device_id"], ["devices.device_id"], name=op.f("fk_minutes_device_id")),
        sa.ForeignKeyConstraint(["wearer_id"], ["wearers.wearer_id"], name=op.f("fk_minutes_wearer_id")),
        sa.PrimaryKeyConstraint("device_id", "session", "seq", name=op.f("pk_minutes")),
    )
    op.create_index(op.f("ix_minutes_device_id_run"), "minutes", ["device_id", "run"], unique=False)
    op.create_index(
        op.f("ix_minutes_wearer_id_start_utc_ms"), "minutes", ["wearer_id", "start_utc_ms"], unique=False
    )
    op.create_table(
        "runs",
        sa.Column("device_id", sa.Integer(), nullable=False),
        sa.Column("run", sa.Text(), nullable=False),
        sa.Column("t0_utc_ms", sa.BigInteger(), nullable=True),
        sa.Column("anchored_at_s", sa.Double(), nullable=True),
        sa.Column("trusted", sa.Boolean(), nullable=False),
        sa.Column("simulated", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["device_id"], ["devices.device_id"], name=op.f("fk_runs_device_id")),
        sa.PrimaryKeyConstraint("device_id", "run", name=op.f("pk_runs")),
    )
    op.create_table(
        "sessions",
        sa.Column("device_id", sa.Integer(), nullable=False),
        sa.Column("session", sa.Text(), nullable=False),
        sa.Column("run", sa.Text(), nullable=False),
        sa.Column("wearer_id", sa.Integer(), nullable=False),
        sa.Column("sensors", sa.Integer(), nullable=True),
        sa.Column("start_s", sa.Double(), nullable=False),
        sa.Column("end_s", sa.Double(), nullable=False),
        sa.Column("start_utc_ms", sa.BigInteger(), nullable=True),
        sa.Column("end_utc_ms", sa.BigInteger(), nullable=True),
        sa.Column("ended", sa.Boolean(), nullable=False),
        sa.Column("summary", sa.Text(), nullable=True),
        sa.Column("message_count", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["device_id"], ["devices.device_id"], name=op.f("fk_sessions_device_id")),
        sa.ForeignKeyConstraint(["wearer_id"], ["wearers.wearer_id"], name=op.f("fk_sessions_wearer_id")),
        sa.PrimaryKeyConstraint("device_id", "session", name=op.f("pk_sessions")),
    )
    op.create_index(op.f("ix_sessions_device_id_run"), "sessions", ["device_id", "run"], unique=False)
    op.create_index(
        op.f("ix_sessions_wearer_id_start_utc_ms"), "sessions", ["wearer_id", "start_utc_ms"], unique=False
    )
