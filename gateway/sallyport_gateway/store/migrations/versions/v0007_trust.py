"""Where each name is on the roll: namesakes of one prison are looked for at every check."""

import json

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    columns = {each["name"] for each in sa.inspect(op.get_bind()).get_columns("authority_name")}
    if "prison_id" in columns:
        return  # a store made today: the first version already made the table as it is now
    op.add_column("authority_name", sa.Column("prison_id", sa.String(8)))
    op.create_index("ix_authority_name_prison_id", "authority_name", ["prison_id"])
    _fill(op.get_bind())


def _fill(conn: sa.Connection) -> None:
    found = conn.execute(sa.text("SELECT key, document FROM authority_record WHERE kind = 'PRISONER'"))
    for row in found.all():
        person = json.loads(row.document)
        if person["inOutStatus"] == "IN":
            filled = {"prison": person["prisonId"], "number": row.key}
            conn.execute(
                sa.text("UPDATE authority_name SET prison_id = :prison WHERE prisoner_number = :number"), filled
            )
