"""From what exists to what the description wants: enrol, renew, revoke, and nothing more."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from sallyport_protocol.identity import Role, identity_of
from sallyport_protocol.trust import Standing, standing
from sallyport_provisioning import apply as apply_module
from sallyport_provisioning.apply import TooManyRevocationsError, apply, create_development_estate, plan_of
from sallyport_provisioning.approved import Approved
from sallyport_provisioning.description import Description
from sallyport_provisioning.estate import Estate, open_estate
from sallyport_provisioning.examine import examine
from sallyport_provisioning.plan import Do, Step

NOW = datetime.now(UTC) + timedelta(hours=3)
"""After everything that a test makes, however long the tests before it took."""
Change = Callable[[dict[str, list[dict[str, object]]]], None]


def described(estate: Estate, change: Change) -> Estate:
    """The same directory after an edit of estate.toml."""
    plain = estate.description.to_map()
    change(plain)
    edited = Description.parse(plain)
    (estate.root / "estate.toml").write_text(edited.to_toml())
    return open_estate(estate.root)


def without(name: str) -> Change:
    def change(plain: dict[str, list[dict[str, object]]]) -> None:
        for part in ("kiosk", "interlock", "officer"):
            plain[part] = [each for each in plain[part] if each["name"] != name]

    return change


def second_prison(plain: dict[str, list[dict[str, object]]]) -> None:
    plain["prison"].append({"code": "WWI", "name": "Wandsworth"})
    plain["lane"].append({"name": "WWI-LANE-1", "prison": "WWI", "kind": "vehicle"})
    plain["kiosk"].append(plain["kiosk"][0] | {"name": "WWI-K01", "lane": "WWI-LANE-1"})
    plain["interlock"].append({"name": "WWI-L01", "lane": "WWI-LANE-1"})
    plain["gateway"].append(plain["gateway"][0] | {"name": "gateway-2", "prisons": ["WWI"]})


def test_nothing_to_do_is_an_empty_plan(estate: Estate) -> None:
    assert plan_of(estate) == ()


def test_a_second_prison_is_enrolled_and_kept_apart(own_estate: Estate) -> None:
    edited = described(own_estate, second_prison)
    steps = plan_of(edited)
    assert {(step.do, step.name) for step in steps} == {
        (Do.ENROL, name) for name in ("WWI-K01", "WWI-L01", "gateway-2")
    }
    assert apply(edited, now=NOW).steps == steps and plan_of(edited) == ()
    assert all(finding.good for finding in examine(edited, NOW))
    for gateway, board in (("gateway-1", "MDI-L01"), ("gateway-2", "WWI-L01")):
        assert [path.stem for path in (edited.folder(gateway) / "interlocks").iterdir()] == [board]
    only = (edited.folder("WWI-K01") / "gateways.pem").read_bytes()
    assert only == edited.certificate_file("gateway-2").read_bytes()


def test_who_vanishes_from_the_description_is_revoked(own_estate: Estate) -> None:
    gone = own_estate.certificate("s.patel")
    edited = described(own_estate, without("s.patel"))
    assert apply(edited, now=NOW).steps == (Step(Do.REVOKE, "s.patel", "no longer described"),)
    assert standing(gone, edited.trust(), NOW) is Standing.REVOKED
    assert edited.registry().named("s.patel") is None
    assert plan_of(edited) == () and all(finding.good for finding in examine(edited, NOW))


def test_a_name_that_comes_back_gets_new_keys_and_a_board_a_higher_epoch(own_estate: Estate) -> None:
    old = own_estate.current_fingerprint("MDI-L01")
    apply(described(own_estate, without("MDI-L01")), now=NOW)
    back = described(own_estate, lambda plain: None)
    assert plan_of(back) == (Step(Do.ENROL, "MDI-L01", "new"),)
    apply(back, now=NOW)
    assert back.board("MDI-L01").epoch == 2 and back.current_fingerprint("MDI-L01") != old
    entry = back.registry().named("MDI-L01")
    assert entry is not None and entry.active


def test_a_change_of_roles_renews_and_revokes_the_old(own_estate: Estate) -> None:
    def promote(plain: dict[str, list[dict[str, object]]]) -> None:
        plain["officer"][0]["roles"] = ["approver", "duty-governor"]

    old = own_estate.certificate("j.hughes")
    edited = described(own_estate, promote)
    assert plan_of(edited) == (Step(Do.RENEW, "j.hughes", "roles are now approver, duty-governor"),)
    apply(edited, now=NOW)
    assert identity_of(edited.certificate("j.hughes")).roles == {Role.APPROVER, Role.DUTY_GOVERNOR}
    assert standing(old, edited.trust(), NOW) is Standing.REVOKED


def test_a_move_of_prison_or_address_renews(own_estate: Estate) -> None:
    def move(plain: dict[str, list[dict[str, object]]]) -> None:
        plain["officer"][2]["prison"] = None
        plain["broker"]["names"].append("broker.example")  # type: ignore[call-overload]

    steps = plan_of(described(own_estate, move))
    assert [(step.do, step.name) for step in steps] == [(Do.RENEW, "broker-1"), (Do.RENEW, "s.patel")]
    assert "broker.example" in steps[0].why and "development" in steps[1].why


def test_another_provisioner_signs_everything_again(own_estate: Estate) -> None:
    edited = described(own_estate, lambda plain: plain.update(provisioner="provisioner-2"))  # type: ignore[call-overload]
    assert [(step.do, step.name) for step in plan_of(edited)] == [
        (Do.REVOKE, "provisioner-1"),
        (Do.ENROL, "provisioner-2"),
    ]
    assert sorted(apply(edited, now=NOW).signed) == ["model-set", "policy", "registry"]
    assert edited.model_set().version == 2 and edited.model_set().models
    assert all(finding.good for finding in examine(edited, NOW))


def test_a_port_changes_files_and_no_key(own_estate: Estate) -> None:
    def other_port(plain: dict[str, list[dict[str, object]]]) -> None:
        plain["broker"]["port"] = 28_883  # type: ignore[call-overload]

    edited = described(own_estate, other_port)
    assert plan_of(edited) == ()
    assert sorted(apply(edited, now=NOW).delivered) == [
        "broker/mosquitto.conf",
        "gateway/gateway-1/gateway.toml",
        "kiosk/MDI-K01/kiosk.toml",
    ]


def test_a_description_that_lost_much_is_asked_about(own_estate: Estate) -> None:
    edited = described(own_estate, lambda plain: plain.update(officer=[]))
    before = {path: path.read_bytes() for path in edited.root.rglob("*") if path.is_file()}
    with pytest.raises(TooManyRevocationsError, match=r"5 holders.*--revoke 5"):
        apply(edited, now=NOW)
    assert {path: path.read_bytes() for path in edited.root.rglob("*") if path.is_file()} == before
    assert len(apply(edited, now=NOW, most_revocations=5).steps) == 5


@pytest.mark.parametrize("crash_in", ["record", "put_away", "enrol", "settle_list", "publish", "deliver"])
def test_a_crash_anywhere_is_finished_by_the_next_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, crash_in: str
) -> None:
    estate = create_development_estate(tmp_path / "run", approved=Approved({"a": b"1" * 32}, (b"2" * 32,)))
    old = estate.certificate("s.patel")

    def change(plain: dict[str, list[dict[str, object]]]) -> None:
        without("s.patel")(plain)
        second_prison(plain)
        plain["officer"][0]["roles"] = ["auditor"]

    edited = described(estate, change)

    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(apply_module, crash_in, crash)
        apply(edited, now=NOW)
    apply(edited, now=NOW)
    assert standing(old, edited.trust(), NOW) is Standing.REVOKED
    assert plan_of(edited) == () and all(finding.good for finding in examine(edited, NOW))
