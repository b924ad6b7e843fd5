"""Registry, model set and policy: one test for each way in which they refuse."""

from datetime import UTC, datetime

import pytest

from sallyport_protocol import envelope
from sallyport_protocol.documents import (
    LaneKind,
    ModelSet,
    OlderDocumentError,
    Policy,
    Profile,
    Registry,
    Status,
    interlock_fingerprint,
    load_model_set,
    load_policy,
    load_registry,
    model_set_digest,
    sign_document,
    signed_by,
)
from sallyport_protocol.errors import MalformedError
from sallyport_protocol.identity import Role
from sallyport_protocol.keys import SoftwareSigner
from sallyport_provisioning.certificates import (
    Issuer,
    Subject,
    holder_certificate,
    new_key,
    root_certificate,
)
from sallyport_provisioning.estate import Estate
from sallyport_provisioning.publish import policy_of

MODELS = ModelSet(version=3, issued=1, models={"embedder": b"\x11" * 32}, software=(b"\x33" * 32,))


@pytest.fixture(scope="module")
def signer() -> SoftwareSigner:
    now, root_key, key = datetime.now(UTC), new_key(), new_key()
    root = Issuer(root_certificate("test", root_key, now), root_key)
    subject = Subject("provisioner-1", (Role.PROVISIONER,), "test")
    return SoftwareSigner(key, holder_certificate(subject, key.public_key(), root, now))


def test_a_signed_document_reads_back_the_same(signer: SoftwareSigner) -> None:
    message = sign_document(MODELS, signer)
    assert load_model_set(message, signed_by(signer.certificate)) == MODELS


def test_an_unknown_signer_is_refused(signer: SoftwareSigner) -> None:
    with pytest.raises(envelope.UnknownKeyError):
        load_model_set(sign_document(MODELS, signer), signed_by())


def test_one_document_never_passes_as_another(signer: SoftwareSigner) -> None:
    with pytest.raises(envelope.SignatureError):
        load_policy(sign_document(MODELS, signer), signed_by(signer.certificate))


def test_every_changed_bit_is_found(signer: SoftwareSigner) -> None:
    message = sign_document(MODELS, signer)
    for position in range(len(message)):
        changed = bytearray(message)
        changed[position] ^= 1
        with pytest.raises(MalformedError):
            load_model_set(bytes(changed), signed_by(signer.certificate))


def test_an_older_version_is_refused_and_the_same_is_not(signer: SoftwareSigner) -> None:
    message, known = sign_document(MODELS, signer), signed_by(signer.certificate)
    assert load_model_set(message, known, accepted=3).version == 3
    with pytest.raises(OlderDocumentError, match="older than 4"):
        load_model_set(message, known, accepted=4)


@pytest.mark.parametrize("change", [{"extra": 1}, {"version": 0}, {"models": {"a": b"short"}}, {"v": 2}])
def test_what_the_contract_does_not_know_is_refused(signer: SoftwareSigner, change: dict[str, object]) -> None:
    message = envelope.sign({**MODELS.to_map(), **change}, signer, "sallyport/v1/model-set")
    with pytest.raises(MalformedError):
        load_model_set(message, signed_by(signer.certificate))


def test_an_empty_model_set_approves_nothing() -> None:
    empty = ModelSet(version=1, issued=1, models={}, software=())
    assert not empty.approves("embedder", b"")


def test_only_the_approved_bytes_under_their_name_are_approved() -> None:
    content = b"model"
    models = {"a": envelope.digest_of(content)}
    approved = ModelSet(version=1, issued=1, models=models, software=())
    assert approved.approves("a", content)
    assert not approved.approves("b", content)
    assert not approved.approves("a", b"modem")


def test_the_set_digest_covers_models_and_data() -> None:
    digest = model_set_digest({"a": b"1" * 32}, {})
    assert model_set_digest({"a": b"1" * 32}, {"calibration/face.toml": b"2" * 32}) != digest
    moved = model_set_digest({"a": b"1" * 32}, {"b": b"2" * 32})
    assert model_set_digest({"a": b"1" * 32, "b": b"2" * 32}, {}) != moved
    assert MODELS.digest == model_set_digest(MODELS.models, {})


def test_only_the_approved_data_under_their_name_are_approved() -> None:
    content = b"calibration"
    approved = MODELS.model_copy(update={"data": {"calibration/face.toml": envelope.digest_of(content)}})
    assert approved.approves_data("calibration/face.toml", content)
    assert not approved.approves_data("calibration/finger.toml", content)
    assert not approved.approves_data("calibration/face.toml", b"calibratioN")
    assert not MODELS.approves_data("calibration/face.toml", content)


def test_the_development_policy_is_the_design_s() -> None:
    policy = policy_of(Profile.DEVELOPMENT, 1)
    assert policy.operating.fused_fmr_log10 == -6.0
    assert policy.operating.floor_fmr_log10 == -2.0
    assert (policy.result_age_s, policy.decision_life_s, policy.grant_life_s, policy.absence_s) == (30, 60, 10, 3)
    assert not policy.operating.liveness_required


def test_production_demands_liveness() -> None:
    assert policy_of(Profile.PRODUCTION, 1).operating.liveness_required
    lax = policy_of(Profile.DEVELOPMENT, 1).to_map() | {"profile": "production"}
    with pytest.raises(MalformedError, match="without liveness"):
        Policy.parse(lax)


@pytest.mark.parametrize("field", ["result_age_s", "decision_life_s", "grant_life_s", "absence_s"])
def test_no_policy_may_exceed_the_invariants(field: str) -> None:
    policy = policy_of(Profile.DEVELOPMENT, 1)
    longer = policy.to_map() | {field: getattr(policy, field) + 1}
    with pytest.raises(MalformedError, match=field):
        Policy.parse(longer)


def test_the_policy_s_digest_changes_with_any_field() -> None:
    policy = policy_of(Profile.DEVELOPMENT, 1)
    assert policy.model_copy(update={"grant_life_s": 9}).digest != policy.digest


def test_the_registry_answers_by_fingerprint_name_and_lane(estate: Estate) -> None:
    registry = estate.registry()
    kiosk = registry.named("MDI-K01")
    assert kiosk is not None
    assert registry.by_fingerprint(kiosk.fingerprint) == kiosk == registry.serving("MDI-LANE-1", Role.KIOSK)
    assert kiosk.active and kiosk.prison == "MDI" and kiosk.roles == (Role.KIOSK,)
    board = registry.serving("MDI-LANE-1", Role.INTERLOCK)
    assert board is not None and board.name == "MDI-L01" and board.epoch == 1
    lane = registry.lane("MDI-LANE-1")
    assert lane is not None and lane.kind is LaneKind.PEDESTRIAN
    assert registry.named("MDI-K02") is None and registry.by_fingerprint(b"") is None
    assert registry.lane("MDI-LANE-2") is None and registry.serving("MDI-LANE-2", Role.KIOSK) is None


def test_the_registry_resolves_keys_that_verify(estate: Estate) -> None:
    signer = estate.signer("MDI-K01")
    message = envelope.sign({"a": 1}, signer, "place")
    assert envelope.verify(message, "place", estate.registry().resolve).content == {"a": 1}
    assert estate.registry().resolve(b"\x00" * 32) is None


def test_a_board_s_fingerprint_signs_nothing(estate: Estate) -> None:
    board = estate.registry().named("MDI-L01")
    assert board is not None and estate.registry().resolve(board.fingerprint) is None


def test_a_fingerprint_that_is_not_the_certificate_s_is_refused(estate: Estate) -> None:
    plain = estate.registry().to_map()
    plain["entries"][0]["fingerprint"] = b"\x00" * 32
    with pytest.raises(MalformedError, match="fingerprint"):
        Registry.parse(plain)


def test_nobody_occurs_twice(estate: Estate) -> None:
    plain = estate.registry().to_map()
    plain["entries"].append(plain["entries"][0])
    with pytest.raises(MalformedError, match="twice"):
        Registry.parse(plain)


def test_a_lane_has_one_active_kiosk(estate: Estate) -> None:
    plain = estate.registry().to_map()
    officer = next(each for each in plain["entries"] if each["name"] == "s.patel")
    officer |= {"roles": ["kiosk"], "lane": "MDI-LANE-1"}
    with pytest.raises(MalformedError, match="two active devices"):
        Registry.parse(plain)
    officer["status"] = Status.REVOKED.value
    assert Registry.parse(plain).serving("MDI-LANE-1", Role.KIOSK) is not None


def test_a_device_at_an_unknown_lane_is_refused(estate: Estate) -> None:
    plain = estate.registry().to_map() | {"lanes": []}
    with pytest.raises(MalformedError, match="unknown lane"):
        Registry.parse(plain)


def test_a_registry_reads_back_through_its_signature(estate: Estate) -> None:
    signer, registry = estate.signer("provisioner-1"), estate.registry()
    assert load_registry(sign_document(registry, signer), signed_by(signer.certificate), 1) == registry


def test_interlock_fingerprints_tell_keys_directions_and_epochs_apart() -> None:
    up, down = b"\x01" * 32, b"\x02" * 32
    prints = {
        interlock_fingerprint(up, down, 1),
        interlock_fingerprint(down, up, 1),
        interlock_fingerprint(up, down, 2),
        interlock_fingerprint(up, up, 1),
    }
    assert len(prints) == 4
