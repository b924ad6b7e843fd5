"""The witness: a place outside the gateway's machine that remembers how far each log had come.

It takes a head only if the tree grew out of the one it holds. A gateway whose store was restored from a backup finds
the witness ahead of itself. `FileWitness` is a folder on another disk or share; `HttpWitness` speaks the C2SP
tlog-witness call to an outside service (`witness_app` is one).
"""

import fcntl
import os
import re
from base64 import b64decode, b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final, Protocol

import httpx

from sallyport_gateway.audit import checkpoint, tree
from sallyport_gateway.audit.checkpoint import Checkpoint
from sallyport_protocol.errors import MalformedError, RoadError


class Verdict(StrEnum):
    TAKEN = "TAKEN"
    CONFLICT = "CONFLICT"
    """The witness holds another size than the proof starts from; look at `held`."""
    INCONSISTENT = "INCONSISTENT"
    """The submitted tree did not grow out of the one held: the log was rewritten."""


@dataclass(frozen=True, slots=True)
class Submission:
    """What a log hands to a witness: its new head and the proof from the size that the witness holds."""

    old: int
    proof: tuple[bytes, ...]
    note: str


@dataclass(frozen=True, slots=True)
class Reply:
    """What the witness did. `note` has the witness's own signature line where it signs."""

    verdict: Verdict
    held: int
    note: str | None = None


class Witness(Protocol):
    """The port. Both calls raise RoadError when the witness cannot be reached."""

    def latest(self, log: str) -> str | None:
        """The newest note held for a log, or None for a log it never saw."""

    def submit(self, submission: Submission) -> Reply:
        """Hands over a new head."""


def judge(held: Checkpoint | None, new: Checkpoint, submission: Submission) -> Verdict:
    """Whether a witness that holds `held` may take `new`. Pure."""
    size = held.size if held else 0
    if submission.old != size:
        return Verdict.CONFLICT
    if held is None or size == 0:
        return Verdict.TAKEN if not submission.proof else Verdict.INCONSISTENT
    grown = tree.is_consistent(size, new.size, held.root, new.root, submission.proof)
    return Verdict.TAKEN if grown else Verdict.INCONSISTENT


class FileWitness:
    """A folder with the newest note of each log, replaced whole and flushed to the disk under a lock."""

    def __init__(self, folder: Path) -> None:
        """`folder` must be outside what a restored backup brings back: another disk, a share."""
        self._folder = folder

    def latest(self, log: str) -> str | None:
        path = self._path(log, "head")
        try:
            return path.read_text() if path.exists() else None
        except OSError as error:
            raise self._road(error) from error

    def submit(self, submission: Submission) -> Reply:
        new = checkpoint.parse(submission.note)[0]
        try:
            with self._alone(new.log):
                last = self.latest(new.log)
                held = checkpoint.parse(last)[0] if last else None
                verdict = judge(held, new, submission)
                if verdict is Verdict.TAKEN and (held is None or new.size > held.size):
                    self._keep(new.log, submission.note)
        except OSError as error:
            raise self._road(error) from error
        return Reply(verdict, held.size if held else 0, submission.note if verdict is Verdict.TAKEN else None)

    @contextmanager
    def _alone(self, log: str) -> Iterator[None]:
        with self._path(log, "lock").open("a") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def _keep(self, log: str, note: str) -> None:
        fresh = self._path(log, "new")
        with fresh.open("w") as file:
            file.write(note)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self._path(log, "head"))
        folder = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def _path(self, log: str, kind: str) -> Path:
        assert re.fullmatch(checkpoint.LOG_PATTERN, log), log
        return self._folder / f"{log}.{kind}"

    def _road(self, error: OSError) -> RoadError:
        return RoadError(
            f"The witness {self._folder} cannot be used ({error.strerror}): mount it and give this user write access."
        )


class HttpWitness:
    """An outside witness by HTTP: POST add-checkpoint as C2SP tlog-witness has it, GET checkpoint/{log} to look."""

    def __init__(self, client: httpx.Client, prefix: str) -> None:
        """`client` carries certificates and time-outs; `prefix` is the witness's address without a last slash."""
        self._client, self._prefix = client, prefix

    def latest(self, log: str) -> str | None:
        answer = self._ask("GET", f"checkpoint/{log}")
        if answer.status_code == httpx.codes.NOT_FOUND:
            return None
        if answer.status_code != httpx.codes.OK:
            raise self._road(f"status {answer.status_code}")
        return answer.text

    def submit(self, submission: Submission) -> Reply:
        answer = self._ask("POST", "add-checkpoint", write_submission(submission))
        if answer.status_code == httpx.codes.OK:
            return Reply(Verdict.TAKEN, submission.old, submission.note + answer.text)
        if answer.status_code == httpx.codes.CONFLICT:
            return Reply(Verdict.CONFLICT, _size(answer.text, submission.old))
        if answer.status_code == httpx.codes.UNPROCESSABLE_ENTITY:
            return Reply(Verdict.INCONSISTENT, submission.old)
        raise self._road(f"status {answer.status_code}")

    def _ask(self, method: str, path: str, body: str | None = None) -> httpx.Response:
        try:
            return self._client.request(method, f"{self._prefix}/{path}", content=body and body.encode())
        except httpx.HTTPError as error:
            raise self._road(str(error) or type(error).__name__) from error

    def _road(self, why: str) -> RoadError:
        return RoadError(f"The witness {self._prefix} does not answer ({why}): check the network and the witness.")


def _size(text: str, otherwise: int) -> int:
    return int(text) if text.strip().isdecimal() and len(text) < 20 else otherwise


def write_submission(submission: Submission) -> str:
    """The body of add-checkpoint (C2SP tlog-witness)."""
    proof = "".join(f"{b64encode(step).decode()}\n" for step in submission.proof)
    return f"old {submission.old}\n{proof}\n{submission.note}"


def read_submission(body: bytes) -> Submission:
    """The other direction. Raises MalformedError."""
    try:
        head, middle, note = body.decode().partition("\n\n")
        first, *proof = head.split("\n")
        size = _OLD.fullmatch(first)
        if size is None or not middle or len(proof) > _MAX_PROOF:
            raise MalformedError("not a submission to a witness")
        return Submission(int(size[1]), tuple(b64decode(line, validate=True) for line in proof), note)
    except ValueError as error:
        raise MalformedError("not a submission to a witness") from error


_OLD: Final = re.compile(r"old (0|[1-9][0-9]{0,15})")
_MAX_PROOF: Final = 63
