"""The acceptance test: every probe is independent, and the report is signed by the device key."""

import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from sallyport_kiosk.configuration import Configuration, load_configuration
from sallyport_kiosk.selftest import lock, papers, report, roads
from sallyport_kiosk.selftest.report import PROBES, Finding, run_selftest, sign_report
from sallyport_protocol import envelope
from sallyport_protocol.documents import Profile
from sallyport_protocol.errors import RoadError
from sallyport_provisioning.estate import Estate


@pytest.fixture
def configuration(own_estate: Estate) -> Configuration:
    return load_configuration(own_estate.kiosk_config)


def found(configuration: Configuration, *names: str, monkeypatch: pytest.MonkeyPatch) -> dict[str, Finding]:
    probes = {name: PROBES[name] for name in names}
    monkeypatch.setattr(report, "PROBES", probes)
    return {each.probe: each for each in run_selftest(configuration)}


def test_what_needs_no_device_passes(configuration: Configuration, monkeypatch: pytest.MonkeyPatch) -> None:
    names = ("clock", "certificate", "signing key", "documents", "outbox", "screen")
    findings = found(configuration, *names, monkeypatch=monkeypatch)
    assert {name: each.words for name, each in findings.items() if not each.passed} == {}
    assert list(findings) == list(names)


def test_missing_devices_and_broker_fail_with_what_to_do_and_do_not_stop_the_rest(
    configuration: Configuration, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(roads, "ROAD_S", 0.5)
    monkeypatch.setattr(lock, "ASKED_S", 0.2)
    names = ("camera", "fingerprint sensor", "lock and contacts", "network", "clock")
    findings = found(configuration, *names, monkeypatch=monkeypatch)
    assert [each.passed for each in findings.values()] == [False, False, False, False, True]
    assert all(len(each.words) > 20 for each in findings.values() if not each.passed)


def test_a_changed_document_and_a_revoked_certificate_are_seen(
    configuration: Configuration, monkeypatch: pytest.MonkeyPatch
) -> None:
    policy = configuration.path(configuration.file.documents.policy)
    content = bytearray(policy.read_bytes())
    content[len(content) // 2] ^= 1
    policy.write_bytes(bytes(content))
    shutil.copy(configuration.path(configuration.file.trust.gateways), configuration.path("certificate.pem"))
    findings = found(configuration, "documents", "signing key", monkeypatch=monkeypatch)
    assert not findings["documents"].passed and not findings["signing key"].passed


def test_a_probe_that_breaks_is_a_finding(configuration: Configuration, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: Configuration) -> str:
        raise ZeroDivisionError("1/0")

    monkeypatch.setattr(report, "PROBES", {"broken": broken, "clock": PROBES["clock"]})
    first, second = run_selftest(configuration)
    assert not first.passed and "ZeroDivisionError" in first.words
    assert second.passed


def test_the_report_is_signed_and_empty_means_no(own_estate: Estate) -> None:
    signer, registry = own_estate.signer("MDI-K01"), own_estate.registry()
    good, bad = Finding("clock", True, "right", 1), Finding("camera", False, "no frames", 2)
    for findings, passed in (((good,), True), ((good, bad), False), ((), False)):
        signed = sign_report(findings, "MDI-K01", signer, datetime.now(UTC))
        content = envelope.verify(signed, papers.PLACE, registry.resolve).content
        assert content["passed"] is passed and len(content["findings"]) == len(findings)
    with pytest.raises(envelope.SignatureError):
        envelope.verify(signed, "sallyport/v1/act", registry.resolve)


def test_a_clock_that_nobody_keeps_is_no_pass_in_production(
    configuration: Configuration, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = configuration.file.model_copy(update={"profile": Profile.PRODUCTION})
    site = Configuration(file, configuration.home)
    for kept, words in ((None, "cannot be seen"), (False, "time service")):
        monkeypatch.setattr(papers, "_synchronised", lambda kept=kept: kept)
        with pytest.raises(RoadError, match=words):
            papers.clock(site)
    monkeypatch.setattr(papers, "_synchronised", lambda: True)
    assert "kept by the time service" in papers.clock(site)


def test_a_build_that_nobody_approved_fails(configuration: Configuration, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sallyport_kiosk.assembly.software_digest", lambda: b"\x33" * 32)
    assert "approved build" in papers.software(configuration)
    monkeypatch.setattr("sallyport_kiosk.assembly.software_digest", lambda: b"\x34" * 32)
    with pytest.raises(RoadError, match="not approved"):
        papers.software(configuration)


def test_help_and_mistakes_load_no_networks() -> None:
    """`sallyport-kiosk --help` in a hundredth of the memory of a running kiosk."""
    code = (
        "import sys, runpy; sys.argv = ['sallyport-kiosk', '--help']\n"
        "try: runpy.run_module('sallyport_kiosk', run_name='__main__')\n"
        "except SystemExit: pass\n"
        "assert not {'numpy', 'cv2', 'onnxruntime', 'cryptography'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "selftest" in done.stdout


def test_a_configuration_that_is_not_there_says_so(tmp_path: Path) -> None:
    with pytest.raises(RoadError, match="--config"):
        load_configuration(tmp_path / "kiosk.toml")
