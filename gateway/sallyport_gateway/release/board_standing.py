"""Whether a board may be granted anything, by what it says of itself to this gateway's own challenge."""

from sallyport_gateway.audit import log as audit
from sallyport_gateway.ledger import boards
from sallyport_gateway.ports import Office
from sallyport_gateway.release.board_words import FIRMWARE, NOT_ACCOUNTED, OTHER_FIRMWARE
from sallyport_gateway.release.mint import BoardKeys, Heard
from sallyport_gateway.release.voice import Voice


class BoardStanding:
    """Unknown until the board has answered, and again after each of its starts. Unknown means no."""

    def __init__(self, office: Office, keys: BoardKeys, voice: Voice) -> None:
        self._office, self._keys, self._voice = office, keys, voice
        self._accounted: bool | None = None
        """Whether this store granted what the board last spent: if not, it is older than the board's memory."""
        self.unknown: bytes | None = None
        """The nonce that the board spent and this store never granted; two officers must account for it."""
        self.unknown_since = 0
        """When it said so first, ms since 1970 UTC."""
        self._firmware: bytes | None = None
        """The digest of its firmware."""

    def refuse(self) -> str | None:
        """Why this board gets no grant; None when it may have one."""
        if not self._accounted:
            return NOT_ACCOUNTED[self._accounted]
        if self._firmware is None:
            return NOT_ACCOUNTED[None]
        return None if self._approves(self._firmware) else OTHER_FIRMWARE

    def started(self) -> None:
        """It started anew: another firmware may have been loaded meanwhile."""
        self._firmware = None

    async def hear(self, heard: Heard, now: int) -> None:
        """Its answer to our challenge. What is wrong is said, and a strange firmware recorded, when it begins."""
        m, board = heard.message, self._keys.board
        was = self._accounted
        self._accounted = await self._office.store.read(lambda conn: boards.accounts_for(conn, board, m.spent))
        if self._accounted:
            self.unknown = None
            if was is False:
                self._voice.settle("STORE_BEHIND")
        elif self.unknown != m.spent:
            self.unknown, self.unknown_since = m.spent, now
        if was is not False and not self._accounted:
            self._voice.alarm("STORE_BEHIND", "The interlock opened for a grant that this gateway does not know of.")
        before, self._firmware = self._firmware, m.digest
        if before == m.digest or self._approves(m.digest):
            return
        self._voice.alarm("OTHER_FIRMWARE", OTHER_FIRMWARE)
        content = {"board": board, "event": FIRMWARE, "digest": m.digest, "evidence": heard.evidence}
        await self._office.store.write(lambda conn: audit.append(conn, self._office.name, "BOARD_ALARM", content, now))

    def _approves(self, digest: bytes) -> bool:
        return digest in self._office.book().model_set.firmware
