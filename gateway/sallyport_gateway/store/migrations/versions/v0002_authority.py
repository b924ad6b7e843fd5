"""The embedded authority's tables, and what forbids rewriting its log of accesses."""

from alembic import op

from sallyport_gateway.drivers.authority_tables import authority_metadata

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


MADE = ("record", "token", "heard", "name", "authorisation", "approval", "reference", "access", "exception")


def upgrade() -> None:
    tables = [authority_metadata.tables[f"authority_{name}"] for name in MADE]
    authority_metadata.create_all(op.get_bind(), tables=tables, checkfirst=False)
    for act in ("UPDATE", "DELETE"):
        if op.get_bind().dialect.name == "sqlite":
            op.execute(
                f"CREATE TRIGGER authority_access_no_{act.lower()} BEFORE {act} ON authority_access"
                " BEGIN SELECT RAISE(ABORT, 'rows of authority_access are never rewritten'); END"
            )
        else:
            op.execute(
                f"CREATE TRIGGER authority_access_no_{act.lower()} BEFORE {act} ON authority_access"
                " FOR EACH ROW EXECUTE FUNCTION never_rewritten()"
            )
