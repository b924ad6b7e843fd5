"""Holds with their clocks, the releases that are watched, the alarms about them, and a token that can be locked."""

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
    op.execute("DELETE FROM authority_token WHERE name = 'unmatched'")
    op.execute("INSERT INTO authority_token (name, token) VALUES ('unmatched', '0')")
