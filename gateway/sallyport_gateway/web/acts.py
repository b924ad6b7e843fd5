"""The two requests behind every button: prepare what is to be signed, submit the signature."""

import base64
import binascii
from time import monotonic
from typing import Annotated, Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from sallyport_gateway.allowance import Allowance
from sallyport_gateway.web.gate import remember
from sallyport_gateway.web.ports import ActOutcome, OfficerActs, PreparedAct
from sallyport_protocol.errors import MalformedError, RoadError

MAX_BODY = 32_768
"""Largest request accepted, bytes: a certificate is below 4 KiB, the fields below 8 KiB."""

PREPARED_PER_S: Final = 20.0
PREPARED_AT_ONCE: Final = 60.0
"""Acts that one address may have prepared: a prison's officers behind one proxy, with room; a flood is refused."""

Short = Annotated[str, Field(max_length=64)]
Text = Annotated[str, Field(max_length=1_000)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Prepare(_Body):
    """What the browser asks to have prepared. `certificate` is DER in base64."""

    kind: Annotated[str, Field(pattern=r"^[a-z][a-z-]{0,31}$")]
    fields: Annotated[dict[Short, Text], Field(max_length=24)]
    certificate: Annotated[str, Field(max_length=8_192)]


class Submit(_Body):
    """The signature over what was prepared: 64 bytes, r then s, in base64."""

    token: Annotated[str, Field(max_length=24_576)]
    signature: Annotated[str, Field(max_length=96)]


def router(acts: OfficerActs) -> APIRouter:
    """`POST /acts/prepare` and `POST /acts/submit`."""
    routes = APIRouter(prefix="/acts")
    allowance = Allowance(PREPARED_PER_S, PREPARED_AT_ONCE)

    @routes.post("/prepare")
    async def prepare(request: Request) -> JSONResponse:
        if not allowance.take(request.client.host if request.client else "", monotonic()):
            sentence = "Too many acts are being prepared from this address. Wait a second."
            return JSONResponse({"accepted": False, "sentences": [sentence]}, 429)
        try:
            asked = Prepare.model_validate_json(await _body(request))
            answer = await acts.prepare(asked.kind, asked.fields, _bytes_of(asked.certificate))
        except (MalformedError, RoadError, ValidationError) as error:
            return _refused(error)
        if isinstance(answer, PreparedAct):
            signable = base64.b64encode(answer.to_be_signed).decode()
            return JSONResponse({"token": answer.token, "to_be_signed": signable})
        return told(answer, request)

    @routes.post("/submit")
    async def submit(request: Request) -> JSONResponse:
        try:
            sent = Submit.model_validate_json(await _body(request))
            return told(await acts.submit(sent.token, _bytes_of(sent.signature)), request)
        except (MalformedError, RoadError, ValidationError) as error:
            return _refused(error)

    return routes


async def _body(request: Request) -> bytes:
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
        raise MalformedError("An act is sent as application/json.")
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > MAX_BODY:
            raise MalformedError(f"An act is at most {MAX_BODY} bytes long.")
    return body


def _bytes_of(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise MalformedError("A certificate or signature is not base64.") from error


def told(outcome: ActOutcome, request: Request) -> JSONResponse:
    """What became of an act, and the browser's sign-in where it was one."""
    response = JSONResponse({"accepted": outcome.accepted, "sentences": list(outcome.sentences)})
    if outcome.token:
        remember(response, outcome.token, outcome.token_life_s, request.url.scheme == "https")
    return response


def _refused(error: Exception) -> JSONResponse:
    sentence = "The request does not have the form of an act." if isinstance(error, ValidationError) else str(error)
    content: dict[str, Any] = {"accepted": False, "sentences": [sentence]}
    return JSONResponse(content, status_code=503 if isinstance(error, RoadError) else 400)
