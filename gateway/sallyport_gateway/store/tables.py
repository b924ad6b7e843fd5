"""The tables of the store and of the audit log. Times are milliseconds since 1970-01-01 UTC.

The authority's own records are tables of their own (`drivers/authority_tables.py`).
"""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)

lives = Table(
    "life",
    metadata,
    Column("authorisation", String(64), primary_key=True),
    Column("state", String(16), nullable=False),
    Column("session", LargeBinary(16)),
    Column("board", String(32)),
    Column("nonce", LargeBinary(64)),
    Column("holder", String(64)),
    Column("revision", Integer, nullable=False),
    Column("stopped_at", BigInteger),
    Column("stopped_why", String(200)),
    Column("cites", String(64)),
    Column("changed_at", BigInteger, nullable=False),
    CheckConstraint(
        "state IN ('AVAILABLE', 'RESERVED', 'GRANTED', 'CONSUMED', 'UNKNOWN', 'SETTLED')", name="known_state"
    ),
    CheckConstraint("state <> 'AVAILABLE' OR session IS NULL", name="free"),
    CheckConstraint("state NOT IN ('RESERVED', 'GRANTED') OR session IS NOT NULL", name="held"),
    CheckConstraint("state <> 'GRANTED' OR (nonce IS NOT NULL AND board IS NOT NULL)", name="granted_for_a_nonce"),
    CheckConstraint("state NOT IN ('AVAILABLE', 'RESERVED') OR nonce IS NULL", name="nonce_only_once_granted"),
    UniqueConstraint("session"),
    UniqueConstraint("board", "nonce"),
)
Index("ix_life_unsettled", lives.c.state, lives.c.holder)

nonces = Table(
    "nonce",
    metadata,
    Column("board", String(32), primary_key=True),
    Column("nonce", LargeBinary(64), primary_key=True),
    Column("counter", BigInteger, nullable=False),
    Column("decision", String(8), nullable=False),
    Column("authorisation", String(64), nullable=False),
    Column("session", LargeBinary(16), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("outcome", String(16)),
    Column("evidence", LargeBinary(32)),
    Column("outcome_at", BigInteger),
    CheckConstraint("decision IN ('GRANT', 'REFUSE')", name="known_decision"),
    CheckConstraint("outcome IN ('OPENED', 'NOT_OPENED')", name="known_outcome"),
)

seen_by = Table(
    "seen_by",
    metadata,
    Column("authorisation", String(64), primary_key=True),
    Column("officer", String(200), primary_key=True),
    Column("opened", Integer, nullable=False),
    Column("why", String(200), nullable=False),
    Column("at", BigInteger, nullable=False),
    ForeignKeyConstraint(["authorisation"], ["life.authorisation"]),
)

sessions = Table(
    "session",
    metadata,
    Column("session", LargeBinary(16), primary_key=True),
    Column("authorisation", String(64), nullable=False),
    Column("prison", String(8), nullable=False),
    Column("kiosk", String(32), nullable=False),
    Column("lane", String(32), nullable=False),
    Column("challenge", LargeBinary(32), nullable=False, unique=True),
    Column("gateway", String(64), nullable=False),
    Column("offered_at", BigInteger, nullable=False),
    Column("state", String(16), nullable=False),
    Column("result_digest", LargeBinary(32)),
    Column("result", LargeBinary),
    Column("answered_at", BigInteger),
    Column("verdict", String(16)),
    Column("decision", LargeBinary),
    Column("decided_at", BigInteger),
    Column("audit_index", BigInteger),
    Column("ended_at", BigInteger),
    Column("ended_why", String(200)),
    CheckConstraint("state IN ('OFFERED', 'ANSWERED', 'DECIDED', 'ENDED')", name="known_state"),
    CheckConstraint("state <> 'OFFERED' OR result_digest IS NULL", name="unanswered"),
)
Index("ix_session_open", sessions.c.state, sessions.c.gateway)
Index("ix_session_authorisation", sessions.c.authorisation)

boots = Table(
    "device_boot",
    metadata,
    Column("device", String(32), primary_key=True),
    Column("boot", LargeBinary(32), primary_key=True),
    Column("counter", BigInteger, nullable=False),
    Column("current", Integer, nullable=False),
    Column("since", BigInteger, nullable=False),
)
Index("ix_device_boot_current", boots.c.device, boots.c.current)

boards = Table(
    "board",
    metadata,
    Column("board", String(32), primary_key=True),
    Column("epoch", BigInteger, nullable=False),
    Column("counter", BigInteger, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("request", BigInteger, nullable=False),
    Column("seen_at", BigInteger, nullable=False),
    Column("revoked_at", BigInteger),
    Column("revoked_why", String(200)),
)

acts = Table(
    "act",
    metadata,
    Column("key_id", LargeBinary(32), primary_key=True),
    Column("nonce", LargeBinary(16), primary_key=True),
    Column("at", BigInteger, nullable=False),
)
Index("ix_act_at", acts.c.at)

revoked_keys = Table(
    "revoked_key",
    metadata,
    Column("key_id", LargeBinary(32), primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("why", String(200), nullable=False),
)

revocation_lists = Table(
    "revocation_list",
    metadata,
    Column("issuer", String(200), primary_key=True),
    Column("number", BigInteger, nullable=False),
    Column("this_update", BigInteger, nullable=False),
    Column("read_at", BigInteger, nullable=False),
)

freezes = Table(
    "freeze",
    metadata,
    Column("scope", String(8), primary_key=True),
    Column("name", String(32), primary_key=True),
    Column("officer", String(200), nullable=False),
    Column("why", String(200), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("lift_asked_by", String(200)),
    Column("lift_asked_at", BigInteger),
    CheckConstraint("scope IN ('LANE', 'PRISON', 'ESTATE', 'MODELS')", name="known_scope"),
)

leases = Table(
    "lease",
    metadata,
    Column("lane", String(32), primary_key=True),
    Column("gateway", String(64), nullable=False),
    Column("process", String(32), nullable=False),
    Column("epoch", BigInteger, nullable=False),
    Column("until", BigInteger, nullable=False),
)
"""Which gateway keeps a lane (`ledger/leases.py`). `epoch` rises with every keeper; `until` by the database's clock."""

gateways = Table(
    "gateway",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("process", String(32), nullable=False),
    Column("lanes", Text, nullable=False),
    Column("since", BigInteger, nullable=False),
    Column("until", BigInteger, nullable=False),
)
"""Gateways that share this store, and until when each counts as alive."""

fence = Table("fence", metadata, Column("fence", Integer, primary_key=True), Column("turn", BigInteger, nullable=False))
"""One row. Grants share it, freezes take it alone: a freeze that was acknowledged is seen by every later grant."""

joint_acts = Table(
    "joint_act",
    metadata,
    Column("kind", String(16), primary_key=True),
    Column("subject", String(128), primary_key=True),
    Column("officer", String(200), nullable=False),
    Column("words", LargeBinary(32), nullable=False),
    Column("at", BigInteger, nullable=False),
)
"""The first of two officers' acts that count only together; `words` is the SHA-256 of what was signed."""

settled_nonces = Table(
    "settled_nonce",
    metadata,
    Column("board", String(32), primary_key=True),
    Column("nonce", LargeBinary(64), primary_key=True),
    Column("officers", String(401), nullable=False),
    Column("why", String(200), nullable=False),
    Column("at", BigInteger, nullable=False),
)
"""Openings of boards that this store never granted, and that two officers have accounted for."""

readers = Table(
    "reader",
    metadata,
    Column("token", LargeBinary(32), primary_key=True),
    Column("key_id", LargeBinary(32), nullable=False),
    Column("why", String(200), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("until", BigInteger, nullable=False),
    Index("ix_reader_until", "until"),
)
"""Officers who are signed in to read: the SHA-256 of what their browser shows, their certificate, and their reason."""

audit = Table(
    "audit",
    metadata,
    Column("log", String(64), primary_key=True),
    Column("index", BigInteger, primary_key=True),
    Column("kind", String(48), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("leaf", LargeBinary(32), nullable=False),
    Column("body", LargeBinary, nullable=False),
)

audit_nodes = Table(
    "audit_node",
    metadata,
    Column("log", String(64), primary_key=True),
    Column("level", Integer, primary_key=True),
    Column("index", BigInteger, primary_key=True),
    Column("hash", LargeBinary(32), nullable=False),
)
"""Hashes of the complete subtrees over 256, 65,536, 16,777,216 leaves: levels 8, 16, 24. All others follow quickly."""

checkpoints = Table(
    "audit_checkpoint",
    metadata,
    Column("log", String(64), primary_key=True),
    Column("size", BigInteger, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("note", String, nullable=False),
)

generations = Table(
    "audit_generation",
    metadata,
    Column("log", String(64), primary_key=True),
    Column("gateway", String(64), nullable=False),
    Column("generation", Integer, nullable=False),
    Column("opened_at", BigInteger, nullable=False),
    UniqueConstraint("gateway", "generation"),
)
