"""The start of a device that is current is found at once, however often the device says that it started."""

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_device_boot_current", "device_boot", ["device", "current"])


def downgrade() -> None:
    op.drop_index("ix_device_boot_current", "device_boot")
