"""An outside witness as a small web service, run by whoever audits the gateways, on another machine.

C2SP tlog-witness: POST /add-checkpoint; and GET /checkpoint/{log} for a gateway that starts or an auditor who looks.
"""

from collections.abc import Mapping, Sequence

from fastapi import FastAPI, Request, Response

from sallyport_gateway.audit import checkpoint
from sallyport_gateway.audit.checkpoint import NoteKey
from sallyport_gateway.audit.parameters import MAX_NOTE
from sallyport_gateway.audit.witness import FileWitness, Verdict, read_submission
from sallyport_protocol.envelope import Signer
from sallyport_protocol.errors import MalformedError


def witness_app(
    held: FileWitness, keys: Mapping[str, Sequence[NoteKey]], signer: Signer | None = None, name: str = "witness"
) -> FastAPI:
    """The service. `keys` are the known logs and their keys; with a `signer`, it signs what it takes as `name`."""
    app = FastAPI(title="Sallyport witness", docs_url=None, redoc_url=None, openapi_url=None)

    @app.get("/checkpoint/{log}")
    def look(log: str) -> Response:
        note = held.latest(log) if log in keys else None
        return Response(status_code=404) if note is None else Response(note, media_type="text/plain")

    @app.post("/add-checkpoint")
    async def take(request: Request) -> Response:
        body = await _bounded(request)
        try:
            submission = read_submission(body)
            new = checkpoint.parse(submission.note)[0]
        except MalformedError as error:
            return Response(f"{error}\n", 400)
        if new.log not in keys:
            return Response("unknown log\n", 404)
        try:
            checkpoint.verify(submission.note, keys[new.log])
        except MalformedError as error:
            return Response(f"{error}\n", 403)
        if submission.old > new.size:
            return Response("the old size is above the new one\n", 400)
        reply = held.submit(submission)
        match reply.verdict:
            case Verdict.CONFLICT:
                return Response(f"{reply.held}\n", 409, media_type="text/x.tlog.size")
            case Verdict.INCONSISTENT:
                return Response("the proof does not hold\n", 422)
        line = "" if signer is None else checkpoint.cosignature(new, signer, name)
        return Response(line, media_type="text/plain")

    return app


async def _bounded(request: Request) -> bytes:
    """The body, cut off where no honest one goes on."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > 2 * MAX_NOTE:
            break
    return body
