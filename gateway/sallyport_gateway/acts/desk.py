"""What officers do: prepared for their signature, verified, believed once, done."""

import base64
import binascii
import hmac
import secrets
from collections.abc import Mapping
from hashlib import sha256
from typing import Any, Final

from cryptography import x509
from sqlalchemy import Connection

from sallyport_gateway.acts.act_fields import Fields
from sallyport_gateway.acts.doubt import Noted
from sallyport_gateway.acts.officer_acts import RefusedAct, judge_act, refuse_officer
from sallyport_gateway.acts.performing import DONE, Performing
from sallyport_gateway.acts.signposts import elsewhere, here
from sallyport_gateway.audit import log as audit
from sallyport_gateway.ledger import once
from sallyport_gateway.reading import LIFE_MS, Reading
from sallyport_gateway.service import Service
from sallyport_gateway.web.ports import ActOutcome, ElsewhereError, PreparedAct
from sallyport_protocol import canonical, envelope
from sallyport_protocol.acts import ACT_PLACE, Act, ActKind
from sallyport_protocol.errors import MalformedError

_LONGEST: Final = 65_536
"""Of a prepared act's token, bytes."""


class Desk:
    """Implements `OfficerActs` for the pages; `do` takes a whole signed act, whoever made it.

    Nothing is kept of an act that nobody has signed yet: the token that the browser brings back is the act itself under
    a MAC of this process. So preparing without end fills no memory and crowds out nobody.
    """

    def __init__(self, service: Service) -> None:
        self._service = service
        self._performing = Performing(service)
        self.reading = Reading(service)
        self._secret = secrets.token_bytes(32)

    async def prepare(self, kind: str, fields: Mapping[str, str], certificate_der: bytes) -> PreparedAct | ActOutcome:
        """The words of an act for the holder of this certificate, or why not."""
        book, now = self._service.files.book, self._service.clock.now()
        key_id = envelope.key_id_of(certificate_der)
        entry = book.entry(key_id)
        try:
            act_kind = ActKind(kind.upper().replace("-", "_"))
            x509.load_der_x509_certificate(certificate_der)
        except ValueError as error:
            raise MalformedError(
                f"{kind!r} is not something an officer does, or the certificate is unreadable"
            ) from error
        if entry is None:
            return ActOutcome(False, ("This certificate is not in the estate. Sign in with your own.",))
        refusal = refuse_officer(entry, act_kind, book, now)
        if refusal is not None:
            return ActOutcome(False, (refusal,))
        act = Act.parse(
            {
                "v": 1,
                "kind": act_kind.value,
                "officer": entry.name,
                "at": int(now.timestamp() * 1_000),
                "nonce": secrets.token_bytes(16),
                "fields": dict(fields),
                "gateway": self._service.name,
            }
        )
        return PreparedAct(envelope.to_be_signed(act.to_map(), key_id, ACT_PLACE), self._token(act, key_id))

    async def submit(self, token: str, signature: bytes) -> ActOutcome:
        """Takes the signature over what was prepared and does the act."""
        found = self._prepared(token)
        if found is None:
            return ActOutcome(False, ("This was not prepared here, or before the gateway started. Do it again.",))
        content, key_id = found
        return await self.do(envelope.assemble(content, key_id, signature))

    def _token(self, act: Act, key_id: bytes) -> str:
        body = canonical.encode([act.to_map(), key_id])
        return base64.urlsafe_b64encode(hmac.digest(self._secret, body, sha256) + body).decode()

    def _prepared(self, token: str) -> tuple[dict[str, Any], bytes] | None:
        try:
            data = base64.b64decode(token.encode("ascii"), altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            return None
        mac, body = data[:32], data[32:]
        if not hmac.compare_digest(mac, hmac.digest(self._secret, body, sha256)):
            return None
        content, key_id = canonical.decode(body, limit=_LONGEST)
        return content, key_id

    async def do(self, message: bytes) -> ActOutcome:
        """Believes a signed act once, and does it. Raises ElsewhereError for one that another gateway must do."""
        service = self._service
        believed = judge_act(message, service.files.book, service.clock.now(), await here(service))
        if isinstance(believed, RefusedAct):
            return ActOutcome(False, (believed.sentence,))
        if (away := await elsewhere(service, believed.act)) is not None:
            raise ElsewhereError(away.sentence, away.address)
        now = int(service.clock.now().timestamp() * 1_000)

        def take(conn: Connection) -> bool:
            first = once.first_act(conn, believed.officer.fingerprint, believed.act.nonce, now)
            if first:
                content = {"act": believed.act.to_map(), "message": believed.digest}
                audit.append(conn, service.office.name, "ACT", content, now)
            return first

        if not await service.store.write(take):
            return ActOutcome(False, ("This act was done before.",))
        if believed.act.kind is ActKind.SIGN_IN:
            token = await self.reading.sign_in(believed, Fields(believed.act.fields).words("why"), now)
            return ActOutcome(True, (DONE[ActKind.SIGN_IN],), token, LIFE_MS // 1_000)
        answer = await self._performing.perform(believed, now)
        service.changed("")
        for name in service.lanes:
            service.changed(name)
        if isinstance(answer, Noted):
            return ActOutcome(True, (answer.sentence,))
        return ActOutcome(answer is None, (answer or DONE[believed.act.kind],))
