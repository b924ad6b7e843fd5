"""A freeze may hold the models of a prison: then no check by a kiosk counts there, and the manual path does."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0007"
branch_labels = None
depends_on = None

NAME = "ck_freeze_known_scope"
SCOPES = "scope IN ('LANE', 'PRISON', 'ESTATE', 'MODELS')"


def upgrade() -> None:
    if op.get_bind().dialect.name != "sqlite":
        op.drop_constraint(op.f(NAME), "freeze", type_="check")
        op.create_check_constraint(op.f(NAME), "freeze", SCOPES)
        return
    made = op.create_table(
        "freeze_anew",
        sa.Column("scope", sa.String(8), nullable=False),
        sa.Column("name", sa.String(32), nullable=False),
        sa.Column("officer", sa.String(200), nullable=False),
        sa.Column("why", sa.String(200), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("lift_asked_by", sa.String(200), nullable=True),
        sa.Column("lift_asked_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(SCOPES, name=op.f(NAME)),
        sa.PrimaryKeyConstraint("scope", "name", name=op.f("pk_freeze")),
    )
    columns = [each.name for each in made.c]
    old = sa.table("freeze", *(sa.column(name) for name in columns))
    op.execute(sa.insert(made).from_select(columns, sa.select(old)))
    op.drop_table("freeze")
    op.rename_table("freeze_anew", "freeze")
