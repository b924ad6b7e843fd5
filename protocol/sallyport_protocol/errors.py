"""The product's error tree.

SallyportError
├── MalformedError     the other side is wrong: its bytes, fields, version or signature cannot be used
│   └── (subclasses where a caller must tell them apart)
└── RoadError          the road is wrong: unplugged, missing, unreachable, busy, unwritable
    └── (subclasses per driver)

A refusal is never an exception: refusals are values with reasons (`sallyport_protocol.decision`).
Every message says what happened and what to do about it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import PurePath


class SallyportError(Exception):
    """Root of every error that Sallyport raises on purpose."""


class MalformedError(SallyportError):
    """Bytes, fields, version or signature from the other side cannot be used."""


class RoadError(SallyportError):
    """A device, file, network or service that we need is missing, busy, slow or broken."""


@contextmanager
def naming(path: PurePath) -> Iterator[None]:
    """A MalformedError of what is read inside names the file that it was read from; its kind stays."""
    try:
        yield
    except MalformedError as error:
        raise type(error)(f"{path}: {error}; provision this device again") from error
