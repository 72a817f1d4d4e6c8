"""Accounts, carers, tokens, the log of who looked."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "attempts",
        sa.Column("attempt_id", sa.Integer(), nullable=False),
        sa.Column("bucket", sa.Text(), nullable=False),
        sa.Column("at_utc_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("attempt_id", name=op.f("pk_attempts")),
    )
    op.create_index(op.f("ix_attempts_bucket_at_utc_ms"), "attempts", ["bucket", "at_utc_ms"], unique=False)
    op.create_table(
        "accounts",
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("wearer_id", sa.Integer(), nullable=True),
        sa.Column("password_hash", sa.Text(), nullable=True),
        sa.Column("made_utc_ms", sa.BigInteger(), nullable=False),
        sa.Column("closed_utc_ms", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["wearer_id"], ["wearers.wearer_id"], name=op.f("fk_accounts_wearer_id")),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_accounts")),
        sa.UniqueConstraint("name", name=op.f("uq_accounts_name")),
        sa.UniqueConstraint("wearer_id", name=op.f("uq_accounts_wearer_id")),
    )
    op.create_table(
        "looks",
        sa.Column("wearer_id", sa.Integer(), nullable=False),
        sa.Column("hour_utc_ms", sa.BigInteger(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("first_utc_ms", sa.BigInteger(), nullable=False),
        sa.Column("last_utc_ms", sa.BigInteger(), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["wearer_id"], ["wearers.wearer_id"], name=op.f("fk_looks_wearer_id")),
        sa.PrimaryKeyConstraint("wearer_id", "hour_utc_ms", "who", "what", name=op.f("pk_looks")),
    )
    op.create_table(
        "api_tokens",
        sa.Column("token_id", sa.Integer(), nullable=False),
        sa.Column("token_hash", sa.Text(), nullable=False),
        sa.Column("wearer_id", sa.Integer(), nullable=True),
        sa.Column("account_id", sa.Integer(), nullable=True),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("made_utc_ms", sa.BigInteger(), nullable=False),
        sa.Column("expires_utc_ms", sa.BigInteger(), nullable=False),
        sa.Column("used_utc_ms", sa.BigInteger(), nullable=True),
        sa.Column("revoked_utc_ms", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.account_id"], name=op.f("fk_api_tokens_account_id")
        ),
        sa.ForeignKeyConstraint(["wearer_id"], ["wearers.wearer_id"], name=op.f("fk_api_tokens_wearer_id")),
        sa.PrimaryKeyConstraint("token_id", name=op.f("pk_api_tokens")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_api_tokens_token_hash")),
    )
    op.create_index(op.f("ix_api_tokens_wearer_id"), "api_tokens", ["wearer_id"], unique=False)
    op.create_table(
        "permits",
        sa.Column("permit_id", sa.Integer(), nullable=False),
        sa.Column("wearer_id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("since_utc_ms", sa.BigInteger(), nullable=False),
        sa.Column("until_utc_ms", sa.BigInteger(), nullable=False),
        sa.Column("ended_utc_ms", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.account_id"], name=op.f("fk_permits_account_id")),
        sa.ForeignKeyConstraint(["wearer_id"], ["wearers.wearer_id"], name=op.f("fk_permits_wearer_id")),
        sa.PrimaryKeyConstraint("permit_id", name=op.f("pk_permits")),
    )
    op.create_index(
        op.f("ix_permits_account_id_until_utc_ms"), "permits", ["account_id", "until_utc_ms"], unique=False
    )
    op.create_index(
        op.f("ix_permits_wearer_id_until_utc_ms"), "permits", ["wearer_id", "until_utc_ms"], unique=False
    )
    op.create_table(
        "programmes",
        sa.Column("programme_id", sa.Integer(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["owner_id"], ["accounts.account_id"], name=op.f("fk_programmes_owner_id")),
        sa.PrimaryKeyConstraint("programme_id", name=op.f("pk_programmes")),
    )
    op.create_index(op.f("ix_programmes_owner_id"), "programmes", ["owner_id"], unique=False)
    op.create_table(
        "sign_ins",
        sa.Column("token_hash", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=True),
        sa.Column("lock", sa.Text(), nullable=True),
        sa.Column("looks_at", sa.Integer(), nullable=True),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("made_utc_ms", sa.BigInteger(), nullable=False),
        sa.Column("seen_utc_ms", sa.BigInteger(), nullable=False),
        sa.Column("expires_utc_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.account_id"], name=op.f("fk_sign_ins_account_id")),
        sa.ForeignKeyConstraint(["looks_at"], ["wearers.wearer_id"], name=op.f("fk_sign_ins_looks_at")),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_sign_ins")),
    )
    op.create_index(op.f("ix_sign_ins_account_id"), "sign_ins", ["account_id"], unique=False)
    op.create_table(
        "codes",
        sa.Column("code_hash", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=True),
        sa.Column("wearer_id", sa.Integer(), nullable=True),
        sa.Column("programme_id", sa.Integer(), nullable=True),
        sa.Column("permit_s", sa.BigInteger(), nullable=True),
        sa.Column("lock", sa.Text(), nullable=True),
        sa.Column("made_utc_ms", sa.BigInteger(), nullable=False),
        sa.Column("expires_utc_ms", sa.BigInteger(), nullable=False),
        sa.Column("used_utc_ms", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.account_id"], name=op.f("fk_codes_account_id")),
        sa.ForeignKeyConstraint(
            ["programme_id"], ["programmes.programme_id"], name=op.f("fk_codes_programme_id")
        ),
        sa.ForeignKeyConstraint(["wearer_id"], ["wearers.wearer_id"], name=op.f("fk_codes_wearer_id")),
        sa.PrimaryKeyConstraint("code_hash", name=op.f("pk_codes")),
    )
    op.create_index(op.f("ix_codes_wearer_id"), "codes", ["wearer_id"], unique=False)
    op.create_table(
        "programme_members",
        sa.Column("wearer_id", sa.Integer(), nullable=False),
        sa.Column("programme_id", sa.Integer(), nullable=False),
        sa.Column("since_utc_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["programme_id"], ["programmes.programme_id"], name=op.f("fk_programme_members_programme_id")
        ),
        sa.ForeignKeyConstraint(
            ["wearer_id"], ["wearers.wearer_id"], name=op.f("fk_programme_members_wearer_id")
        ),
        sa.PrimaryKeyConstraint("wearer_id", name=op.f("pk_programme_members")),
    )
    op.create_index(
        op.f("ix_programme_members_programme_id"), "programme_members", ["programme_id"], unique=False
    )
    op.create_table(
        "programme_weeks",
        sa.Column("programme_id", sa.Integer(), nullable=False),
        sa.Column("week", sa.Text(), nullable=False),
        sa.Column("people", sa.Integer(), nullable=True),
        sa.Column("upright_percent", sa.Integer(), nullable=True),
        sa.Column("judged_h_per_person", sa.Integer(), nullable=True),
        sa.Column("slouches_per_h", sa.Integer(), nullable=True),
        sa.Column("corrected_percent", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["programme_id"], ["programmes.programme_id"], name=op.f("fk_programme_weeks_programme_id")
        ),
        sa.PrimaryKeyConstraint("programme_id", "week", name=op.f("pk_programme_weeks")),
    )
