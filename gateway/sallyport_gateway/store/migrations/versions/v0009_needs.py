"""What a person cannot do before the kiosk's camera."""

from alembic import op

from sallyport_gateway.drivers.authority_tables import authority_metadata

revision = "0009"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    authority_metadata.create_all(
        op.get_bind(), tables=[authority_metadata.tables["authority_needs"]], checkfirst=False
    )
