"""The first tables: lives, nonces, sessions, counters, freezes, the audit log; and what forbids rewriting them."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

KEPT = ("audit", "audit_node", "audit_checkpoint", "audit_generation", "seen_by", "revoked_key")
"""Rows are written once: no UPDATE, no DELETE."""


def upgrade() -> None:
    _tables()
    op.execute("INSERT INTO fence (fence, turn) VALUES (1, 0)")
    if op.get_bind().dialect.name == "sqlite":
        _guard_sqlite()
    else:
        _guard_postgresql()


def _guard_sqlite() -> None:
    for table in (*KEPT, "nonce"):
        _sqlite_trigger(table, "DELETE", "")
    for table in KEPT:
        _sqlite_trigger(table, "UPDATE", "")
    _sqlite_trigger("nonce", "UPDATE", f"WHEN {_REWRITTEN}")


def _sqlite_trigger(table: str, act: str, when: str) -> None:
    op.execute(
        f"CREATE TRIGGER {table}_no_{act.lower()} BEFORE {act} ON {table} {when}"
        f" BEGIN SELECT RAISE(ABORT, 'rows of {table} are never rewritten'); END"
    )


def _guard_postgresql() -> None:
    op.execute(
        "CREATE FUNCTION never_rewritten() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN RAISE EXCEPTION 'rows of % are never rewritten', TG_TABLE_NAME; END $$"
    )
    for table in (*KEPT, "nonce"):
        _postgresql_trigger(table, "DELETE", "FOR EACH ROW")
        _postgresql_trigger(table, "TRUNCATE", "FOR EACH STATEMENT")
    for table in KEPT:
        _postgresql_trigger(table, "UPDATE", "FOR EACH ROW")
    _postgresql_trigger("nonce", "UPDATE", f"FOR EACH ROW WHEN ({_REWRITTEN})")


def _postgresql_trigger(table: str, act: str, how: str) -> None:
    op.execute(
        f"CREATE TRIGGER {table}_no_{act.lower()} BEFORE {act} ON {table} {how} EXECUTE FUNCTION never_rewritten()"
    )


_REWRITTEN = (
    "OLD.decision <> NEW.decision OR OLD.board <> NEW.board OR OLD.nonce <> NEW.nonce"
    " OR OLD.authorisation <> NEW.authorisation OR OLD.session <> NEW.session OR OLD.outcome = 'OPENED'"
)
"""A decision stands; only its outcome is added, and OPENED is never taken back."""


def _tables() -> None:
    op.create_table(
        "act",
        sa.Column("key_id", sa.LargeBinary(length=32), nullable=False),
        sa.Column("nonce", sa.LargeBinary(length=16), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key_id", "nonce", name=op.f("pk_act")),
    )
    op.create_index("ix_act_at", "act", ["at"], unique=False)
    op.create_table(
        "audit",
        sa.Column("log", sa.String(length=64), nullable=False),
        sa.Column("index", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=48), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("leaf", sa.LargeBinary(length=32), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("log", "index", name=op.f("pk_audit")),
    )
    op.create_table(
        "audit_checkpoint",
        sa.Column("log", sa.String(length=64), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("log", "size", name=op.f("pk_audit_checkpoint")),
    )
    op.create_table(
        "audit_generation",
        sa.Column("log", sa.String(length=64), nullable=False),
        sa.Column("gateway", sa.String(length=64), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("log", name=op.f("pk_audit_generation")),
        sa.UniqueConstraint("gateway", "generation", name=op.f("uq_audit_generation_gateway_generation")),
    )
    op.create_table(
        "audit_node",
        sa.Column("log", sa.String(length=64), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("index", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint("log", "level", "index", name=op.f("pk_audit_node")),
    )
    op.create_table(
        "board",
        sa.Column("board", sa.String(length=32), nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("counter", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("request", sa.BigInteger(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.Column("revoked_why", sa.String(length=200), nullable=True),
        sa.PrimaryKeyConstraint("board", name=op.f("pk_board")),
    )
    op.create_table(
        "device_boot",
        sa.Column("device", sa.String(length=32), nullable=False),
        sa.Column("boot", sa.LargeBinary(length=32), nullable=False),
        sa.Column("counter", sa.BigInteger(), nullable=False),
        sa.Column("current", sa.Integer(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("device", "boot", name=op.f("pk_device_boot")),
    )
    op.create_table(
        "fence",
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("turn", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("fence", name=op.f("pk_fence")),
    )
    op.create_table(
        "freeze",
        sa.Column("scope", sa.String(length=8), nullable=False),
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("officer", sa.String(length=200), nullable=False),
        sa.Column("why", sa.String(length=200), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("lift_asked_by", sa.String(length=200), nullable=True),
        sa.Column("lift_asked_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("scope IN ('LANE', 'PRISON', 'ESTATE')", name=op.f("ck_freeze_known_scope")),
        sa.PrimaryKeyConstraint("scope", "name", name=op.f("pk_freeze")),
    )
    op.create_table(
        "life",
        sa.Column("authorisation", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("session", sa.LargeBinary(length=16), nullable=True),
        sa.Column("board", sa.String(length=32), nullable=True),
        sa.Column("nonce", sa.LargeBinary(length=64), nullable=True),
        sa.Column("holder", sa.String(length=64), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("stopped_at", sa.BigInteger(), nullable=True),
        sa.Column("stopped_why", sa.String(length=200), nullable=True),
        sa.Column("cites", sa.String(length=64), nullable=True),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("state <> 'AVAILABLE' OR session IS NULL", name=op.f("ck_life_free")),
        sa.CheckConstraint(
            "state <> 'GRANTED' OR (nonce IS NOT NULL AND board IS NOT NULL)", name=op.f("ck_life_granted_for_a_nonce")
        ),
        sa.CheckConstraint(
            "state IN ('AVAILABLE', 'RESERVED', 'GRANTED', 'CONSUMED', 'UNKNOWN', 'SETTLED')",
            name=op.f("ck_life_known_state"),
        ),
        sa.CheckConstraint(
            "state NOT IN ('AVAILABLE', 'RESERVED') OR nonce IS NULL", name=op.f("ck_life_nonce_only_once_granted")
        ),
        sa.CheckConstraint("state NOT IN ('RESERVED', 'GRANTED') OR session IS NOT NULL", name=op.f("ck_life_held")),
        sa.PrimaryKeyConstraint("authorisation", name=op.f("pk_life")),
        sa.UniqueConstraint("board", "nonce", name=op.f("uq_life_board_nonce")),
        sa.UniqueConstraint("session", name=op.f("uq_life_session")),
    )
    op.create_index("ix_life_unsettled", "life", ["state", "holder"], unique=False)
    op.create_table(
        "nonce",
        sa.Column("board", sa.String(length=32), nullable=False),
        sa.Column("nonce", sa.LargeBinary(length=64), nullable=False),
        sa.Column("counter", sa.BigInteger(), nullable=False),
        sa.Column("decision", sa.String(length=8), nullable=False),
        sa.Column("authorisation", sa.String(length=64), nullable=False),
        sa.Column("session", sa.LargeBinary(length=16), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("outcome", sa.String(length=16), nullable=True),
        sa.Column("evidence", sa.LargeBinary(length=32), nullable=True),
        sa.Column("outcome_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("decision IN ('GRANT', 'REFUSE')", name=op.f("ck_nonce_known_decision")),
        sa.CheckConstraint("outcome IN ('OPENED', 'NOT_OPENED')", name=op.f("ck_nonce_known_outcome")),
        sa.PrimaryKeyConstraint("board", "nonce", name=op.f("pk_nonce")),
    )
    op.create_table(
        "revocation_list",
        sa.Column("issuer", sa.String(length=200), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("this_update", sa.BigInteger(), nullable=False),
        sa.Column("read_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("issuer", name=op.f("pk_revocation_list")),
    )
    op.create_table(
        "revoked_key",
        sa.Column("key_id", sa.LargeBinary(length=32), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("why", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("key_id", name=op.f("pk_revoked_key")),
    )
    op.create_table(
        "session",
        sa.Column("session", sa.LargeBinary(length=16), nullable=False),
        sa.Column("authorisation", sa.String(length=64), nullable=False),
        sa.Column("prison", sa.String(length=8), nullable=False),
        sa.Column("kiosk", sa.String(length=32), nullable=False),
        sa.Column("lane", sa.String(length=32), nullable=False),
        sa.Column("challenge", sa.LargeBinary(length=32), nullable=False),
        sa.Column("gateway", sa.String(length=64), nullable=False),
        sa.Column("offered_at", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("result_digest", sa.LargeBinary(length=32), nullable=True),
        sa.Column("result", sa.LargeBinary(), nullable=True),
        sa.Column("answered_at", sa.BigInteger(), nullable=True),
        sa.Column("verdict", sa.String(length=16), nullable=True),
        sa.Column("decision", sa.LargeBinary(), nullable=True),
        sa.Column("decided_at", sa.BigInteger(), nullable=True),
        sa.Column("audit_index", sa.BigInteger(), nullable=True),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("ended_why", sa.String(length=200), nullable=True),
        sa.CheckConstraint("state <> 'OFFERED' OR result_digest IS NULL", name=op.f("ck_session_unanswered")),
        sa.CheckConstraint("state IN ('OFFERED', 'ANSWERED', 'DECIDED', 'ENDED')", name=op.f("ck_session_known_state")),
        sa.PrimaryKeyConstraint("session", name=op.f("pk_session")),
        sa.UniqueConstraint("challenge", name=op.f("uq_session_challenge")),
    )
    op.create_index("ix_session_authorisation", "session", ["authorisation"], unique=False)
    op.create_index("ix_session_open", "session", ["state", "gateway"], unique=False)
    op.create_table(
        "seen_by",
        sa.Column("authorisation", sa.String(length=64), nullable=False),
        sa.Column("officer", sa.String(length=200), nullable=False),
        sa.Column("opened", sa.Integer(), nullable=False),
        sa.Column("why", sa.String(length=200), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["authorisation"], ["life.authorisation"], name=op.f("fk_seen_by_authorisation")),
        sa.PrimaryKeyConstraint("authorisation", "officer", name=op.f("pk_seen_by")),
    )
