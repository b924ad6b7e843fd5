"""Every number of the audit log, with its unit and its source."""

from typing import Final

TILE: Final = 8
"""Levels between stored subtree hashes: 2**8 leaves, the tile height of C2SP tlog-tiles."""

HEAD_EVERY_ENTRIES: Final = 1_000
"""Entries after which a head is signed at once."""

HEAD_EVERY_MS: Final = 1_000
"""Milliseconds after which a head is signed if anything was appended. Bounds what a restored backup could hide from
the witness; the interlocks' own spend records cover the rest."""

HEAD_KEPT_MS: Final = 60_000
"""Milliseconds between heads kept with the store itself; every head goes to the witness."""

MAX_BODY: Final = 1_048_576
"""Largest body of one entry, bytes, encoded."""

MAX_NOTE: Final = 16_384
"""Largest signed note accepted, bytes."""
