"""A session's figures beside it: a list of sessions is read without a look at their minutes."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

FIGURES = (
    "ticks",
    "judged",
    "upright",
    "slouched",
    "leaning_forward",
    "leaning_back",
    "side_bent",
    "slouches",
    "alerts",
    "corrections",
    "correction_ticks",
)


def upgrade() -> None:
    """Apply."""
    for name in FIGURES:
        op.add_column("sessions", sa.Column(name, sa.Integer(), nullable=False, server_default="0"))
    sums = ", ".join(f"sum({name}) AS {name}" for name in FIGURES)
    of_minutes = f"SELECT device_id, session, {sums} FROM minutes GROUP BY device_id, session"  # noqa: S608 - names from above
    op.execute(
        f"UPDATE sessions SET {', '.join(f'{name} = m.{name}' for name in FIGURES)}"  # noqa: S608 - names from above
        f" FROM ({of_minutes}) AS m"
        " WHERE m.device_id = sessions.device_id AND m.session = sessions.session"
    )
