"""Time and memory of each stage of a session: the parts alone, then the whole estate on loopback.

    .venv/bin/python bench/session.py [--json FILE] [--rounds N]

The parts run on one thread each, on the public sample images. The whole runs the real programs with simulated hardware
(`rig/`): a camera at 10 frames a second, a fingerprint module, a person who is already there.
"""

import argparse
import itertools
import json
import secrets
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import psutil
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from rich.console import Console
from rich.table import Table

from sallyport_biometrics.face.compare import compare as compare_faces
from sallyport_biometrics.face.pipeline import MODELS, FacePipeline
from sallyport_biometrics.finger import FingerExtractor, FingerTemplate, compare
from sallyport_kiosk.drivers.camera_folder import decode_image
from sallyport_models.manifest import Manifest
from sallyport_models.store import ModelStore, default_store
from sallyport_protocol import envelope, sealing
from sallyport_protocol.acts import ActKind
from sallyport_protocol.sealing import binding
from sallyport_protocol.subject import Modality, Reference, References
from sallyport_provisioning.apply import create_development_estate
from sallyport_rig.demonstration.world import LANE, OFFICER, World

ROOT = Path(__file__).resolve().parent.parent
SAMPLES = ROOT / "var/samples"


def median_ms(work: Callable[[], object], rounds: int) -> float:
    """Median time of `work`, ms, after one round that does not count."""
    work()
    times = []
    for _ in range(rounds):
        began = time.perf_counter()
        work()
        times.append((time.perf_counter() - began) * 1_000)
    return statistics.median(times)


def memory() -> dict[str, float]:
    """What each stage adds to a process that has imported everything, MiB: networks loaded and used once."""
    process, store = psutil.Process(), ModelStore(default_store(), Manifest.read())
    frame = decode_image(SAMPLES / "subject-a-2.jpg", 640, 480)
    image = cv2.imread(str(SAMPLES / "finger-a-2.png"), cv2.IMREAD_GRAYSCALE)
    levels = [process.memory_info().rss]
    face = FacePipeline({name: store.load(name).bytes for name in MODELS})
    seen = face.analyse(frame)
    levels.append(process.memory_info().rss)
    assert seen.face is not None
    face.embed(frame, seen.face)
    levels.append(process.memory_info().rss)
    FingerExtractor(store.load("leader").bytes).extract(image)
    levels.append(process.memory_info().rss)
    rises = [after - before for before, after in itertools.pairwise(levels)]
    names = ("libraries and images", "face: detect, landmarks, quality", "face: embed", "finger: image to template")
    return {name: each / 2**20 for name, each in zip(names, (levels[0], *rises), strict=True)}


def parts(rounds: int) -> dict[str, float]:
    """Each part alone, ms."""
    store = ModelStore(default_store(), Manifest.read())
    face = FacePipeline({name: store.load(name).bytes for name in MODELS})
    extractor = FingerExtractor(store.load("leader").bytes)
    frame = decode_image(SAMPLES / "subject-a-2.jpg", 640, 480)
    seen = face.analyse(frame)
    assert seen.face is not None
    person = face.template([(face.embed(frame, seen.face), 1.0)])
    prints = [cv2.imread(str(SAMPLES / f"finger-a-{n}.png"), cv2.IMREAD_GRAYSCALE) for n in (1, 2)]
    templates = [extractor.extract(each) for each in prints]
    assert all(isinstance(each, FingerTemplate) for each in templates)
    key, bound = X25519PrivateKey.generate(), binding((bytes(16), bytes(32), "K", "L", bytes(16), bytes(32)))
    references = References(
        references=tuple(
            Reference(modality=kind, position=place, template=template, captured_on="2026-01-01", record=bytes(32))
            for kind, place, template in (
                (Modality.FACE, 0, person.to_bytes()),
                (Modality.FINGER, 2, templates[0].to_bytes()),
            )
        )
    )
    sealed = sealing.seal(references, sealing.public_bytes(key), bound)
    with tempfile.TemporaryDirectory() as folder:
        estate = create_development_estate(Path(folder) / "estate")
        signer, registry = estate.signer("MDI-K01"), estate.registry()
        content = {"session": secrets.token_bytes(16), "words": secrets.token_bytes(1_200)}
        signed = envelope.sign(content, signer, "topic")
        return {
            "references sealed (HPKE)": median_ms(
                lambda: sealing.seal(references, sealing.public_bytes(key), bound), rounds
            ),
            "references opened": median_ms(lambda: sealing.unseal(sealed, key, bound), rounds),
            "face: detect, landmarks, quality, one 640x480 frame": median_ms(lambda: face.analyse(frame), rounds),
            "face: align and embed, one frame": median_ms(lambda: face.embed(frame, seen.face), rounds),
            "face: compare": median_ms(lambda: compare_faces(person, person), rounds),
            f"finger: image to template, {prints[1].shape[1]}x{prints[1].shape[0]}": median_ms(
                lambda: extractor.extract(prints[1]), max(3, rounds // 3)
            ),
            "finger: compare": median_ms(lambda: compare(templates[1], templates[0]), rounds),
            "result signed (ES256, COSE)": median_ms(lambda: envelope.sign(content, signer, "topic"), rounds),
            "result verified": median_ms(lambda: envelope.verify(signed, "topic", registry.resolve), rounds),
        }


def whole(sessions: int) -> dict[str, Any]:
    """The real programs: start to verdict, confirm to strike, memory."""
    verdicts, strikes = [], []
    with tempfile.TemporaryDirectory() as folder, World(Path(folder) / "run", SAMPLES, say=lambda words: None) as world:
        world.all_in_order()
        world.present("subject-a-2.jpg", "finger-a-2.png")
        for number in range(sessions):
            paper = world.authorise(f"bench-{number}")
            began = time.perf_counter()
            world.must(OFFICER, ActKind.START, lane=LANE, authorisation=paper)
            lane = world.wait(lambda: _fresh(world), 60, "the verdict")
            verdicts.append(time.perf_counter() - began)
            world.strikes()
            began = time.monotonic()
            world.must(OFFICER, ActKind.CONFIRM, session=lane["session"]["session"], compared="yes")
            moved = world.wait(world.strikes, 20, "the strike")
            strikes.append((moved[0].t - began) * 1_000)
            world.wait(lambda: world.lane()["session"]["state"] == "This check has ended", 30, "the end")
            world.settle()
            world.present("subject-a-2.jpg", "finger-a-2.png")
        memory = {name: psutil.Process(each.pid).memory_info().rss / 2**20 for name, each in world.programs().items()}
    return {
        "start to verdict, s": statistics.median(verdicts),
        "confirm to strike, ms": statistics.median(strikes),
        "kiosk memory, MiB": memory["kiosk"],
        "gateway memory, MiB": memory["gateway"],
    }


def _fresh(world: World) -> dict[str, Any] | None:
    lane = world.lane()
    return lane if lane.get("decision") and lane["session"]["state"] == "The verdict is waiting for you" else None


def main() -> None:
    """Prints a table; `--json` also writes the figures."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--json", type=Path, help="write the figures here")
    arguments.add_argument("--rounds", type=int, default=15, help="rounds of each part")
    arguments.add_argument("--sessions", type=int, default=5, help="whole sessions")
    given = arguments.parse_args()
    found: dict[str, Any] = {"memory, MiB": memory(), "parts, ms": parts(given.rounds), "whole": whole(given.sessions)}
    table = Table("stage", "median", title="One session")
    for name, value in found["parts, ms"].items():
        table.add_row(name, f"{value:.2f} ms")
    for name, value in found["memory, MiB"].items():
        table.add_row(f"memory, {name}", f"{value:.0f} MiB")
    for name, value in found["whole"].items():
        table.add_row(*name.rsplit(", ", 1)[:1], f"{value:.1f} {name.rsplit(', ', 1)[1]}")
    Console(file=sys.stdout).print(table)
    if given.json:
        given.json.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
