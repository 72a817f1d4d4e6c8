"""Accounts, carers, tokens, the log of who looked."""

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Apply."""
