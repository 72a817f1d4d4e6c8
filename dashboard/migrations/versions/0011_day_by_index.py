"""PostgreSQL: a day of a wearer from the index alone, where it lies together; its rows lie far apart."""

from alembic import op

revision = "0011"
down_revision = "0010"

READ_WITH_IT = (
    "end_utc_ms",
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
    if op.get_bind().dialect.name != "postgresql":
        return
    name, columns = "ix_minutes_wearer_id_start_utc_ms", ["wearer_id", "start_utc_ms"]
    op.drop_index(name, "minutes")
    op.create_index(name, "minutes", columns, postgresql_include=list(READ_WITH_IT))
