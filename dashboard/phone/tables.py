"""The tables of phone alerts. The services' addresses, which are secrets, are in a file and not here."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, Table, Text

from ..tables import metadata

phone_rules = Table(
    "phone_rules",
    metadata,
    Column("wearer_id", ForeignKey("wearers.wearer_id"), primary_key=True),
    Column("rules", Text, nullable=False),  # `rules.PhoneRules`, JSON
    Column("language", Text, nullable=False),  # in which the notices are written
    Column("since_utc_ms", BigInteger, nullable=False),  # nothing older is told
)

phone_notices = Table(
    "phone_notices",
    metadata,
    Column("device_id", ForeignKey("devices.device_id"), primary_key=True),
    Column("session", Text, primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("wearer_id", ForeignKey("wearers.wearer_id"), nullable=False),
    Column("occasion", Text, nullable=False),
    Column("at_utc_ms", BigInteger, nullable=False),  # of the event
    Column("decided_utc_ms", BigInteger, nullable=False),
    Column("verdict", Text, nullable=False),
    Column("text", Text, nullable=False),
    Index(None, "wearer_id", "decided_utc_ms"),
)
"""One row for each event that was decided about: an event is named for good, so none is told twice."""

phone_deliveries = Table(
    "phone_deliveries",
    metadata,
    Column("device_id", ForeignKey("devices.device_id"), primary_key=True),
    Column("session", Text, primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("service", Text, primary_key=True),
    Column("wearer_id", ForeignKey("wearers.wearer_id"), nullable=False),
    Column("state", Text, nullable=False),  # waiting, sent, expired
    Column("tries", Integer, nullable=False),
    Column("due_utc_ms", BigInteger, nullable=False),
    Column("expires_utc_ms", BigInteger, nullable=False),
    Index(None, "wearer_id", "state", "due_utc_ms"),
)
"""A notice on its way to one service."""
