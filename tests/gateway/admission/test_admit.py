"""Checks 1 to 12, one test for every refusal: real signed messages, real certificates, a real registry."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lane_kiosk import KIOSK, LANE, honest_result, modality, non_match, stated
from lane_world import book_of

from sallyport_gateway.admission import admit as admission
from sallyport_gateway.admission import scores
from sallyport_gateway.admission.admit import Arrival, OpenSession, admit
from sallyport_gateway.book import Book
from sallyport_protocol import canonical, envelope
from sallyport_protocol.causes import CauseCode, Owner
from sallyport_protocol.checks import CheckOutcome
from sallyport_protocol.documents import Entry, Profile, Registry, Status
from sallyport_protocol.identity import Role
from sallyport_protocol.messages import (
    Capture,
    Liveness,
    ModalityOutcome,
    Offer,
    Operating,
    Outcome,
    Result,
    chain_head,
)
from sallyport_protocol.subject import Guard, Modality, RecordedException
from sallyport_protocol.topics import Kind, Topic
from sallyport_protocol.trust import Trust
from sallyport_provisioning.estate import Estate

TOPIC = str(Topic("MDI", KIOSK, Kind.RESULT))
S, C, BOOT = b"s" * 16, b"c" * 32, b"b" * 16
OFFERED = 5_000_000
"""Gateway's monotonic ms at the offer."""
FINISHED = 9_000
"""Kiosk's ms from the offer to the result."""


@pytest.fixture(scope="module")
def book(estate: Estate) -> Book:
    return book_of(estate)


class Desk:
    """Everything that a result meets; a test changes one thing of it."""

    def __init__(self, estate: Estate, book: Book) -> None:
        self.estate, self.book, self.topic, self.retained = estate, book, TOPIC, False
        self.now = datetime.now(UTC)
        self.received = OFFERED + FINISHED + 200
        self.signer = estate.signer(KIOSK)
        self.offer = Offer(
            session=S,
            challenge=C,
            kiosk=KIOSK,
            boot_nonce=BOOT,
            sequence=1,
            lane=LANE,
            movement="REL",
            reason="CR",
            handle=b"h" * 16,
            sealed=b"x" * 64,
            operating=book.policy.operating,
            exceptions=(),
            liveness_seed=b"l" * 16,
            model_set=book.model_set.digest,
            policy=book.policy.digest,
            expires_in=120_000,
        )
        self.session: OpenSession | None = OpenSession(self.offer, "MDI", OFFERED, True, -1, None)

    def result(self, **changes: Any) -> Result:
        return honest_result(self.offer, self.book, BOOT, 3, FINISHED, **changes)

    def signed(self, content: dict[str, Any]) -> bytes:
        return envelope.sign(content, self.signer, TOPIC)

    def admit(self, message: bytes) -> admission.Admission:
        arrival = Arrival(self.topic, message, self.retained, self.received, self.now)
        return admit(arrival, self.book, lambda session: self.session if session == S else None)

    def findings(self, message: bytes | None = None, **changes: Any) -> dict[int, str]:
        """Number -> reason of every check that did not pass."""
        made = self.admit(message if message is not None else self.signed(self.result(**changes).to_map()))
        assert not made.admitted
        assert {int(each.number) for each in made.checks} == set(range(1, 13))
        return {int(each.number): each.reason for each in made.checks if each.outcome is not CheckOutcome.PASS}

    def offer_with(self, **changes: Any) -> None:
        self.offer = self.offer.model_copy(update=changes)
        assert self.session is not None
        self.session = replace(self.session, offer=self.offer)


@pytest.fixture
def desk(estate: Estate, book: Book) -> Desk:
    return Desk(estate, book)


def test_an_honest_result_is_admitted(desk: Desk) -> None:
    made = desk.admit(desk.signed(desk.result().to_map()))
    assert made.admitted, [each for each in made.checks if each.outcome is not CheckOutcome.PASS]
    assert made.sender == KIOSK
    assert made.result is not None and made.result.counter == 3


def test_no_checks_are_no_admission() -> None:
    assert not admission.Admission((), None, b"", None).admitted


# -- 1 parse, known version, size ------------------------------------------------------------------------------------


@pytest.mark.parametrize("message", [b"", b"\xff", b"\x80", canonical.encode(["a"]), b"\x00" * 20_000])
def test_1_what_cannot_be_read(desk: Desk, message: bytes) -> None:
    found = desk.findings(message)
    assert found[1] == "MALFORMED"
    assert found[2] == found[6] == found[12] == "NOT_REACHED"


@pytest.mark.parametrize(
    "spoil",
    [
        lambda content: content | {"v": 2},
        lambda content: content | {"more": 1},
        lambda content: {key: value for key, value in content.items() if key != "chain"},
        lambda content: content | {"counter": -1},
        lambda content: content | {"outcome": "PERHAPS"},
        lambda content: content | {"detail": "x" * 20_000},
    ],
)
def test_1_another_version_or_shape(desk: Desk, spoil: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    assert desk.findings(desk.signed(spoil(desk.result().to_map())))[1] == "MALFORMED"


# -- 2 signature by a known key --------------------------------------------------------------------------------------


def test_2_an_unknown_key(desk: Desk) -> None:
    known = desk.book.registry
    entries = tuple(each for each in known.entries if each.name != KIOSK)
    desk.book = replace(desk.book, registry=_registry(known, entries))
    found = desk.findings()
    assert found[2] == "UNKNOWN_KEY"
    assert found[3] == found[4] == "NO_CERTIFICATE"


def test_2_an_altered_message(desk: Desk) -> None:
    message = desk.signed(desk.result().to_map())
    assert desk.findings(message[:-1] + bytes([message[-1] ^ 1]))[2] == "BAD_SIGNATURE"


def test_2_a_message_moved_from_another_topic(desk: Desk) -> None:
    message = envelope.sign(desk.result().to_map(), desk.signer, TOPIC.replace(KIOSK, "MDI-K02"))
    assert desk.findings(message)[2] == "BAD_SIGNATURE"


def _registry(known: Registry, entries: tuple[Entry, ...]) -> Registry:
    return Registry(version=known.version, issued=known.issued, lanes=known.lanes, entries=entries)


def _changed(book: Book, name: str, **changes: Any) -> Book:
    known = book.registry
    entries = tuple(e.model_copy(update=changes) if e.name == name else e for e in known.entries)
    return replace(book, registry=_registry(known, entries))


# -- 3 certificate chain, role, validity -----------------------------------------------------------------------------


def test_3_another_role(desk: Desk) -> None:
    desk.book = _changed(desk.book, KIOSK, roles=(Role.AUDITOR,))
    assert desk.findings()[3] == "WRONG_ROLE"


@pytest.mark.parametrize(("days", "reason"), [(-1, "NOT_YET_VALID"), (10_000, "EXPIRED")])
def test_3_outside_its_validity(desk: Desk, days: int, reason: str) -> None:
    desk.now += timedelta(days=days)
    assert desk.findings()[3] == reason


def test_3_from_an_authority_that_is_not_ours(desk: Desk, own_estate: Estate) -> None:
    desk.book = replace(desk.book, trust=own_estate.trust())
    assert desk.findings() == {3: "UNTRUSTED"}


# -- 4 not revoked, list fresh ---------------------------------------------------------------------------------------


def test_4_revoked_in_the_registry(desk: Desk) -> None:
    desk.book = _changed(desk.book, KIOSK, status=Status.REVOKED)
    assert desk.findings() == {4: "REVOKED"}


def test_4_revoked_by_the_authority(desk: Desk, own_estate: Estate) -> None:
    from sallyport_provisioning.lifecycle import revoke

    desk.estate, desk.book, desk.signer = own_estate, book_of(own_estate), own_estate.signer(KIOSK)
    desk.offer_with(model_set=desk.book.model_set.digest, policy=desk.book.policy.digest)
    registry = desk.book.registry
    revoke(own_estate, KIOSK, "stolen", now=datetime.now(UTC))
    desk.book = replace(book_of(own_estate), registry=registry)
    desk.now = datetime.now(UTC) + timedelta(seconds=1)
    assert desk.findings()[4] == "REVOKED"


def test_4_without_a_list(desk: Desk) -> None:
    trust = desk.book.trust
    desk.book = replace(desk.book, trust=Trust(trust.roots, trust.authorities, ()))
    assert desk.findings() == {4: "LIST_MISSING"}


def test_4_with_an_old_list(desk: Desk) -> None:
    desk.book = replace(desk.book, revocation_age=timedelta(seconds=1))
    desk.now += timedelta(minutes=5)
    assert desk.findings() == {4: "LIST_STALE"}


# -- 5 topic matches device ------------------------------------------------------------------------------------------


def test_5_a_topic_that_is_not_ours(desk: Desk) -> None:
    desk.topic = "else/where"
    assert desk.findings()[5] == "NOT_A_TOPIC"


def test_5_a_stored_message(desk: Desk) -> None:
    desk.retained = True
    assert desk.findings() == {5: "RETAINED"}


@pytest.mark.parametrize(
    "topic", [Topic("MDI", "MDI-K02", Kind.RESULT), Topic("LEI", KIOSK, Kind.RESULT), Topic("MDI", KIOSK, Kind.STATUS)]
)
def test_5_under_another_name(desk: Desk, topic: Topic) -> None:
    desk.topic = str(topic)
    message = envelope.sign(desk.result().to_map(), desk.signer, desk.topic)
    assert desk.findings(message) == {5: "OTHER_DEVICE"}


# -- 6 session open, this kiosk, this lane ---------------------------------------------------------------------------


def test_6_an_unknown_session(desk: Desk) -> None:
    desk.session = None
    found = desk.findings()
    assert found[6] == "UNKNOWN_SESSION"
    assert found[7] == found[8] == found[10] == found[11] == found[12] == "NOT_REACHED"
    assert 9 not in found, "the software can be judged without a session"


def test_6_a_session_that_ended(desk: Desk) -> None:
    assert desk.session is not None
    desk.session = replace(desk.session, open=False)
    assert desk.findings() == {6: "SESSION_CLOSED"}


@pytest.mark.parametrize("change", [{"kiosk": "MDI-K02"}, {"lane": "MDI-LANE-2"}])
def test_6_another_kiosk_or_lane(desk: Desk, change: dict[str, str]) -> None:
    assert desk.findings(**change) == {6: "OTHER_KIOSK"}


def test_6_the_session_of_another_kiosk(desk: Desk) -> None:
    desk.offer_with(kiosk="MDI-K02")
    assert desk.findings()[6] == "OTHER_KIOSK"


# -- 7 challenge matches, first answer for it ------------------------------------------------------------------------


def test_7_another_challenge(desk: Desk) -> None:
    assert desk.findings(challenge=b"d" * 32) == {7: "OTHER_CHALLENGE"}


def test_7_a_second_answer(desk: Desk) -> None:
    assert desk.session is not None
    desk.session = replace(desk.session, answer=b"other" * 4)
    assert desk.findings() == {7: "SECOND_ANSWER"}


def test_7_the_same_answer_again_is_no_second_one(desk: Desk) -> None:
    message = desk.signed(desk.result().to_map())
    assert desk.session is not None
    desk.session = replace(desk.session, answer=envelope.digest_of(message), counter=3)
    assert desk.admit(message).admitted


# -- 8 counter forward, times within bounds --------------------------------------------------------------------------


def test_8_another_boot(desk: Desk) -> None:
    assert desk.findings(boot_nonce=b"o" * 16) == {8: "OTHER_BOOT"}


@pytest.mark.parametrize("counter", [3, 9])
def test_8_a_counter_that_stands_still_or_goes_back(desk: Desk, counter: int) -> None:
    assert desk.session is not None
    desk.session = replace(desk.session, counter=counter)
    assert desk.findings() == {8: "COUNTER_BACK"}


def test_8_after_the_sessions_time(desk: Desk) -> None:
    desk.received = OFFERED + 120_001
    assert desk.findings() == {8: "TOO_LATE"}


@pytest.mark.parametrize("change", [{"finished": 9_701}, {"oldest_capture": 9_001}])
def test_8_times_that_cannot_be(desk: Desk, change: dict[str, int]) -> None:
    assert desk.findings(**change)[8] == "IMPOSSIBLE_TIMES"


def test_8_rounding_is_forgiven(desk: Desk) -> None:
    assert desk.admit(desk.signed(desk.result(finished=9_700).to_map())).admitted


def test_8_an_old_capture(desk: Desk) -> None:
    """S3: at most 30 s old, and 30 s is not too old."""
    desk.received = OFFERED + FINISHED - 1_000 + 30_000
    assert desk.admit(desk.signed(desk.result().to_map())).admitted
    desk.received += 1
    assert desk.findings() == {8: "TOO_OLD"}


# -- 9 approved models, software, policy -----------------------------------------------------------------------------


def test_9_a_development_policy_in_production(desk: Desk) -> None:
    desk.book = replace(desk.book, profile=Profile.PRODUCTION)
    assert desk.findings(liveness=Liveness.PASSED) == {9: "DEVELOPMENT_POLICY"}


def test_9_an_opened_case(desk: Desk) -> None:
    assert desk.findings(tamper=True) == {9: "TAMPER"}


def test_9_another_model_set(desk: Desk) -> None:
    assert desk.findings(model_set=b"o" * 32) == {9: "OTHER_MODELS"}


def test_9_an_empty_model_set_approves_nothing(desk: Desk) -> None:
    empty = desk.book.model_set.model_copy(update={"models": {}})
    desk.book = replace(desk.book, model_set=empty)
    pair = (modality(Modality.FACE), modality(Modality.FINGER))
    assert desk.findings(modalities=pair) == {9: "OTHER_MODELS"}


def test_9_a_model_that_is_not_in_the_set(desk: Desk) -> None:
    pair = (modality(Modality.FACE, (b"o" * 32,)), modality(Modality.FINGER))
    assert desk.findings(modalities=pair) == {9: "OTHER_MODELS"}


def test_9_another_policy(desk: Desk) -> None:
    assert desk.findings(policy=b"o" * 32) == {9: "OTHER_POLICY"}


def test_9_other_software(desk: Desk) -> None:
    assert desk.findings(software=b"o" * 32) == {9: "OTHER_SOFTWARE"}


# -- 10 capture chain intact, modalities complete --------------------------------------------------------------------


def _captures(*times: int) -> tuple[Capture, ...]:
    kinds = (Modality.FACE, Modality.FINGER)
    return tuple(Capture(modality=kinds[n % 2], digest=b"f" * 32, at=at) for n, at in enumerate(times))


def test_10_a_broken_chain(desk: Desk) -> None:
    assert desk.findings(chain=b"o" * 32) == {10: "BROKEN_CHAIN"}


def test_10_the_chain_of_another_session(desk: Desk) -> None:
    assert desk.findings(chain=chain_head(b"o" * 16, C, desk.result().captures)) == {10: "BROKEN_CHAIN"}


@pytest.mark.parametrize("times", [(8_500, 8_200), (7_999, 8_500), (8_000, 9_001)])
def test_10_captures_out_of_order(desk: Desk, times: tuple[int, int]) -> None:
    assert desk.findings(captures=_captures(*times)) == {10: "CAPTURES_OUT_OF_ORDER"}


@pytest.mark.parametrize("kinds", [(Modality.FACE,), (Modality.FACE, Modality.FACE), ()])
def test_10_a_modality_is_missing(desk: Desk, kinds: tuple[Modality, ...]) -> None:
    found = desk.findings(modalities=tuple(modality(each) for each in kinds))
    assert found[10] == "MODALITIES_INCOMPLETE"


def test_10_an_exception_that_no_officer_recorded(desk: Desk) -> None:
    pair = (modality(Modality.FACE), modality(Modality.FINGER, outcome=ModalityOutcome.EXCEPTION, exception="hand"))
    assert desk.findings(modalities=pair)[10] == "EXCEPTION_NOT_RECORDED"


def test_10_an_exception_that_the_kiosk_did_not_take(desk: Desk) -> None:
    desk.offer_with(exceptions=(RecordedException(modality=Modality.FINGER, reason="hand", officer="d.morgan"),))
    assert desk.findings() == {10: "EXCEPTION_NOT_RECORDED"}


@pytest.mark.parametrize("kind", [Modality.FACE, Modality.FINGER])
def test_10_a_modality_without_a_capture(desk: Desk, kind: Modality) -> None:
    other = Modality.FINGER if kind is Modality.FACE else Modality.FACE
    captures = (Capture(modality=other, digest=b"f" * 32, at=8_500),)
    assert desk.findings(captures=captures) == {10: "NO_CAPTURE"}


# -- 11 presentation attack and liveness -----------------------------------------------------------------------------


def test_11_the_kiosk_suspects_an_attack(desk: Desk) -> None:
    assert desk.findings(outcome=Outcome.ATTACK_SUSPECTED) == {11: "ATTACK_SUSPECTED", 12: "ATTACK_SUSPECTED"}
    suspect = desk.result(outcome=Outcome.ATTACK_SUSPECTED, detail="liveness: another movement")
    told = {each.number: each for each in desk.admit(desk.signed(suspect.to_map())).checks}
    assert told[11].sentence.endswith("recording (liveness: another movement).")  # and nobody is called a wrong person
    assert told[12].outcome is CheckOutcome.UNKNOWN


def test_11_the_challenge_was_not_passed(desk: Desk) -> None:
    assert desk.findings(liveness=Liveness.FAILED) == {11: "ATTACK_SUSPECTED"}


@pytest.mark.parametrize(("score", "ok"), [(0.49, True), (0.5, False), (1.0, False)])
def test_11_the_passive_score(desk: Desk, score: float, ok: bool) -> None:
    pair = (modality(Modality.FACE, attack_score=score), modality(Modality.FINGER))
    message = desk.signed(desk.result(modalities=pair).to_map())
    assert desk.admit(message).admitted is ok
    if not ok:
        assert desk.findings(message) == {11: "ATTACK_SUSPECTED"}


def test_11_liveness_not_performed_where_it_is_required(desk: Desk) -> None:
    strict = desk.offer.operating.model_copy(update={"liveness_required": True})
    desk.offer_with(operating=strict)
    assert desk.findings(liveness=Liveness.NOT_PERFORMED) == {11: "LIVENESS_NOT_PERFORMED"}


def test_11_the_development_policy_may_go_without(desk: Desk) -> None:
    desk.offer_with(operating=desk.offer.operating.model_copy(update={"liveness_required": False}))
    assert desk.admit(desk.signed(desk.result(liveness=Liveness.NOT_PERFORMED).to_map())).admitted


def test_11_but_not_in_production(desk: Desk) -> None:
    desk.offer_with(operating=desk.offer.operating.model_copy(update={"liveness_required": False}))
    desk.book = replace(desk.book, profile=Profile.PRODUCTION)
    assert desk.findings(liveness=Liveness.NOT_PERFORMED)[11] == "LIVENESS_NOT_PERFORMED"


# -- 12 outcome and rates --------------------------------------------------------------------------------------------


def _pair(face: float, finger: float) -> dict[str, Any]:
    both = (modality(Modality.FACE, fmr=stated(face)), modality(Modality.FINGER, fmr=stated(finger)))
    return {"modalities": both, "fused_fmr": stated(scores.fused_log10(both))}


def test_12_a_non_match(desk: Desk) -> None:
    message = desk.signed(non_match(desk.offer, desk.book, BOOT, 3, FINISHED).to_map())
    assert desk.findings(message) == {12: "NON_MATCH"}


@pytest.mark.parametrize("outcome", [Outcome.INCONCLUSIVE, Outcome.ABANDONED, Outcome.FAULT])
def test_12_no_comparison(desk: Desk, outcome: Outcome) -> None:
    assert desk.findings(outcome=outcome) == {12: outcome.value}
    judged = desk.admit(desk.signed(desk.result(outcome=outcome).to_map())).checks[11]
    assert judged.cause is CauseCode.OTHER  # it is no prevented release of a wrong person
    assert (judged.owner is Owner.DEVICE_SUPPORT) == (outcome is Outcome.FAULT)


@pytest.mark.parametrize("change", [{"outcome": ModalityOutcome.INCONCLUSIVE}, {"fmr": None}])
def test_12_a_match_of_which_one_part_is_none(desk: Desk, change: dict[str, Any]) -> None:
    pair = (modality(Modality.FACE), modality(Modality.FINGER, **change))
    assert desk.findings(modalities=pair) == {12: "NON_MATCH"}


def test_12_one_part_below_its_floor(desk: Desk) -> None:
    floor = desk.offer.operating.floor_fmr_log10
    assert desk.findings(**_pair(floor + 0.001, -9.0)) == {12: "BELOW_FLOOR"}
    assert desk.admit(desk.signed(desk.result(**_pair(floor, -9.0)).to_map())).admitted


def test_12_together_not_certain_enough(desk: Desk) -> None:
    """Two at 1e-3.6: the product 10^-7.2 is 10^-5.96 by Fisher's rule, above one in a million."""
    assert desk.findings(**_pair(-3.6, -3.6)) == {12: "BELOW_THRESHOLD"}
    assert desk.admit(desk.signed(desk.result(**_pair(-3.7, -3.6)).to_map())).admitted


@pytest.mark.parametrize("stated_sum", [None, stated(-12.0), stated(-8.0)])
def test_12_a_sum_that_is_not_ours(desk: Desk, stated_sum: Any) -> None:
    assert desk.findings(fused_fmr=stated_sum) == {12: "SUM_DIFFERS"}


def _excused(desk: Desk, *which: Modality) -> tuple[Any, ...]:
    desk.offer_with(exceptions=tuple(RecordedException(modality=w, reason="hand", officer="d.morgan") for w in which))
    excuse = {"outcome": ModalityOutcome.EXCEPTION, "fmr": None, "exception": "hand"}
    return tuple(modality(w, **excuse) if w in which else modality(w) for w in (Modality.FACE, Modality.FINGER))


def test_12_one_modality_alone_must_reach_the_whole_threshold(desk: Desk) -> None:
    face, finger = _excused(desk, Modality.FINGER)
    alone = {"modalities": (face, finger), "fused_fmr": stated(-5.0)}
    assert desk.findings(**alone) == {12: "BELOW_THRESHOLD"}
    strong = modality(Modality.FACE, fmr=stated(-6.0))
    assert desk.admit(desk.signed(desk.result(modalities=(strong, finger), fused_fmr=stated(-6.0)).to_map())).admitted


def test_12_with_everything_excused_nothing_is_compared(desk: Desk) -> None:
    both = _excused(desk, Modality.FACE, Modality.FINGER)
    assert desk.findings(modalities=both, fused_fmr=None)[12] == "NOTHING_COMPARED"


def test_all_findings_are_reported_at_once(desk: Desk) -> None:
    desk.retained = True
    found = desk.findings(challenge=b"d" * 32, boot_nonce=b"o" * 16, tamper=True, liveness=Liveness.FAILED)
    assert set(found) == {5, 7, 8, 9, 11}


def test_the_operating_point_is_the_offers(desk: Desk) -> None:
    """A policy that changed after the offer is met by check 9, never by a softer point."""
    soft = Operating.parse(desk.offer.operating.to_map() | {"fused_fmr_log10": -1.0})
    desk.book = replace(desk.book, policy=desk.book.policy.model_copy(update={"operating": soft}))
    assert desk.findings(policy=desk.offer.policy, **_pair(-3.0, -3.0)) == {9: "OTHER_POLICY", 12: "BELOW_THRESHOLD"}


def test_fisher_rule() -> None:
    """x (1 - ln x) at the design's figure: 5.65e-8 gives 1e-6."""
    half = stated(-3.623976)  # sqrt(5.65e-8)
    both = (modality(Modality.FACE, fmr=half), modality(Modality.FINGER, fmr=half))
    assert scores.fused_log10(both) == pytest.approx(-6.0, abs=2e-3)
    assert scores.fused_log10(both[:1]) == half.upper_log10


# -- who could be mistaken for this person (10, 12) --------------------------------------------------------------------


@pytest.mark.parametrize("guard", [Guard.ALIKE, Guard.TWIN])
def test_10_no_exception_excuses_the_finger_under_a_guard(desk: Desk, guard: Guard) -> None:
    desk.offer_with(
        guard=guard, exceptions=(RecordedException(modality=Modality.FINGER, reason="dressed", officer="Officer 1"),)
    )
    face, finger = desk.result().modalities
    excused = finger.model_copy(
        update={"outcome": ModalityOutcome.EXCEPTION, "exception": "dressed", "fmr": None, "llr": None}
    )
    found = desk.findings(modalities=(face, excused), fused_fmr=face.fmr)
    assert found[10] == found[12] == "FINGER_NEEDED"


@given(st.floats(-12, 0), st.floats(-12, 0))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_12_a_twin_never_passes_by_the_face(desk: Desk, face: float, finger: float) -> None:
    """Whatever the two rates: a pass means that the finger alone reached the twin's rate, and strangers' bar holds."""
    result, offer = _twins(desk, face, finger)
    found = scores.check_match(result, offer)
    enough = finger <= -3.0 and face <= -2.0 and scores.fused_log10(result.modalities) <= -6.0
    assert (found.outcome is CheckOutcome.PASS) == enough
    if enough:
        assert f"1 in {10**-finger:,.0f} " in found.sentence and "twin" in found.sentence


def test_12_a_policy_without_a_rate_for_twins_lets_none_pass(desk: Desk) -> None:
    result, offer = _twins(desk, -12.0, -12.0)
    without = offer.model_copy(update={"operating": offer.operating.model_copy(update={"twin_fmr_log10": None})})
    assert scores.check_match(result, offer).outcome is CheckOutcome.PASS
    assert scores.check_match(result, without).reason == "TWIN_NOT_EXCLUDED"


def test_12_for_a_twin_the_kiosk_may_not_count_the_face(desk: Desk) -> None:
    desk.offer_with(guard=Guard.TWIN)
    assert desk.findings()[12] == "SUM_DIFFERS"


def _twins(desk: Desk, face: float, finger: float) -> tuple[Result, Offer]:
    """A kiosk's honest words where a twin is known."""
    operating = desk.offer.operating.model_copy(update={"twin_fmr_log10": -3.0})
    offer = desk.offer.model_copy(update={"guard": Guard.TWIN, "operating": operating})
    parts = tuple(
        each.model_copy(update={"fmr": stated(rate)})
        for each, rate in zip(desk.result().modalities, (face, finger), strict=True)
    )
    return desk.result(modalities=parts, fused_fmr=parts[1].fmr), offer
