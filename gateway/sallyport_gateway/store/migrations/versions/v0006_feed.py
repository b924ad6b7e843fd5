"""The feed of changes and its events, each night's look ahead, and the releases that other systems are told of."""

from alembic import op

from sallyport_gateway.drivers.authority_tables import authority_metadata

revision = "0006"
down_revision = "0009"
branch_labels = None
depends_on = None

MADE = ("authority_feed", "authority_event", "authority_event_aside", "authority_preflight", "release_event")


def upgrade() -> None:
    tables = [authority_metadata.tables[name] for name in MADE]
    authority_metadata.create_all(op.get_bind(), tables=tables, checkfirst=False)
