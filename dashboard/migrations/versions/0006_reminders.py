"""Messages to the phone: rules and queue."""

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Apply."""
