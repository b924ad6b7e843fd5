"""Makes an estate be what its description says: creates what is missing, delivers what changed, keeps what is there."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from sallyport_models.store import default_store
from sallyport_protocol.errors import MalformedError, RoadError
from sallyport_provisioning.approved import Approved, approved_now
from sallyport_provisioning.deliver import deliver
from sallyport_provisioning.development import describe_development
from sallyport_provisioning.enrol import enrol, ensure_authority
from sallyport_provisioning.estate import DESCRIPTION, Estate, open_estate
from sallyport_provisioning.files import FOLDER, write
from sallyport_provisioning.plan import Do, Step, plan
from sallyport_provisioning.publish import publish
from sallyport_provisioning.revocation import put_away, record, settle_list

MOST_REVOCATIONS: Final = 3
"""As many holders may vanish from a description at once without being asked about."""


@dataclass(frozen=True, slots=True)
class Applied:
    """What one run changed; all empty when the estate already was as described."""

    steps: tuple[Step, ...]
    signed: list[str]
    delivered: list[str]


class TooManyRevocationsError(RoadError):
    """A description that lost many holders is more often a damaged file than a decision."""


class EstateExistsError(RoadError):
    """There is something at that place already, and nothing was changed."""


def create_development_estate(
    path: Path,
    *,
    broker_port: int = 8883,
    gateway_port: int = 8080,
    screen_port: int = 8081,
    camera: str = "",
    sensor: str = "",
    lock: str = "",
    approved: Approved | None = None,
    models_store: str = "",
    gateways: int = 1,
    store: str = "",
    force: bool = False,
    now: datetime | None = None,
) -> Estate:
    """Makes a whole development estate at `path` in one step: it is there complete or not at all.

    `camera`, `sensor`, `lock` are the URIs of the kiosk's devices (default: the real ones); `approved` the models and
    builds that count (default: the manifest's models and this very build). Raises EstateExistsError when `path` is
    taken (with `force` an estate there is replaced, anything else never), RoadError when it cannot be written.
    """
    path = Path(os.path.abspath(path))  # noqa: PTH100  resolve() would follow a link that we must not replace
    try:
        description = describe_development(
            broker_port=broker_port,
            gateway_port=gateway_port,
            screen_port=screen_port,
            camera=camera,
            sensor=sensor,
            lock=lock,
            models_store=models_store or os.path.relpath(default_store().resolve(), path),
            gateways=gateways,
            store=store,
        )
    except ValidationError as error:
        raise MalformedError(f"no such estate can be: {error.errors()[0]['msg']}") from error
    _refuse_if_taken(path, force)
    with _built_beside(path) as part:
        write(part / DESCRIPTION, description.to_toml().encode())
        apply(Estate(part, description), now=now or datetime.now(UTC), approved=approved or approved_now())
    return open_estate(path)


def apply(
    estate: Estate, *, now: datetime, approved: Approved | None = None, most_revocations: int = MOST_REVOCATIONS
) -> Applied:
    """Brings the directory to what the description says; `approved` None keeps what may run.

    Repeating it changes nothing; after a crash anywhere it finishes what was begun. Raises TooManyRevocationsError,
    having changed nothing, when the description lost more holders than `most_revocations`.
    """
    issuer = ensure_authority(estate, now)
    steps = plan_of(estate)
    _refuse_many(steps, most_revocations)
    for step in steps:
        if step.do is not Do.ENROL:
            record(estate, step.name, step.why, now)
            put_away(estate, step.name)
        if step.do is not Do.REVOKE:
            enrol(estate, estate.holder(step.name), issuer, now)
    settle_list(estate, issuer, now)
    return Applied(steps, publish(estate, approved, now), deliver(estate))


def plan_of(estate: Estate) -> tuple[Step, ...]:
    """What `apply` would do about keys and certificates."""
    return plan(estate.description.name, estate.holders(), estate.issued(), estate.boards())


def _refuse_many(steps: tuple[Step, ...], most: int) -> None:
    gone = [step.name for step in steps if step.do is Do.REVOKE]
    if len(gone) > most:
        raise TooManyRevocationsError(
            f"estate.toml no longer describes {len(gone)} holders ({', '.join(gone[:3])}, …): restore it, or, if they "
            f"shall all be revoked, say `sallyport-estate apply --revoke {len(gone)}`"
        )


def _refuse_if_taken(path: Path, force: bool) -> None:
    if not path.exists() or (path.is_dir() and not any(path.iterdir())):
        return
    if not path.is_dir():
        raise EstateExistsError(f"{path} is a file, not a directory: choose another place")
    if not (path / DESCRIPTION).is_file():
        raise EstateExistsError(
            f"{path} holds other files and no estate: choose an empty or new directory (--force does not replace it)"
        )
    if not force:
        raise EstateExistsError(
            f"{path} holds an estate already and was left as it is: use it, or replace it with --force"
        )


@contextmanager
def _built_beside(path: Path) -> Iterator[Path]:
    """A temporary directory that takes the place of `path` when all went well and vanishes otherwise."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part = Path(tempfile.mkdtemp(prefix=f".{path.name}.partial-", dir=path.parent))
    except OSError as error:
        raise RoadError(
            f"cannot make an estate at {path}: {error.strerror or error} ({error.filename}). "
            "Choose a directory that this account may write to."
        ) from error
    try:
        yield part
        part.chmod(FOLDER)
        _take_place(part, path)
    except OSError as error:
        raise RoadError(f"cannot put the estate at {path}: {error.strerror or error}") from error
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _take_place(part: Path, path: Path) -> None:
    """The old one goes only after the new one is in its place."""
    old = part.with_name(part.name.replace(".partial-", ".replaced-"))
    if path.exists() and any(path.iterdir()):
        path.rename(old)
    part.rename(path)
    shutil.rmtree(old, ignore_errors=True)
