"""Holds with their clocks, the releases that are watched, and the alarms about them."""

from alembic import op

from sallyport_gateway.drivers.authority_tables import authority_metadata

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

MADE = ("hold", "release", "alarm")


def upgrade() -> None:
    tables = [authority_metadata.tables[f"authority_{name}"] for name in MADE]
    authority_metadata.create_all(op.get_bind(), tables=tables, checkfirst=False)
