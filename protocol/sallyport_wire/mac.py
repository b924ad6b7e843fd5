"""HMAC-SHA256 (RFC 2104) for 32-byte keys: the boards have hashlib, but neither hmac nor compare_digest."""

import hashlib

KEY_BYTES = 32
MAC_BYTES = 32


def hmac_sha256(key: bytes, message: bytes) -> bytes:
    """The 32-byte tag of `message`; ValueError if the key is not 32 bytes, or is the all-zero key of blank memory."""
    if len(key) != KEY_BYTES or not any(key):
        raise ValueError("a key must be 32 bytes and not all zero")
    block = key + bytes(64 - KEY_BYTES)
    inner = hashlib.sha256(bytes([b ^ 0x36 for b in block]))
    inner.update(message)
    outer = hashlib.sha256(bytes([b ^ 0x5C for b in block]))
    outer.update(inner.digest())
    return outer.digest()


def same(a: bytes, b: bytes) -> bool:
    """Whether two byte strings are equal, in a time that depends on their lengths only."""
    if len(a) != len(b):
        return False
    difference = 0
    for x, y in zip(a, b):  # noqa: B905 - MicroPython's zip has no strict
        difference |= x ^ y
    return difference == 0
