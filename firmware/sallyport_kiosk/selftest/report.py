"""The acceptance test that an installer runs on site: every device and road of the kiosk, and a signed report.

Each probe tries one thing for real and answers with a finding; none opens a door, none keeps a picture. Run it while
the kiosk's own service is stopped: both would use the same devices and the same name at the broker.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sallyport_kiosk.configuration import Configuration
from sallyport_kiosk.selftest import devices, lock, papers, roads
from sallyport_protocol import envelope
from sallyport_protocol.envelope import Signer
from sallyport_protocol.errors import SallyportError

Probe = Callable[[Configuration], str]


@dataclass(frozen=True, slots=True)
class Finding:
    """What one probe found, and what to do when it failed."""

    probe: str
    passed: bool
    words: str
    ms: int


def run_selftest(configuration: Configuration) -> Iterator[Finding]:
    """Every probe in turn; a failed one does not stop the others."""
    for name, probe in PROBES.items():
        began = time.monotonic()
        try:
            passed, words = True, probe(configuration)
        except SallyportError as error:
            passed, words = False, str(error)
        except Exception as error:  # a probe must never hide the ones after it
            passed, words = False, f"{type(error).__name__}: {error}"
        yield Finding(name, passed, words, round((time.monotonic() - began) * 1_000))


def sign_report(findings: tuple[Finding, ...], kiosk: str, signer: Signer, now: datetime) -> bytes:
    """The report as a COSE_Sign1 by the device key."""
    content: dict[str, Any] = {
        "v": 1,
        "kiosk": kiosk,
        "at": int(now.timestamp() * 1_000),
        "passed": bool(findings) and all(each.passed for each in findings),
        "findings": [
            {"probe": each.probe, "passed": each.passed, "words": each.words[:400], "ms": each.ms} for each in findings
        ],
    }
    return envelope.sign(content, signer, papers.PLACE)


PROBES: Final[dict[str, Probe]] = {
    "clock": papers.clock,
    "certificate": papers.certificate,
    "signing key": papers.key,
    "documents": papers.documents,
    "software": papers.software,
    "models": papers.models,
    "outbox": papers.outbox,
    "screen": papers.screen,
    "camera": devices.camera,
    "fingerprint sensor": devices.sensor,
    "network": roads.network,
    "lock and contacts": lock.lock,
    "latency": roads.latency,
}
"""Every probe by its name on the report, the cheap ones first."""
