"""The house under a policy that requires liveness, with a rendered person at its kiosk."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import cv2
import numpy as np

from sallyport_biometrics.face.pipeline import MODELS, FacePipeline
from sallyport_gateway.parameters import REVOCATION_RELOAD_S
from sallyport_models.manifest import Manifest
from sallyport_models.store import ModelStore, default_store
from sallyport_protocol.documents import Policy, sign_document
from sallyport_protocol.errors import RoadError
from sallyport_provisioning.deliver import deliver
from sallyport_provisioning.files import write
from sallyport_provisioning.publish import document_path
from sallyport_rig.demonstration.visitor import Visitor
from sallyport_rig.demonstration.world import World
from sallyport_rig.moving_face import MovingFace
from sallyport_rig.sitter import Sitter

_READY_S: Final = 40.0


@contextmanager
def liveness_required(world: World, photograph: str) -> Iterator[Visitor]:
    """The provisioner signs a policy that requires liveness, and the person of the photograph stands at the kiosk.

    Afterwards the old policy holds again, under a higher version, and the kiosk has its own camera.
    """
    face = moving_face(world, photograph)
    place = (world.folder / "camera").resolve()
    config = world.estate.kiosk_config
    before = config.read_text()
    with Visitor(place, Sitter(face), world.screen_url) as visitor:
        try:
            _require(world, True)
            config.write_text(_with_camera(before, f"stream:{place}"))
            _restart(world)
            yield visitor
        finally:
            world.end("kiosk")
            _require(world, False)
            config.write_text(before)
            world.start_kiosk()


def moving_face(world: World, photograph: str) -> MovingFace:
    """The person of a sample photograph. Raises RoadError when it is not there."""
    image = cv2.imread(str(world.samples / photograph))
    if image is None:
        raise RoadError(f"{world.samples / photograph} is missing or no image; run `sallyport-models samples`")
    store = ModelStore(default_store(), Manifest.read())
    return MovingFace(np.asarray(image, np.uint8), FacePipeline({name: store.load(name).bytes for name in MODELS}))


def _require(world: World, required: bool) -> None:
    """Signs the policy with the demand for liveness put on or taken off, and delivers it."""
    estate = world.estate
    policy = estate.policy()
    operating = policy.operating.model_copy(update={"liveness_required": required})
    changed = policy.model_copy(update={"version": policy.version + 1, "operating": operating})
    write(document_path(estate, Policy), sign_document(changed, estate.signer(estate.description.provisioner)))
    deliver(estate)


def _with_camera(text: str, uri: str) -> str:
    lines = [f'camera = "{uri}"' if line.startswith("camera = ") else line for line in text.splitlines()]
    return "\n".join([*lines, ""])


def _restart(world: World) -> None:
    """A kiosk with the new documents, and a gateway that has read them again."""
    read_again = time.monotonic() + REVOCATION_RELOAD_S + 1.0
    world.end("kiosk")
    world.wait(lambda: not world.lane()["kiosk"]["connected"], _READY_S, "the kiosk's farewell")
    world.start_kiosk()
    world.wait(lambda: world.lane()["kiosk"]["connected"], _READY_S, "the kiosk")
    time.sleep(max(0.0, read_again - time.monotonic()))
