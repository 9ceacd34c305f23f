"""The tables of what is sent: deliveries, conversations, batches."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from hub.database import Json, Moment, Money, Packed, Said

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_TABLES = (
    "hub_bundle", "hub_delivery", "hub_need", "hub_batch", "hub_conversation", "hub_exchange", "hub_endpoint",
    "hub_lease",
)  # fmt: skip
"""Each after those that it refers to."""


def upgrade() -> None:
    _create_deliveries()
    _create_conversations()


def downgrade() -> None:
    for name in reversed(_TABLES):
        op.drop_table(name)


def _create_deliveries() -> None:
    op.create_table(
        "hub_bundle",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("installation_id", sa.Integer(), nullable=False),
        sa.Column("organization_id", sa.String(64), nullable=False),
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("user_id", sa.String(64), nullable=False),
        sa.Column("sent_by", sa.String(200), nullable=False),
        sa.Column("teams", Json(), nullable=False),
        sa.Column("trace", sa.String(length=55), nullable=False),
        sa.Column("documents", Json(), nullable=False),
        sa.Column("order_ids", Json(), nullable=False),
        sa.Column("left", Json(), nullable=False),
        sa.Column("problems", Json(), nullable=False),
        sa.Column("sent_at", Moment(), nullable=False),
        sa.Column("due_at", Moment(), nullable=True),
        sa.ForeignKeyConstraint(
            ["installation_id"], ["hub_installation.id"], name=op.f("fk_hub_bundle_installation_id_hub_installation"),
            ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hub_bundle")),
        sa.UniqueConstraint("organization_id", "key", name=op.f("uq_hub_bundle_organization_id_key")),
    )
    op.create_index(op.f("ix_hub_bundle_due_at"), "hub_bundle", ["due_at"])
    op.create_index("ix_hub_bundle_installation_id", "hub_bundle", ["installation_id"])
    op.create_index("ix_hub_bundle_recent", "hub_bundle", ["organization_id", "sent_at"])
    op.create_table(
        "hub_delivery",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("installation_id", sa.Integer(), nullable=False),
        sa.Column("organization_id", sa.String(64), nullable=False),
        sa.Column("source", sa.String(300), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("order_id", sa.String(64), nullable=True),
        sa.Column("title", Said(), nullable=False),
        sa.Column("subject", Json(), nullable=False),
        sa.Column("choices", Json(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "waiting", "queued", "sending", "in_doubt", "posted", "stopped", "cancelled", name="deliverystate",
                native_enum=False, length=32
            ),
            nullable=False
        ),
        sa.Column(
            "reason",
            sa.Enum("unmapped", "rejected", "exhausted", "crashed", name="stopreason", native_enum=False, length=32),
            nullable=True
        ),
        sa.Column("problems", Json(), nullable=False),
        sa.Column("reference", sa.String(32), nullable=False),
        sa.Column("due_at", Moment(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("tried_since", Moment(), nullable=True),
        sa.Column("sent_by", sa.String(200), nullable=False),
        sa.Column("sent_at", Moment(), nullable=False),
        sa.Column("moved_at", Moment(), nullable=False),
        sa.Column("trace", sa.String(length=55), nullable=False),
        sa.Column("posting_id", sa.String(64), nullable=False),
        sa.Column("posting_number", sa.String(100), nullable=False),
        sa.Column("posting_total", Money(), nullable=True),
        sa.Column("posting_lines", Json(), nullable=False),
        sa.Column("posting_version", sa.String(64), nullable=False),
        sa.Column("search_key", sa.String(500), nullable=False),
        sa.ForeignKeyConstraint(
            ["installation_id"], ["hub_installation.id"],
            name=op.f("fk_hub_delivery_installation_id_hub_installation")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hub_delivery")),
    )
    op.create_index("ix_hub_delivery_activity", "hub_delivery", ["installation_id", "state", "id", "search_key"])
    op.create_index("ix_hub_delivery_due", "hub_delivery", ["installation_id", "state", "due_at"])
    op.create_index("ix_hub_delivery_order", "hub_delivery", ["organization_id", "order_id"])
    op.create_index("ix_hub_delivery_source", "hub_delivery", ["source", "kind"])
    op.create_index(
        "uq_hub_delivery_live", "hub_delivery", ["installation_id", "source", "kind"], unique=True,
        sqlite_where=sa.text("state != 'cancelled'"), postgresql_where=sa.text("state != 'cancelled'")
    )
    op.create_table(
        "hub_need",
        sa.Column("delivery_id", sa.Integer(), nullable=False),
        sa.Column("needed_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["delivery_id"], ["hub_delivery.id"], name=op.f("fk_hub_need_delivery_id_hub_delivery"),
            ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["needed_id"], ["hub_delivery.id"], name=op.f("fk_hub_need_needed_id_hub_delivery")),
        sa.PrimaryKeyConstraint("delivery_id", "needed_id", name=op.f("pk_hub_need")),
    )
    op.create_index(op.f("ix_hub_need_needed_id"), "hub_need", ["needed_id"])


def _create_conversations() -> None:
    op.create_table(
        "hub_batch",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("installation_id", sa.Integer(), nullable=False),
        sa.Column("idempotency_key", sa.String(20), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("received", Packed(), nullable=False),
        sa.Column("writes", sa.Boolean(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "open", "received", "answered", "refused", "doubted", "parked", name="envelopestate",
                native_enum=False, length=32
            ),
            nullable=False
        ),
        sa.Column("written_at", Moment(), nullable=False),
        sa.Column("fresh_since", Moment(), nullable=False),
        sa.Column("answered_at", Moment(), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("unread", sa.Integer(), nullable=False),
        sa.Column("tried_since", Moment(), nullable=False),
        sa.Column("due_at", Moment(), nullable=False),
        sa.Column("trouble", Said(), nullable=False),
        sa.ForeignKeyConstraint(
            ["installation_id"], ["hub_installation.id"], name=op.f("fk_hub_batch_installation_id_hub_installation"),
            ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hub_batch")),
        sa.UniqueConstraint("idempotency_key", name=op.f("uq_hub_batch_idempotency_key")),
    )
    op.create_index("ix_hub_batch_open", "hub_batch", ["installation_id", "state", "due_at"])
    op.create_table(
        "hub_conversation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("installation_id", sa.Integer(), nullable=False),
        sa.Column(
            "purpose",
            sa.Enum("check", "fetch", "create", "post", "recover", name="purpose", native_enum=False, length=32),
            nullable=False
        ),
        sa.Column("delivery_id", sa.Integer(), nullable=True),
        sa.Column("argument", Json(), nullable=False),
        sa.Column(
            "state", sa.Enum("open", "done", "failed", name="conversationstate", native_enum=False, length=32),
            nullable=False
        ),
        sa.Column("outcome", Said(), nullable=False),
        sa.Column("begun_at", Moment(), nullable=False),
        sa.Column("ended_at", Moment(), nullable=True),
        sa.ForeignKeyConstraint(
            ["delivery_id"], ["hub_delivery.id"], name=op.f("fk_hub_conversation_delivery_id_hub_delivery")
        ),
        sa.ForeignKeyConstraint(
            ["installation_id"], ["hub_installation.id"],
            name=op.f("fk_hub_conversation_installation_id_hub_installation"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hub_conversation")),
    )
    op.create_index(op.f("ix_hub_conversation_delivery_id"), "hub_conversation", ["delivery_id"])
    op.create_index("ix_hub_conversation_open", "hub_conversation", ["installation_id", "state"])
    op.create_table(
        "hub_exchange",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("conversation_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("batch_id", sa.Integer(), nullable=False),
        sa.Column("slot", sa.Integer(), nullable=False),
        sa.Column("name", Said(), nullable=False),
        sa.Column("payload", Json(), nullable=False),
        sa.Column("writes", sa.Boolean(), nullable=False),
        sa.Column("response", Json(), nullable=True),
        sa.Column("asked_at", Moment(), nullable=False),
        sa.Column("answered_at", Moment(), nullable=True),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["hub_conversation.id"],
            name=op.f("fk_hub_exchange_conversation_id_hub_conversation"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["hub_batch.id"], name=op.f("fk_hub_exchange_batch_id_hub_batch"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hub_exchange")),
        sa.UniqueConstraint("conversation_id", "position", name=op.f("uq_hub_exchange_conversation_id_position")),
    )
    op.create_index(op.f("ix_hub_exchange_batch_id"), "hub_exchange", ["batch_id"])
    op.create_table(
        "hub_endpoint",
        sa.Column("installation_id", sa.Integer(), nullable=False),
        sa.Column("address", sa.String(64), nullable=False),
        sa.Column("login", sa.String(64), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("password_at", Moment(), nullable=True),
        sa.Column("refused", sa.Integer(), nullable=False),
        sa.Column("refused_at", Moment(), nullable=True),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("client", sa.String(40), nullable=False),
        sa.Column("called_at", Moment(), nullable=True),
        sa.Column("dialect", sa.String(20), nullable=False),
        sa.Column("attended_until", Moment(), nullable=True),
        sa.Column("ticket", sa.String(32), nullable=True),
        sa.Column("ticket_until", Moment(), nullable=True),
        sa.Column("batch_id", sa.Integer(), nullable=True),
        sa.Column("waits_since", Moment(), nullable=True),
        sa.Column("asked", sa.Integer(), nullable=False),
        sa.Column("remaining", sa.Integer(), nullable=False),
        sa.Column("complaint", Said(), nullable=False),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["hub_batch.id"], name=op.f("fk_hub_endpoint_batch_id_hub_batch"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["installation_id"], ["hub_installation.id"],
            name=op.f("fk_hub_endpoint_installation_id_hub_installation"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("installation_id", name=op.f("pk_hub_endpoint")),
        sa.UniqueConstraint("address", name=op.f("uq_hub_endpoint_address")),
        sa.UniqueConstraint("login", name=op.f("uq_hub_endpoint_login")),
    )
    op.create_table(
        "hub_lease",
        sa.Column(
            "kind", sa.Enum("deliveries", "credentials", name="leasekind", native_enum=False, length=32),
            nullable=False
        ),
        sa.Column("installation_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("token", sa.String(64), nullable=False),
        sa.Column("until", Moment(), nullable=False),
        sa.Column("deaths", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "installation_id", name=op.f("pk_hub_lease")),
    )
    op.create_index(op.f("ix_hub_lease_token"), "hub_lease", ["token"])
