"""The tables of exercises: sets that the page coached by itself, and times to be reminded at.

What a device coached is not here: its `exercise_ended` stands in `events` like everything that a device says.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, Table, Text

from ..tables import metadata

exercise_sets = Table(
    "exercise_sets",
    metadata,
    Column("wearer_id", ForeignKey("wearers.wearer_id"), primary_key=True),
    Column("set_id", Text, primary_key=True),  # made by the browser, so that a set sent twice is one
    Column("exercise", Text, nullable=False),
    Column("start_utc_ms", BigInteger, nullable=False),
    Column("end_utc_ms", BigInteger, nullable=False),
    Column("planned", Integer, nullable=False),
    Column("by_time", Integer, nullable=False),  # repetitions done; a page sees none
    Column("outcome", Text, nullable=False),  # `ExerciseOutcome`
    Index(None, "wearer_id", "end_utc_ms"),
)

exercise_times = Table(
    "exercise_times",
    metadata,
    Column("wearer_id", ForeignKey("wearers.wearer_id"), primary_key=True),
    Column("exercise", Text, primary_key=True),
    Column("at", Text, primary_key=True),  # local time, HH:MM
    Column("settled_day", Text),  # local date on which this time was dealt with last
)
