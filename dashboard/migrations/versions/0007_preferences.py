"""What the wearer chose on the settings page."""

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Apply."""
