"""Enrolment: references from images, stored encrypted. No bare template touches the disk (S19)."""

import hashlib
from collections.abc import Iterator, Set
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from sallyport_biometrics.face.photograph import enrolled
from sallyport_biometrics.face.pipeline import MODELS, FacePipeline
from sallyport_biometrics.finger import FingerExtractor, FingerRefusal
from sallyport_gateway.configuration import Configuration
from sallyport_gateway.drivers.authority_access import By
from sallyport_gateway.drivers.authority_office import EmbeddedAuthority
from sallyport_gateway.store import Store
from sallyport_models.manifest import Manifest
from sallyport_models.store import ModelStore, default_store
from sallyport_protocol.actions import Part
from sallyport_protocol.errors import MalformedError, RoadError
from sallyport_protocol.subject import Modality, Reference

FINGER_MODEL: Final = "leader"
PHOTOGRAPH: Final = (480, 600)
"""Width and height of the photograph kept for the officer, pixels: HMPPS's own."""
LARGEST_SIDE: Final = 1_600
"""Prints are scaled down to this, pixels, before minutiae are looked for."""


def enrol_person(
    configuration: Configuration,
    prisoner: str,
    officer: str,
    face: list[Path],
    finger: list[str],
    captured_on: str | None,
    models: Path | None,
    covered: Set[Part] = frozenset(),
) -> Iterator[str]:
    """Stores one reference for all photographs and one for each finger; says what it stored.

    `covered` parts of the face stay so, as the officer says; the access log keeps it with the officer's name.
    Raises MalformedError for an image that cannot be used, RoadError for a file or model that is missing.
    """
    day = date.fromisoformat(captured_on) if captured_on else datetime.now(UTC).date()
    store = ModelStore(models or default_store(), Manifest.read())
    made = [face_reference(store, face, day, covered)] if face else []
    made += [finger_reference(store, each, day) for each in finger]
    if not made:
        raise MalformedError("nothing to enrol: give --face or --finger")
    authority = EmbeddedAuthority(configuration.read(configuration.file.secrets.references), lambda: None)
    now, by = datetime.now(UTC), By(officer, _why(covered))
    with Store(configuration.store_url) as database:
        for reference in made:
            database.write_now(partial(authority.enrol, prisoner_number=prisoner, reference=reference, by=by, now=now))
            yield f"{prisoner}: {reference.modality} {reference.position or ''} enrolled".replace("  ", " ")
        if face:
            shown = photograph(face[0])
            database.write_now(lambda conn: authority.enrol_photograph(conn, prisoner, shown, day, by, now))
            yield f"{prisoner}: photograph stored for the officer at the door"


def _why(covered: Set[Part]) -> str:
    stays = f"; {', '.join(sorted(covered)).lower()} covered, recorded by the officer" if covered else ""
    return f"enrolment at reception{stays}"


def face_reference(
    store: ModelStore, photographs: list[Path], day: date, covered: Set[Part] = frozenset()
) -> Reference:
    """One reference from one or several photographs of a face. Raises MalformedError for one that cannot be used."""
    pipeline = FacePipeline({name: store.load(name).bytes for name in MODELS})
    frames = []
    for path in photographs:
        try:
            template = enrolled(pipeline, _content(path), covered)
        except MalformedError as error:
            raise MalformedError(f"{path}: {error}") from error
        frames.append((template.embedding, template.quality))
    return _reference(Modality.FACE, 0, pipeline.template(frames).to_bytes(), photographs, day)


def photograph(path: Path) -> bytes:
    """What the officer at the door sees: a JPEG within 480 x 600 pixels, without what else the file may carry."""
    image = cv2.imdecode(np.frombuffer(_content(path), np.uint8), cv2.IMREAD_COLOR)
    if image is None:
        raise MalformedError(f"{path}: not an image; use JPEG or PNG")
    scale = min(1.0, PHOTOGRAPH[0] / image.shape[1], PHOTOGRAPH[1] / image.shape[0])
    smaller = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) if scale < 1 else image
    return bytes(cv2.imencode(".jpg", smaller, (cv2.IMWRITE_JPEG_QUALITY, 88))[1].tobytes())


def finger_reference(store: ModelStore, what: str, day: date) -> Reference:
    """One reference from POSITION=IMAGE. Raises MalformedError for an image without a usable print."""
    position, _, name = what.partition("=")
    if not position.isdecimal() or not 1 <= int(position) <= 10 or not name:
        raise MalformedError(f"{what!r}: write POSITION=IMAGE with a position from 1 (right thumb) to 10")
    path = Path(name)
    template = FingerExtractor(store.load(FINGER_MODEL).bytes).extract(_print(path))
    if isinstance(template, FingerRefusal):
        raise MalformedError(f"{path}: {template.feedback}; take the print again")
    return _reference(Modality.FINGER, int(position), template.to_bytes(), [path], day)


def _reference(modality: Modality, position: int, template: bytes, sources: list[Path], day: date) -> Reference:
    record = hashlib.sha256(b"".join(hashlib.sha256(path.read_bytes()).digest() for path in sources) + template)
    return Reference(
        modality=modality, position=position, template=template, captured_on=day.isoformat(), record=record.digest()
    )


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise RoadError(f"{path}: {error.strerror}") from error


def _print(path: Path) -> "np.ndarray[tuple[int, ...], np.dtype[np.uint8]]":
    content = np.frombuffer(_content(path), np.uint8)
    image = cv2.imdecode(content, cv2.IMREAD_GRAYSCALE) if content.size else None
    if image is None:
        raise MalformedError(f"{path}: not an image; use JPEG or PNG")
    scale = LARGEST_SIDE / max(image.shape[:2])
    if scale < 1:
        image = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return np.asarray(image, np.uint8)
