import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule

from sallyport_kiosk.drivers import outbox as outbox_module
from sallyport_kiosk.drivers.outbox import LAPSED, RESEND, Outbox
from sallyport_protocol.errors import RoadError

KEPT = 20
TOPIC = "sallyport/v1/MDI/MDI-K01/result"


def put(outbox: Outbox, name: bytes, expires_ms: int = 30_000) -> None:
    outbox.put(b"session", name, TOPIC, b"message " + name, expires_ms)


@pytest.fixture
def outbox(tmp_path: Path):
    made = Outbox(tmp_path / "outbox.sqlite", chance=lambda: 0.999)
    yield made
    made.close()


def digests(outbox: Outbox, now_ms: int) -> list[bytes]:
    return [entry.digest for entry in outbox.due(now_ms)]


def test_a_message_is_resent_with_back_off_until_its_verdict(outbox: Outbox) -> None:
    put(outbox, b"a")
    put(outbox, b"b")
    entries = outbox.due(1000)
    assert [(entry.digest, entry.message, entry.topic, entry.attempts) for entry in entries] == [
        (b"a", b"message a", TOPIC, 0),
        (b"b", b"message b", TOPIC, 0),
    ]
    assert digests(outbox, 1001) == []
    assert outbox.mark_settled(b"session", b"a", "ACCEPTED")
    assert [(entry.digest, entry.attempts) for entry in outbox.due(2000)] == [(b"b", 1)]
    assert digests(outbox, 3500) == []
    assert digests(outbox, 4000) == [b"b"]
    assert outbox.verdict(b"session", b"a") == "ACCEPTED"
    assert outbox.verdict(b"session", b"b") is None
    assert outbox.waiting() == 1


def test_a_verdict_for_another_digest_settles_nothing(outbox: Outbox) -> None:
    put(outbox, b"a")
    assert not outbox.mark_settled(b"session", b"other", "ACCEPTED")
    assert not outbox.mark_settled(b"other", b"a", "ACCEPTED")
    assert outbox.waiting() == 1
    assert outbox.mark_settled(b"session", b"a", "EXPIRED")
    assert not outbox.mark_settled(b"session", b"a", "ACCEPTED")
    assert outbox.verdict(b"session", b"a") == "EXPIRED"


def test_the_same_message_again_changes_nothing(outbox: Outbox) -> None:
    put(outbox, b"a")
    assert digests(outbox, 0) == [b"a"]
    put(outbox, b"a")
    assert digests(outbox, 1) == []
    assert outbox.mark_settled(b"session", b"a", "ACCEPTED")
    put(outbox, b"a")
    assert outbox.waiting() == 0


def test_what_is_too_late_lapses_and_is_not_sent(outbox: Outbox) -> None:
    put(outbox, b"a", expires_ms=5_000)
    assert digests(outbox, 5_000) == []
    assert outbox.verdict(b"session", b"a") == LAPSED
    assert not outbox.mark_settled(b"session", b"a", "ACCEPTED")


def test_it_survives_a_restart(tmp_path: Path) -> None:
    first = Outbox(tmp_path / "o")
    put(first, b"a")
    put(first, b"b")
    first.mark_settled(b"session", b"b", "ACCEPTED")
    first.close()
    first.close()
    second = Outbox(tmp_path / "o")
    assert digests(second, 1_000_000 - 999_000) == [b"a"]
    assert second.verdict(b"session", b"b") == "ACCEPTED"
    second.close()


def test_it_survives_being_killed(tmp_path: Path) -> None:
    script = (
        "import os, sys, signal\nfrom pathlib import Path\nfrom sallyport_kiosk.drivers.outbox import Outbox\n"
        f"outbox = Outbox(Path({str(tmp_path / 'o')!r}))\n"
        "for n in range(20):\n    outbox.put(b's', bytes([n]), 't', b'm', 10)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == -signal.SIGKILL
    outbox = Outbox(tmp_path / "o")
    assert digests(outbox, 0) == [bytes([n]) for n in range(20)]
    outbox.close()


def test_a_second_program_finds_it_busy(outbox: Outbox, tmp_path: Path) -> None:
    put(outbox, b"a")
    with pytest.raises(RoadError, match="another kiosk program"):
        Outbox(tmp_path / "outbox.sqlite")
    assert digests(outbox, 0) == [b"a"]


def test_a_damaged_file_is_said_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "o"
    path.write_bytes(b"not a database at all, but long enough to be read as one" * 50)
    with pytest.raises(RoadError, match="it is damaged; move"):
        Outbox(path)
    assert path.read_bytes().startswith(b"not a database")


def test_an_unwritable_place_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RoadError, match="give the kiosk's user write access"):
        Outbox(tmp_path / "file" / "outbox")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_an_unwritable_directory_says_what_to_do(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(RoadError, match="give the kiosk's user write access"):
        Outbox(tmp_path / "outbox")


def test_nobody_else_may_read_it(outbox: Outbox, tmp_path: Path) -> None:
    put(outbox, b"a")
    assert all(path.stat().st_mode & 0o077 == 0 for path in tmp_path.iterdir())


def test_settled_messages_lose_their_bytes_and_old_ones_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox_module, "KEPT_SETTLED", KEPT)
    outbox = Outbox(tmp_path / "o")
    for number in range(KEPT + 5):
        outbox.put(b"s", number.to_bytes(2, "big"), "t", b"secret", 10**12)
    put(outbox, b"open", 10**12)
    for number in range(KEPT + 5):
        outbox.mark_settled(b"s", number.to_bytes(2, "big"), "ACCEPTED")
    outbox.close()
    outbox = Outbox(tmp_path / "o")
    assert outbox.verdict(b"s", (4).to_bytes(2, "big")) is None
    assert outbox.verdict(b"s", (5).to_bytes(2, "big")) == "ACCEPTED"
    assert b"secret" not in (tmp_path / "o").read_bytes()
    assert digests(outbox, 0) == [b"open"]
    outbox.close()


class AnyOrder(RuleBasedStateMachine):
    """Whatever happens: nothing without a verdict is lost, nothing with one is sent again."""

    names = Bundle("names")

    @initialize()
    def begin(self) -> None:
        import tempfile

        self.folder = tempfile.TemporaryDirectory()
        self.path = Path(self.folder.name) / "o"
        self.outbox = Outbox(self.path)
        self.open: dict[bytes, int] = {}
        self.settled: set[bytes] = set()
        self.now = 0

    @rule(target=names, name=st.binary(min_size=1, max_size=2), life=st.integers(1, 20_000))
    def put(self, name: bytes, life: int) -> bytes:
        self.outbox.put(b"s", name, "t", name, self.now + life)
        if name not in self.settled:
            self.open.setdefault(name, self.now + life)
        return name

    @rule(name=names)
    def settle(self, name: bytes) -> None:
        assert self.outbox.mark_settled(b"s", name, "ACCEPTED") == (name in self.open)
        self.settled.add(name)
        self.open.pop(name, None)

    @rule(by=st.integers(0, 6_000))
    def send(self, by: int) -> None:
        self.now += by
        for name, expires in list(self.open.items()):
            if expires <= self.now:
                del self.open[name]
                self.settled.add(name)
        sent = [entry.digest for entry in self.outbox.due(self.now)]
        assert set(sent) <= set(self.open)
        if by > RESEND.cap_ms:
            assert set(sent) == set(self.open)

    @rule()
    def restart(self) -> None:
        self.outbox.close()
        self.outbox = Outbox(self.path)

    @invariant()
    def nothing_is_lost(self) -> None:
        assert self.outbox.waiting() == len(self.open)

    def teardown(self) -> None:
        if hasattr(self, "outbox"):
            self.outbox.close()
            self.folder.cleanup()


AnyOrder.TestCase.settings = settings(max_examples=25, stateful_step_count=20)
TestAnyOrder = AnyOrder.TestCase
