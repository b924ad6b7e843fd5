"""Which build this is: one digest over the source of every package that a kiosk runs.

It goes into READY and into every result, and the gateway compares it with the approved builds (check 9). On a kiosk
with measured boot the same digest is what the image's manifest names.
"""

from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from sallyport_protocol.errors import RoadError

KIOSK_PACKAGES: Final = (
    "sallyport_wire",
    "sallyport_protocol",
    "sallyport_biometrics",
    "sallyport_models",
    "sallyport_link",
    "sallyport_kiosk",
)
_SOURCE: Final = (".py", ".toml", ".html", ".js", ".css")


def software_digest(packages: tuple[str, ...] = KIOSK_PACKAGES) -> bytes:
    """SHA-256 over (package, path, SHA-256 of content) of every source file, sorted; 32 bytes.

    The packages are found, not imported. Raises RoadError when one is not installed.
    """
    total = sha256()
    for package in packages:
        root = _root(package)
        for path in sorted(each for each in root.rglob("*") if each.suffix in _SOURCE and each.is_file()):
            name = f"{package}/{path.relative_to(root).as_posix()}".encode()
            total.update(len(name).to_bytes(4, "big") + name + sha256(path.read_bytes()).digest())
    return total.digest()


def _root(package: str) -> Path:
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise RoadError(f"{package} is not installed; install Sallyport with its kiosk extra")
    return Path(next(iter(spec.submodule_search_locations)))
