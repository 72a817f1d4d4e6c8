"""Partitions, row-level security, retention."""

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Apply."""
