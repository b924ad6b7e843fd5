"""Acts of two officers, openings that they settled, who is signed in to read, photographs on record."""

from alembic import op

from sallyport_gateway.drivers.authority_tables import authority_metadata
from sallyport_gateway.store.tables import metadata

revision = "0005"
down_revision = "0006"
branch_labels = None
depends_on = None

MADE = ("joint_act", "settled_nonce", "reader")


def upgrade() -> None:
    metadata.create_all(op.get_bind(), tables=[metadata.tables[name] for name in MADE], checkfirst=False)
    authority_metadata.create_all(
        op.get_bind(), tables=[authority_metadata.tables["authority_photograph"]], checkfirst=False
    )
