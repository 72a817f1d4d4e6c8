"""The tables of what devices tell and wearers note; `schema.py` has these and all others.

Times in the wearer's history are absolute, in whole milliseconds since 1970 UTC (`…_utc_ms`),
worked out from the run's anchor and worked out again when the anchor is corrected; beside them
stand the run's own seconds (`…_s`), which never change. A row whose run has no anchor yet has a
null there and is shown when the anchor comes.

On PostgreSQL minutes and events are parted by month, and a parted table's primary key holds the
month: it is that of the run's name, so it follows from the message itself, whatever becomes of its
clock, and a copy of a message meets the first one in the same part. Their foreign keys are SQLite's
alone: on PostgreSQL the run that is held while they are written vouches for device and wearer.

Every row of history carries its wearer, so that each query starts from one wearer's index and a
database may guard rows by wearer.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    text,
)

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
"""Columns that are sums of a tally's counts; see `Figures`."""

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

meta = Table(
    "meta",
    metadata,
    Column("key", Text, primary_key=True),
    Column("value", Text, nullable=False),
)
"""What the store knows of itself, such as its own id."""

wearers = Table(
    "wearers",
    metadata,
    Column("wearer_id", Integer, primary_key=True),
    Column("name", Text, nullable=False),
)

FIRST_WEARER = 1
"""The wearer whom a new device is given to where there is one wearer only."""

UNCLAIMED = 0
"""Nobody: holds the devices that were not given to a wearer yet, where there are several."""

devices = Table(
    "devices",
    metadata,
    Column("device_id", Integer, primary_key=True),
    Column("name", Text, nullable=False),  # as in the topic
    Column("label", Text, nullable=False),  # as the wearer calls it
    Column("wearer_id", ForeignKey("wearers.wearer_id"), nullable=False),
    Column("simulated", Boolean, nullable=False),
    Column("status", Text),  # the last retained status, JSON
    Column("seen_utc_ms", BigInteger),
    Column("released_utc_ms", BigInteger),  # when it was handed on; null while it is in use
    Index(
        "uq_devices_name_in_use",
        "name",
        unique=True,
        sqlite_where=text("released_utc_ms IS NULL"),
        postgresql_where=text("released_utc_ms IS NULL"),
    ),
    Index(None, "name"),
    Index(None, "wearer_id"),
)
"""A row for each device and wearer: who hands a device on keeps what it measured, under the old row."""

runs = Table(
    "runs",
    metadata,
    Column("device_id", ForeignKey("devices.device_id"), primary_key=True),
    Column("run", Text, primary_key=True),
    Column("t0_utc_ms", BigInteger),  # wall clock of t_s = 0; null until the anchor comes
    Column("anchored_at_s", Double),  # when in the run that was found out: the latest holds
    Column("trusted", Boolean, nullable=False),  # whether the clock was known to be set then
    Column("simulated", Boolean, nullable=False),
    Column("wearer_id", ForeignKey("wearers.wearer_id"), nullable=False),
    Index(None, "wearer_id"),
)

sessions = Table(
    "sessions",
    metadata,
    Column("device_id", ForeignKey("devices.device_id"), primary_key=True),
    Column("session", Text, primary_key=True),
    Column("run", Text, nullable=False),
    Column("wearer_id", ForeignKey("wearers.wearer_id"), nullable=False),
    Column("sensors", Integer),  # null until its start or its summary came
    Column("start_s", Double, nullable=False),
    Column("end_s", Double, nullable=False),
    Column("start_utc_ms", BigInteger),
    Column("end_utc_ms", BigInteger),
    Column("ended", Boolean, nullable=False),
    Column("summary", Text),  # the device's own sum, JSON; null until the session ended
    Column("message_count", Integer),  # how many messages the session has; null until it ended
    *(Column(name, Integer, nullable=False, server_default="0") for name in FIGURES),
    Index(None, "wearer_id", "start_utc_ms"),
    Index(None, "device_id", "run"),
)
"""One row for each session. Its figures are the sums of its minutes, added in the transaction that stores
a minute; they stay when the minutes are let go of."""

minutes = Table(
    "minutes",
    metadata,
    Column("device_id", ForeignKey("devices.device_id"), primary_key=True),
    Column("session", Text, primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("month", Integer, primary_key=True),  # see `rows.month_of`; PostgreSQL parts the table by it
    Column("run", Text, nullable=False),
    Column("wearer_id", ForeignKey("wearers.wearer_id"), nullable=False),
    Column("start_s", Double, nullable=False),
    Column("end_s", Double, nullable=False),
    Column("start_utc_ms", BigInteger),
    Column("end_utc_ms", BigInteger),
    *(Column(name, Integer, nullable=False) for name in FIGURES),
    Column("tally", Text, nullable=False),  # the whole tally, compact JSON
    # A wearer's minutes of a day lie on as many pages as they are; with these a page reads the index alone.
    Index(None, "wearer_id", "start_utc_ms", postgresql_include=["end_utc_ms", *FIGURES]),
    Index(None, "device_id", "start_utc_ms"),
    postgresql_partition_by="LIST (month)",
)
"""One row for each tallied minute. The counts are those of `tally`, as columns for sums.

`seq` counts minutes, events, start and end of a session together; all but minutes are in `events`.
"""


def _sums(name: str) -> Table:
    return Table(
        name,
        metadata,
        Column("device_id", ForeignKey("devices.device_id"), primary_key=True),
        Column("start_utc_ms", BigInteger, primary_key=True),  # a whole quarter, hour or day, UTC
        Column("wearer_id", ForeignKey("wearers.wearer_id"), nullable=False),
        *(Column(figure, Integer, nullable=False) for figure in FIGURES),
        Column("tally", Text, nullable=False),
        Index(None, "wearer_id", "start_utc_ms"),
    )


quarters = _sums("quarters")
"""Sums of the minutes that began in each quarter of an hour: history reads these.

A quarter, because every time zone is a whole number of quarters from UTC: any local day, week or
hour is a sum of them.
"""

hours = _sums("hours")
"""Sums of quarters: a year of bars reads these, where the zone is whole hours from UTC."""

days = _sums("days")
"""Sums of hours, by UTC day. A long stretch of local days is whole UTC days and quarters at both ends."""

touched_quarters = Table(
    "touched_quarters",
    metadata,
    Column("mark_id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("device_id", Integer, nullable=False),
    Column("wearer_id", Integer, nullable=False),
    Column("start_utc_ms", BigInteger, nullable=False),
)
"""Quarters whose sums have to be made anew, noted in the transaction that touched their minutes."""

notes = Table(
    "notes",
    metadata,
    Column("note_id", Integer, primary_key=True),
    Column("wearer_id", ForeignKey("wearers.wearer_id"), nullable=False),
    Column("day", Text, nullable=False),  # local date, ISO 8601
    Column("text", Text, nullable=False),
    Index(None, "wearer_id", "day"),
)
"""What the wearer noted at a date: a new chair, another desk."""

symptoms = Table(
    "symptoms",
    metadata,
    Column("wearer_id", ForeignKey("wearers.wearer_id"), primary_key=True),
    Column("entry_id", Text, primary_key=True),  # a UUID, made where the entry was written
    Column("day", Text),  # local date, ISO 8601; null once deleted
    Column("time", Text),  # HH:MM on the wearer's clock; null where only the day is known
    Column("kind", Text),  # null once deleted
    Column("places", Text, nullable=False),  # JSON list, as are the next two
    Column("brought_on", Text, nullable=False),
    Column("relief", Text, nullable=False),
    Column("strength", Integer),  # 0-10; null where not said
    Column("since", Text),  # one of `Since`, or a local date
    Column("words", Text, nullable=False),
    Column("simulated", Boolean, nullable=False),
    Column("edited_utc_ms", BigInteger, nullable=False),  # of the edit that holds: the last one wins
    Index(None, "wearer_id", "day"),
)
"""The symptom diary. A deleted entry leaves its id and the time, so that an older copy of it that
arrives later stays deleted."""

episodes = Table(
    "episodes",
    metadata,
    Column("device_id", ForeignKey("devices.device_id"), primary_key=True),
    Column("session", Text, primary_key=True),
    Column("episode", Integer, primary_key=True),
    Column("run", Text, nullable=False),
    Column("wearer_id", ForeignKey("wearers.wearer_id"), nullable=False),
    Column("start_s", Double, nullable=False),
    Column("end_s", Double),  # null while it lasts, or until its end came
    Column("start_utc_ms", BigInteger),
    Column("end_utc_ms", BigInteger),
    Column("slouched_s", Double),
    Column("peak_deg", Double),
    Column("mean_deg", Double),
    Column("alerted_s", Double),
    Column("corrected_after_s", Double),
    Column("outcome", Text),
    Index(None, "wearer_id", "start_utc_ms"),
    Index(None, "device_id", "run"),
)
"""Slouches, put together from their start, alert and end in whatever order these come."""

events = Table(
    "events",
    metadata,
    Column("device_id", ForeignKey("devices.device_id"), primary_key=True),
    Column("session", Text, primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("month", Integer, primary_key=True),  # see `rows.month_of`; PostgreSQL parts the table by it
    Column("run", Text, nullable=False),
    Column("wearer_id", ForeignKey("wearers.wearer_id"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("t_s", Double, nullable=False),
    Column("at_utc_ms", BigInteger),
    Column("payload", Text, nullable=False),  # as it came, unknown fields and all
    Index(None, "wearer_id", "at_utc_ms"),
    Index(None, "device_id", "kind", "at_utc_ms"),
    Index(None, "device_id", "run"),
    postgresql_partition_by="LIST (month)",
)

rejections = Table(
    "rejections",
    metadata,
    Column("day_utc", Text, primary_key=True),
    Column("reason", Text, primary_key=True),
    Column("topic", Text, primary_key=True),
    Column("count", Integer, nullable=False),
)
"""Messages that could not be read: how many, of which kind, on which topic."""
