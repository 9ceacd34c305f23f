"""The tables of installations, and of our copy of their books."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from hub.database import Json, Key, Moment, Money, Said

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_TABLES = (
    "hub_installation", "hub_authorization", "hub_credential", "hub_habit", "hub_usage", "hub_notice", "hub_record",
    "hub_word", "hub_listing", "hub_mapping", "hub_link", "hub_link_change", "hub_transaction",
)  # fmt: skip
"""Each after those that it refers to."""


def upgrade() -> None:
    _create_installations()
    _create_books()


def downgrade() -> None:
    for name in reversed(_TABLES):
        op.drop_table(name)


def _create_installations() -> None:
    op.create_table(
        "hub_installation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("organization_id", sa.String(64), nullable=False),
        sa.Column("integration", sa.String(64), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "pending", "connected", "expired", "paused", "removed", name="installationstate", native_enum=False,
                length=32
            ),
            nullable=False
        ),
        sa.Column("installed_by", sa.String(200), nullable=False),
        sa.Column("authorized_by", sa.String(200), nullable=False),
        sa.Column("authorized_at", Moment(), nullable=True),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("changed_at", Moment(), nullable=False),
        sa.Column("books_id", sa.String(64), nullable=False),
        sa.Column("books_name", sa.String(200), nullable=False),
        sa.Column("books_country", sa.String(64), nullable=False),
        sa.Column("books_currency", sa.String(3), nullable=False),
        sa.Column("books_ways", Json(), nullable=False),
        sa.Column("books_place", sa.Text(), nullable=False),
        sa.Column("books_moved_to", sa.Text(), nullable=False),
        sa.Column("check_due_at", Moment(), nullable=True),
        sa.Column("checked_at", Moment(), nullable=True),
        sa.Column("options", Json(), nullable=False),
        sa.Column("documents", Json(), nullable=False),
        sa.Column("visible_to", Json(), nullable=False),
        sa.Column("item_source", sa.String(64), nullable=False),
        sa.Column("billable", sa.Boolean(), nullable=False),
        sa.Column("tax", sa.String(80), nullable=False),
        sa.Column("resume_at", Moment(), nullable=True),
        sa.Column("answered_at", Moment(), nullable=True),
        sa.Column("trouble", Said(), nullable=False),
        sa.Column("trouble_since", Moment(), nullable=True),
        sa.Column("answers_lost_at", Moment(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hub_installation")),
    )
    op.create_index("ix_hub_installation_due", "hub_installation", ["state", "resume_at"])
    op.create_index(
        "uq_hub_installation_live", "hub_installation", ["organization_id", "integration"], unique=True,
        sqlite_where=sa.text("state != 'removed'"), postgresql_where=sa.text("state != 'removed'")
    )
    op.create_table(
        "hub_authorization",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("installation_id", sa.Integer(), nullable=False),
        sa.Column("state_hash", sa.String(64), nullable=False),
        sa.Column("user_id", sa.String(64), nullable=False),
        sa.Column("user_name", sa.String(200), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("expires_at", Moment(), nullable=False),
        sa.Column("used_at", Moment(), nullable=True),
        sa.Column("kept", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["installation_id"], ["hub_installation.id"],
            name=op.f("fk_hub_authorization_installation_id_hub_installation"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hub_authorization")),
        sa.UniqueConstraint("state_hash", name=op.f("uq_hub_authorization_state_hash")),
    )
    op.create_index(op.f("ix_hub_authorization_installation_id"), "hub_authorization", ["installation_id"])
    op.create_table(
        "hub_credential",
        sa.Column("installation_id", sa.Integer(), nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("renew_at", Moment(), nullable=True),
        sa.Column("expires_at", Moment(), nullable=True),
        sa.Column("ends_at", Moment(), nullable=True),
        sa.Column("keep_at", Moment(), nullable=True),
        sa.Column("renewal_refused_at", Moment(), nullable=True),
        sa.Column("access_refused_at", Moment(), nullable=True),
        sa.ForeignKeyConstraint(
            ["installation_id"], ["hub_installation.id"],
            name=op.f("fk_hub_credential_installation_id_hub_installation"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("installation_id", name=op.f("pk_hub_credential")),
    )
    op.create_index(op.f("ix_hub_credential_keep_at"), "hub_credential", ["keep_at"])
    op.create_table(
        "hub_habit",
        sa.Column("installation_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.String(64), nullable=False),
        sa.Column("chosen", Json(), nullable=False),
        sa.ForeignKeyConstraint(
            ["installation_id"], ["hub_installation.id"], name=op.f("fk_hub_habit_installation_id_hub_installation"),
            ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("installation_id", "user_id", name=op.f("pk_hub_habit")),
    )
    op.create_table(
        "hub_usage",
        sa.Column("installation_id", sa.Integer(), nullable=False),
        sa.Column("month", sa.String(7), nullable=False),
        sa.Column("calls", sa.Integer(), nullable=False),
        sa.Column("reads", sa.Integer(), nullable=False),
        sa.Column("writes", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["installation_id"], ["hub_installation.id"], name=op.f("fk_hub_usage_installation_id_hub_installation"),
            ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("installation_id", "month", name=op.f("pk_hub_usage")),
    )
    op.create_table(
        "hub_notice",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("organization_id", sa.String(64), nullable=False),
        sa.Column("installation_id", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "expires_in_30", "expires_in_7", "expires_in_1", "lost", "silent", "unread", "moved",
                "digest",
                name="noticekind",
                native_enum=False, length=32
            ),
            nullable=False
        ),
        sa.Column("mark", sa.String(80), nullable=False),
        sa.Column("about_at", Moment(), nullable=False),
        sa.Column("noticed_at", Moment(), nullable=False),
        sa.Column("due_at", Moment(), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("mailed_at", Moment(), nullable=True),
        sa.ForeignKeyConstraint(
            ["installation_id"], ["hub_installation.id"], name=op.f("fk_hub_notice_installation_id_hub_installation"),
            ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hub_notice")),
        sa.UniqueConstraint("mark", name=op.f("uq_hub_notice_mark")),
    )
    op.create_index(op.f("ix_hub_notice_due_at"), "hub_notice", ["due_at"])
    op.create_index(op.f("ix_hub_notice_installation_id"), "hub_notice", ["installation_id"])


def _create_books() -> None:
    op.create_table(
        "hub_record",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("installation_id", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "account", "customer", "vendor", "item", "tax_code", "term", "class", "location", name="recordkind",
                native_enum=False, length=32
            ),
            nullable=False
        ),
        sa.Column("record_id", sa.String(64), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_key", Key(200), nullable=False),
        sa.Column("number", sa.String(100), nullable=False),
        sa.Column(
            "account",
            sa.Enum(
                "accounts_receivable", "accounts_payable", "bank", "other_current_asset", "other_current_liability",
                "income", "cost_of_goods_sold", "expense", "other", name="accountkind", native_enum=False, length=32
            ),
            nullable=True
        ),
        sa.Column("detail", sa.String(100), nullable=False),
        sa.Column("email", sa.String(200), nullable=False),
        sa.Column("email_key", Key(200), nullable=False),
        sa.Column("phone", sa.String(100), nullable=False),
        sa.Column("phone_key", Key(10), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("seen_at", Moment(), nullable=False),
        sa.Column("merged_into", sa.String(64), nullable=False),
        sa.ForeignKeyConstraint(
            ["installation_id"], ["hub_installation.id"], name=op.f("fk_hub_record_installation_id_hub_installation"),
            ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hub_record")),
        sa.UniqueConstraint(
            "installation_id", "kind", "record_id", name=op.f("uq_hub_record_installation_id_kind_record_id")
        ),
    )
    op.create_index("ix_hub_record_email", "hub_record", ["installation_id", "kind", "email_key", "active"])
    op.create_index("ix_hub_record_name", "hub_record", ["installation_id", "kind", "name_key"])
    op.create_index("ix_hub_record_phone", "hub_record", ["installation_id", "kind", "phone_key", "active"])
    op.create_table(
        "hub_word",
        sa.Column("record_id", sa.Integer(), nullable=False),
        sa.Column("word", Key(40), nullable=False),
        sa.Column("installation_id", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "account", "customer", "vendor", "item", "tax_code", "term", "class", "location", name="recordkind",
                native_enum=False, length=32
            ),
            nullable=False
        ),
        sa.ForeignKeyConstraint(
            ["installation_id"], ["hub_installation.id"], name=op.f("fk_hub_word_installation_id_hub_installation"),
            ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["record_id"], ["hub_record.id"], name=op.f("fk_hub_word_record_id_hub_record"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("record_id", "word", name=op.f("pk_hub_word")),
    )
    op.create_index("ix_hub_word_word", "hub_word", ["installation_id", "kind", "word", "record_id"])
    op.create_table(
        "hub_listing",
        sa.Column("installation_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("cursor", sa.Text(), nullable=False),
        sa.Column("loading", sa.Boolean(), nullable=False),
        sa.Column("loaded", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=True),
        sa.Column("refreshed_at", Moment(), nullable=True),
        sa.Column("due_at", Moment(), nullable=True),
        sa.Column("told", Json(), nullable=False),
        sa.Column("problem", Said(), nullable=False),
        sa.ForeignKeyConstraint(
            ["installation_id"], ["hub_installation.id"], name=op.f("fk_hub_listing_installation_id_hub_installation"),
            ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("installation_id", "kind", name=op.f("pk_hub_listing")),
    )
    op.create_table(
        "hub_mapping",
        sa.Column("installation_id", sa.Integer(), nullable=False),
        sa.Column("role", sa.String(64), nullable=False),
        sa.Column("record_id", sa.String(64), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["installation_id"], ["hub_installation.id"], name=op.f("fk_hub_mapping_installation_id_hub_installation"),
            ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("installation_id", "role", name=op.f("pk_hub_mapping")),
    )
    op.create_table(
        "hub_link",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("installation_id", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "account", "customer", "vendor", "item", "tax_code", "term", "class", "location", name="recordkind",
                native_enum=False, length=32
            ),
            nullable=False
        ),
        sa.Column("company_id", sa.String(64), nullable=False),
        sa.Column("record_id", sa.String(64), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("linked_by", sa.String(200), nullable=False),
        sa.Column("linked_at", Moment(), nullable=False),
        sa.Column("note", Said(), nullable=False),
        sa.ForeignKeyConstraint(
            ["installation_id"], ["hub_installation.id"], name=op.f("fk_hub_link_installation_id_hub_installation"),
            ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hub_link")),
        sa.UniqueConstraint(
            "installation_id", "kind", "company_id", name=op.f("uq_hub_link_installation_id_kind_company_id")
        ),
    )
    op.create_index("ix_hub_link_record", "hub_link", ["installation_id", "kind", "record_id"])
    op.create_table(
        "hub_link_change",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("installation_id", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "account", "customer", "vendor", "item", "tax_code", "term", "class", "location", name="recordkind",
                native_enum=False, length=32
            ),
            nullable=False
        ),
        sa.Column("company_id", sa.String(64), nullable=False),
        sa.Column("from_id", sa.String(64), nullable=False),
        sa.Column("from_name", sa.Text(), nullable=False),
        sa.Column("to_id", sa.String(64), nullable=False),
        sa.Column("to_name", sa.Text(), nullable=False),
        sa.Column("changed_by", sa.String(200), nullable=False),
        sa.Column("changed_at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(
            ["installation_id"], ["hub_installation.id"],
            name=op.f("fk_hub_link_change_installation_id_hub_installation"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hub_link_change")),
    )
    op.create_index("ix_hub_link_change_company", "hub_link_change", ["installation_id", "kind", "company_id", "id"])
    op.create_table(
        "hub_transaction",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("installation_id", sa.Integer(), nullable=False),
        sa.Column(
            "kind", sa.Enum("invoice", "payment", "credit_memo", name="transactionkind", native_enum=False, length=32),
            nullable=False
        ),
        sa.Column("transaction_id", sa.String(64), nullable=False),
        sa.Column("number", sa.String(100), nullable=False),
        sa.Column("date", sa.Date(), nullable=False),
        sa.Column("due", sa.Date(), nullable=True),
        sa.Column("customer_id", sa.String(64), nullable=False),
        sa.Column("total", Money(), nullable=False),
        sa.Column("balance", Money(), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("invoices", Json(), nullable=False),
        sa.Column("voided", sa.Boolean(), nullable=False),
        sa.Column("deleted", sa.Boolean(), nullable=False),
        sa.Column("version", sa.String(64), nullable=False),
        sa.Column("seen_at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(
            ["installation_id"], ["hub_installation.id"],
            name=op.f("fk_hub_transaction_installation_id_hub_installation"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hub_transaction")),
        sa.UniqueConstraint(
            "installation_id", "kind", "transaction_id",
            name=op.f("uq_hub_transaction_installation_id_kind_transaction_id")
        ),
    )
    op.create_index("ix_hub_transaction_customer", "hub_transaction", ["installation_id", "customer_id", "date"])
