"""Tables of the embedded authority. Times: milliseconds since 1970-01-01 UTC; documents: JSON as in case files."""

from sqlalchemy import (
    BigInteger,
    Boolean,
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

authority_metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)

records = Table(
    "authority_record",
    authority_metadata,
    Column("kind", String(16), primary_key=True),
    Column("key", String(64), primary_key=True),
    Column("prisoner_number", String(64)),
    Column("document", Text, nullable=False),
    Column("changed_at", BigInteger, nullable=False),
    Index("ix_authority_record_prisoner", "prisoner_number"),
)
"""What sources say, one row for each record. A warrant without a prisoner number is linked to nobody."""

tokens = Table(
    "authority_token",
    authority_metadata,
    Column("name", String(16), primary_key=True),
    Column("token", String(16), nullable=False),
)
"""A random token for each thing that is kept in memory, written anew with every change of it."""

heard = Table(
    "authority_heard",
    authority_metadata,
    Column("source", String(16), primary_key=True),
    Column("scope", String(64), primary_key=True),
    Column("as_of", BigInteger, nullable=False),
)
"""When a source was last heard: about one prisoner number, or `*` about everybody."""

names = Table(
    "authority_name",
    authority_metadata,
    Column("prisoner_number", String(64), nullable=False),
    Column("plain", String(400), nullable=False),
    Column("shown", String(401), nullable=False),
    Column("date_of_birth", String(10)),
    Column("alias", Boolean, nullable=False),
    Column("prison_id", String(8)),
    Index("ix_authority_name_prisoner_number", "prisoner_number"),
    Index("ix_authority_name_prison_id", "prison_id"),
)
"""Names to search by: letters only, lower case, surname first. `prison_id` is where the person is IN; else nothing."""

authorisations = Table(
    "authority_authorisation",
    authority_metadata,
    Column("id", String(64), primary_key=True),
    Column("prisoner_number", String(64), nullable=False),
    Column("prison_id", String(8), nullable=False),
    Column("state", String(16), nullable=False),
    Column("why", String(500), nullable=False),
    Column("window_opens", BigInteger, nullable=False),
    Column("window_closes", BigInteger, nullable=False),
    Column("document", Text, nullable=False),
    Column("changed_at", BigInteger, nullable=False),
    CheckConstraint("state IN ('PENDING', 'APPROVED', 'PAUSED', 'CANCELLED', 'DENIED', 'EXPIRED')", name="known_state"),
    Index("ix_authority_authorisation_prisoner_number", "prisoner_number"),
    Index("ix_authority_authorisation_state", "state", "window_closes"),
)

approvals = Table(
    "authority_approval",
    authority_metadata,
    Column("authorisation", String(64), primary_key=True),
    Column("officer_key", String(64), primary_key=True),
    Column("officer", String(64), nullable=False),
    Column("duty_governor", Boolean, nullable=False),
    Column("at", BigInteger, nullable=False),
    ForeignKeyConstraint(["authorisation"], ["authority_authorisation.id"]),
)

references = Table(
    "authority_reference",
    authority_metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("prisoner_number", String(64), nullable=False),
    Column("modality", String(16), nullable=False),
    Column("position", Integer, nullable=False),
    Column("captured_on", String(10), nullable=False),
    Column("enrolment", LargeBinary(32), nullable=False),
    Column("key_id", String(64), nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("enrolled_by", String(64), nullable=False),
    Column("enrolled_at", BigInteger, nullable=False),
    Column("ended_at", BigInteger),
    UniqueConstraint("enrolment"),
    Index("ix_authority_reference_prisoner_number", "prisoner_number"),
)
"""Enrolled biometric references. `sealed` is encrypted before it comes here, under the key `key_id`."""

photographs = Table(
    "authority_photograph",
    authority_metadata,
    Column("prisoner_number", String(64), primary_key=True),
    Column("captured_on", String(10), nullable=False),
    Column("key_id", String(64), nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("enrolled_by", String(64), nullable=False),
    Column("enrolled_at", BigInteger, nullable=False),
)
"""One photograph of each person for the officer's eye, encrypted like the references (S19)."""

accesses = Table(
    "authority_access",
    authority_metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("at", BigInteger, nullable=False),
    Column("who", String(64), nullable=False),
    Column("action", String(16), nullable=False),
    Column("prisoner_number", String(64)),
    Column("what", String(200), nullable=False),
    Column("why", String(500), nullable=False),
    Index("ix_authority_access_prisoner_number", "prisoner_number"),
)
"""Who saw or changed whose data, when and why (Data Protection Act 2018, s.62). Only ever added to."""

exceptions = Table(
    "authority_exception",
    authority_metadata,
    Column("prisoner_number", String(64), primary_key=True),
    Column("modality", String(16), primary_key=True),
    Column("reason", String(200), nullable=False),
    Column("officer", String(64), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("ends_at", BigInteger, nullable=False),
)
"""A modality that cannot be used for a person, as an officer recorded it, until it ends."""

needs = Table(
    "authority_needs",
    authority_metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("prisoner_number", String(64), nullable=False),
    Column("document", Text, nullable=False),
    Column("reason", String(500), nullable=False),
    Column("officer", String(64), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("ends_at", BigInteger, nullable=False),
    Column("ended_at", BigInteger),
    Column("ended_by", String(64)),
    Index("ix_authority_needs_prisoner_number", "prisoner_number"),
)
"""What a person cannot do before the kiosk's camera, as an officer recorded it; the newest that has not ended holds."""

holds = Table(
    "authority_hold",
    authority_metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("prisoner_number", String(64), nullable=False),
    Column("authorisation", String(64), nullable=False),
    Column("prison_id", String(8), nullable=False),
    Column("verdict", String(8), nullable=False),
    Column("cause", String(32), nullable=False),
    Column("owner", String(32), nullable=False),
    Column("next_step", String(32), nullable=False),
    Column("reasons", Text, nullable=False),
    Column("opened_at", BigInteger, nullable=False),
    Column("due", String(10)),
    Column("level", String(32), nullable=False),
    Column("over_detained_at", BigInteger),
    Column("ended_at", BigInteger),
    Column("ending", String(32)),
    Column("ended_by", String(64)),
    Column("note", String(500)),
    Index("ix_authority_hold_open", "ended_at", "prison_id"),
    Index("ix_authority_hold_authorisation", "authorisation"),
)
"""Holds and how they ended."""

releases = Table(
    "authority_release",
    authority_metadata,
    Column("authorisation", String(64), primary_key=True),
    Column("prisoner_number", String(64), nullable=False),
    Column("prison_id", String(8), nullable=False),
    Column("request", Text, nullable=False),
    Column("released_at", BigInteger, nullable=False),
    Column("watched_until", BigInteger, nullable=False),
    Index("ix_authority_release_watched", "watched_until"),
)
"""Who has left, on what, and until when somebody keeps looking."""

alarms = Table(
    "authority_alarm",
    authority_metadata,
    Column("authorisation", String(64), primary_key=True),
    Column("reason", String(64), primary_key=True),
    Column("records", String(400), primary_key=True),
    Column("sentence", String(500), nullable=False),
    Column("cause", String(32), nullable=False),
    Column("tell", String(200), nullable=False),
    Column("raised_at", BigInteger, nullable=False),
    Column("answered_by", String(64)),
    Column("answered_at", BigInteger),
    Column("was_error", Boolean),
)
"""What became known after a release, each thing once; an officer says whether the release was an error."""

feeds = Table(
    "authority_feed",
    authority_metadata,
    Column("name", String(16), primary_key=True),
    Column("position", BigInteger, nullable=False),
    Column("heard_at", BigInteger),
    Column("floor", BigInteger, nullable=False),
)
"""How far a feed of changes was taken, and up to which moment nothing of it is missing. What was asked of the sources
before `floor` counts no more."""

events_seen = Table(
    "authority_event",
    authority_metadata,
    Column("name", String(64), primary_key=True),
    Column("at", BigInteger, nullable=False),
    Index("ix_authority_event_at", "at"),
)
"""Events that were taken, by the sender's own id: the same one again does nothing."""

events_aside = Table(
    "authority_event_aside",
    authority_metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("at", BigInteger, nullable=False),
    Column("sequence", BigInteger, nullable=False),
    Column("name", String(64), nullable=False),
    Column("why", String(200), nullable=False),
    Column("text", Text, nullable=False),
    Column("settled_by", String(64)),
    Column("settled_at", BigInteger),
    Column("note", String(500)),
)
"""Events that nobody could read, kept for a person to look at."""

preflights = Table(
    "authority_preflight",
    authority_metadata,
    Column("prison_id", String(8), primary_key=True),
    Column("day", String(10), primary_key=True),
    Column("begun_at", BigInteger, nullable=False),
    Column("begun_by", String(64), nullable=False),
    Column("ended_at", BigInteger),
    Column("document", Text),
)
"""Each night's look ahead, by London's day. Who enters the row does the work; one that never ended is begun again."""

release_events = Table(
    "release_event",
    authority_metadata,
    Column("prison_id", String(8), primary_key=True),
    Column("sequence", BigInteger, primary_key=True),
    Column("authorisation", String(64), nullable=False),
    Column("message", LargeBinary, nullable=False),
    Column("made_at", BigInteger, nullable=False),
    Column("said_at", BigInteger),
    Column("said", Integer, nullable=False),
    UniqueConstraint("authorisation"),
    Index("ix_release_event_said_at", "said_at"),
)
"""Releases that other systems are told of: signed, numbered for each prison without a gap; how often each was said."""
