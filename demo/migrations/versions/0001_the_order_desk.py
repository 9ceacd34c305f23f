"""The order desk"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def _number(name: str, *, nullable: bool = False) -> sa.Column[str]:
    """Return the column of a decimal number, which is stored as text."""
    return sa.Column(name, sa.String(40), nullable=nullable)


def _place() -> list[sa.Column[str]]:
    lengths = {"street": 200, "city": 100, "region": 100, "postal_code": 20}
    return [sa.Column(name, sa.String(length), nullable=False) for name, length in lengths.items()]


def _key() -> sa.Column[int]:
    return sa.Column("id", sa.Integer, primary_key=True)


def _in(table: str, *, nullable: bool = False, index: bool = True, name: str = "") -> sa.Column[int]:
    key = sa.ForeignKey(f"desk_{table}.id")
    return sa.Column(name or f"{table}_id", sa.Integer, key, nullable=nullable, index=index)


def upgrade() -> None:
    op.create_table("desk_organization", _key(), sa.Column("name", sa.String(200), nullable=False))
    op.create_table("desk_team", _key(), _in("organization"), sa.Column("name", sa.String(200), nullable=False))
    op.create_table(
        "desk_user", _key(), _in("organization"), _in("team", nullable=True, index=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("email", sa.String(200), nullable=False, unique=True),
        sa.Column("password_hash", sa.String(300), nullable=False),
        sa.Column("is_admin", sa.Boolean, nullable=False),
    )  # fmt: skip
    op.create_table(
        "desk_company", _key(), _in("organization"),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("is_vendor", sa.Boolean, nullable=False),
        sa.Column("email", sa.String(200), nullable=False),
        sa.Column("phone", sa.String(50), nullable=False),
        *_place(),
    )  # fmt: skip
    op.create_index("ix_desk_company_name", "desk_company", ["organization_id", "is_vendor", "name", "id"])
    op.create_table(
        "desk_order", _key(), _in("organization"), _in("company"),
        sa.Column("date", sa.Date, nullable=False),
        sa.Column("due", sa.Date),
        _number("discount"), _number("tax"), _number("total"),
        sa.Column("po_number", sa.String(50), nullable=False),
        sa.Column("memo", sa.Text, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("cancelled", sa.Boolean, nullable=False),
        *_place(),
    )  # fmt: skip
    op.create_table(
        "desk_order_line", _key(), _in("order"), _in("company", nullable=True, index=False, name="vendor_id"),
        sa.Column("number", sa.String(100), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        _number("quantity"), _number("price"), _number("amount"), _number("cost", nullable=True),
        sa.Column("taxable", sa.Boolean, nullable=False),
    )  # fmt: skip
    op.create_table(
        "desk_payment", _key(), _in("order"),
        sa.Column("date", sa.Date, nullable=False),
        _number("amount"),
        sa.Column("method", sa.String(50), nullable=False),
        sa.Column("reference", sa.String(50), nullable=False),
    )  # fmt: skip


def downgrade() -> None:
    for table in ("payment", "order_line", "order", "company", "user", "team", "organization"):
        op.drop_table(f"desk_{table}")
