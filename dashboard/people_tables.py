"""The tables of people and doors: who may sign in, who wears what, who was let in, who looked.

None of them holds a secret that could be used again: of passwords there is an argon2id hash, of
sign-ins, tokens and codes the SHA-256 of 192 or more random bits. One wearer at home without a
password needs none of these rows.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, Table, Text

from .tables import metadata

accounts = Table(
    "accounts",
    metadata,
    Column("account_id", Integer, primary_key=True),
    Column("name", Text, nullable=False, unique=True),  # to sign in with, as `people.sign_in_name` has it
    Column("label", Text, nullable=False),  # as others read it
    Column("role", Text, nullable=False),
    Column("wearer_id", ForeignKey("wearers.wearer_id"), unique=True),  # null for who wears nothing
    Column("password_hash", Text),  # argon2id; null until the invitation is taken up
    Column("made_utc_ms", BigInteger, nullable=False),
    Column("closed_utc_ms", BigInteger),  # refused from then on
)

permits = Table(
    "permits",
    metadata,
    Column("permit_id", Integer, primary_key=True),
    Column("wearer_id", ForeignKey("wearers.wearer_id"), nullable=False),
    Column("account_id", ForeignKey("accounts.account_id"), nullable=False),  # of the carer
    Column("since_utc_ms", BigInteger, nullable=False),
    Column("until_utc_ms", BigInteger, nullable=False),
    Column("ended_utc_ms", BigInteger),  # shut out before the period was over
    Index(None, "wearer_id", "until_utc_ms"),
    Index(None, "account_id", "until_utc_ms"),
)
"""Carers whom a wearer let in, each for a period."""

sign_ins = Table(
    "sign_ins",
    metadata,
    Column("token_hash", Text, primary_key=True),  # SHA-256 of what the cookie holds
    Column("account_id", ForeignKey("accounts.account_id")),  # null where one password stands before all
    Column("lock", Text),  # which password it was; a new one ends the sign-in
    Column("looks_at", ForeignKey("wearers.wearer_id")),  # whose data a carer has open
    Column("label", Text, nullable=False),  # the kind of browser
    Column("made_utc_ms", BigInteger, nullable=False),
    Column("seen_utc_ms", BigInteger, nullable=False),
    Column("expires_utc_ms", BigInteger, nullable=False),
    Index(None, "account_id"),
)
"""Browsers that are signed in."""

codes = Table(
    "codes",
    metadata,
    Column("code_hash", Text, primary_key=True),
    Column("purpose", Text, nullable=False),
    Column("account_id", ForeignKey("accounts.account_id")),  # who is signed in or invited by it
    Column("wearer_id", ForeignKey("wearers.wearer_id")),  # whose data it opens to a carer
    Column("programme_id", ForeignKey("programmes.programme_id")),  # which it invites to
    Column("permit_s", BigInteger),  # for how long a carer is let in
    Column("lock", Text),
    Column("made_utc_ms", BigInteger, nullable=False),
    Column("expires_utc_ms", BigInteger, nullable=False),
    Column("used_utc_ms", BigInteger),
    Index(None, "wearer_id"),
)
"""Codes that open something once: an invitation, the pairing of a phone, a carer's way in."""

api_tokens = Table(
    "api_tokens",
    metadata,
    Column("token_id", Integer, primary_key=True),
    Column("token_hash", Text, nullable=False, unique=True),
    Column(
        "wearer_id", ForeignKey("wearers.wearer_id")
    ),  # whose data it reads; null for the service's figures
    Column("account_id", ForeignKey("accounts.account_id")),  # who made it; null at home
    Column("label", Text, nullable=False),
    Column("scopes", Text, nullable=False),  # words with spaces between
    Column("made_utc_ms", BigInteger, nullable=False),
    Column("expires_utc_ms", BigInteger, nullable=False),
    Column("used_utc_ms", BigInteger),
    Column("revoked_utc_ms", BigInteger),
    Index(None, "wearer_id"),
)

looks = Table(
    "looks",
    metadata,
    Column("wearer_id", ForeignKey("wearers.wearer_id"), primary_key=True),
    Column("hour_utc_ms", BigInteger, primary_key=True),  # the hour in which it was
    Column("who", Text, primary_key=True),  # `account ID` or `token ID`: names may change
    Column("what", Text, primary_key=True),  # the first part of the address
    Column("label", Text, nullable=False),  # the looker's name at that time
    Column("first_utc_ms", BigInteger, nullable=False),
    Column("last_utc_ms", BigInteger, nullable=False),
    Column("times", Integer, nullable=False),
)
"""Who looked at a wearer's data other than the wearer's own browsers. One row an hour for the same."""

attempts = Table(
    "attempts",
    metadata,
    Column("attempt_id", Integer, primary_key=True),
    Column("bucket", Text, nullable=False),  # an address, a name, or all
    Column("at_utc_ms", BigInteger, nullable=False),
    Index(None, "bucket", "at_utc_ms"),
)
"""Wrong passwords and codes of the last minutes, counted by every web process together."""

programmes = Table(
    "programmes",
    metadata,
    Column("programme_id", Integer, primary_key=True),
    Column("label", Text, nullable=False),
    Column("owner_id", ForeignKey("accounts.account_id"), nullable=False),
    Index(None, "owner_id"),
)

programme_members = Table(
    "programme_members",
    metadata,
    # One programme at a time: figures of two that share members would give away who is in one only.
    Column("wearer_id", ForeignKey("wearers.wearer_id"), primary_key=True),
    Column("programme_id", ForeignKey("programmes.programme_id"), nullable=False),
    Column("since_utc_ms", BigInteger, nullable=False),
    Index(None, "programme_id"),
)

programme_weeks = Table(
    "programme_weeks",
    metadata,
    Column("programme_id", ForeignKey("programmes.programme_id"), primary_key=True),
    Column("week", Text, primary_key=True),  # its Monday, ISO 8601
    Column("people", Integer),  # rounded down to fives; null, as all that follows, where they were too few
    Column("upright_percent", Integer),
    Column("judged_h_per_person", Integer),
    Column("slouches_per_h", Integer),
    Column("corrected_percent", Integer),
)
"""All that a programme's owner sees: one row a week, worked out once after its end and never again."""
