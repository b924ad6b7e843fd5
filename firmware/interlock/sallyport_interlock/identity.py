"""Which firmware this is: its version, and a digest over its files, both in every BOOT and STATUS."""

import hashlib

VERSION = bytes([1, 0, 0])
FILES = (
    "main.py",
    "sallyport_interlock/__init__.py",
    "sallyport_interlock/board.py",
    "sallyport_interlock/contacts.py",
    "sallyport_interlock/gate.py",
    "sallyport_interlock/identity.py",
    "sallyport_interlock/journal.py",
    "sallyport_interlock/keys.py",
    "sallyport_interlock/link.py",
    "sallyport_interlock/loop.py",
    "sallyport_interlock/once.py",
    "sallyport_interlock/pages.py",
    "sallyport_interlock/settings.py",
    "sallyport_interlock/watch.py",
    "sallyport_wire/__init__.py",
    "sallyport_wire/frames.py",
    "sallyport_wire/mac.py",
    "sallyport_wire/messages.py",
)


def measure(paths) -> bytes:
    """The digest of the firmware that runs: of its files, or as its build states it where they are frozen in."""
    try:
        from sallyport_build import DIGEST

        return DIGEST
    except ImportError:
        return digest(pieces(paths))


def digest(find) -> bytes:
    """SHA-256 over name, zero byte and SHA-256 of each file; `find(name)` gives its bytes in small pieces."""
    whole = hashlib.sha256()
    for name in FILES:
        one = hashlib.sha256()
        for piece in find(name):
            one.update(piece)
        whole.update(name.encode() + b"\0" + one.digest())
    return whole.digest()


def pieces(paths):
    """A `find` for `digest` that looks for each file under the folders `paths`, 256 bytes at a time."""

    def find(name):
        for path in paths:
            try:
                file = open((path or ".") + "/" + name, "rb")
            except OSError:
                continue
            with file:
                piece = file.read(256)
                while piece:
                    yield piece
                    piece = file.read(256)
            return

    return find
