"""Who reads about people in custody signs in with a reason, and every look is a line in the log (DPA 2018, s.62)."""

import json
import ssl
import threading
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from by_hand import entries, first, refused_by_the_kiosk, second
from lane_kiosk import LANE, PRISON
from lane_world import APPROVERS, GOVERNOR, OFFICER, Behind, World

from sallyport_gateway import api
from sallyport_gateway.acts.desk import Desk
from sallyport_gateway.acts.performing import NOT_COMPARED
from sallyport_gateway.allowance import Allowance
from sallyport_gateway.audit.heads import Standing
from sallyport_gateway.authority.records import Relation
from sallyport_gateway.configuration import load_configuration
from sallyport_gateway.drivers.authority_access import Access, By, accesses_of
from sallyport_gateway.drivers.authority_records import Kind, put
from sallyport_gateway.page_server import address, is_loopback, page_server, who_is_free
from sallyport_gateway.reading import LIFE_MS
from sallyport_gateway.views.lane_views import Views
from sallyport_gateway.web.acts import PREPARED_AT_ONCE
from sallyport_gateway.web.app import create_app
from sallyport_gateway.web.gate import COOKIE, nobody_free, on_loopback
from sallyport_gateway.web.sample.views import SampleViews
from sallyport_link.serving import open_port
from sallyport_protocol.acts import ActKind
from sallyport_protocol.documents import Profile
from sallyport_protocol.errors import MalformedError
from sallyport_provisioning.estate import Estate
from sallyport_rig.demonstration import records

AUDITOR, WHY = "a.lind", "On duty at the release desk"
JPEG = b"\xff\xd8" + b"picture" * 100
PATHS = ("/", f"/lanes/{LANE}", "/api/lanes", f"/api/lanes/{LANE}", "/events", f"/lanes/{LANE}/events")


class Seen(Behind):
    """The service as the pages see it."""

    configuration = SimpleNamespace(file=SimpleNamespace(prisons=(PRISON,), name="gateway-1"))
    heads = SimpleNamespace(standing=Standing.GOOD)

    def lanes_elsewhere(self) -> tuple[()]:
        return ()

    def elsewhere(self, lane: str) -> None:
        return None


def sheets(folder: Path) -> None:
    """Style sheets without style."""
    for name in ("govuk-frontend.min.css", "moj-frontend.min.css"):
        (folder / name).write_text("")


class House:
    """The pages over a simulated lane, called without a socket."""

    def __init__(self, world: World, calling: Any, assets: Path, free: Any) -> None:
        sheets(assets)
        self.world = world
        self.desk = world.desk = Desk(Seen(world))  # type: ignore[arg-type]
        self.views = Views(Seen(world), self.desk)  # type: ignore[arg-type]
        app = create_app(self.views, assets_folder=assets, now=world.clock.now, readers=self.desk.reading, free=free)
        app.include_router(api.router(self.views, self.desk.do))
        self.caller = calling(app)

    def get(self, path: str, token: str = "") -> Any:
        return self.caller.request("GET", path, headers={"cookie": f"{COOKIE}={token}"} if token else {})

    def sign_in(self, officer: str, why: str = WHY) -> str:
        """What the browser shows afterwards."""
        act = self.world.signed(officer, ActKind.SIGN_IN, why=why)
        answer = self.caller.request("POST", "/api/acts", content=act)
        assert answer.json()["accepted"], answer.text
        cookie = answer.headers["set-cookie"]
        assert "HttpOnly" in cookie and "SameSite=strict" in cookie
        return str(answer.cookies[COOKIE]).strip('"')

    def log(self) -> list[Access]:
        """The consultations of pages and photographs, oldest first."""
        every = self.world.store.read_now(lambda conn: accesses_of(conn, records.PRISONER))
        return [each for each in every if each.what != "references" and each.action == "CONSULTED"]


@pytest.fixture
def house(world: World, calling: Any, tmp_path: Path) -> House:
    return House(world, calling, tmp_path, nobody_free)


@pytest.mark.parametrize("path", PATHS)
def test_a_stranger_reads_nothing(house: House, path: str) -> None:
    house.world.authorise()
    answer = house.get(path)
    assert answer.status_code in (303, 401)
    assert records.PRISONER not in answer.text
    assert house.get(path, "AAAA").status_code in (303, 401)
    assert house.get(path, "%%%").status_code in (303, 401)
    assert house.log() == []


def test_the_way_in_is_open(house: House) -> None:
    for path in ("/sign-in", "/static/live.js", "/assets/moj-frontend.min.css"):
        assert house.get(path).status_code == 200
    assert house.caller.request("POST", "/acts/submit", json={"token": "", "signature": ""}).status_code == 200
    assert house.get("/").headers["location"] == "/sign-in"


def test_each_look_is_logged_once_for_each_person_and_page(house: House) -> None:
    house.world.authorise()
    token = house.sign_in(OFFICER)
    for _ in range(2):
        page = house.get("/", token)
        assert page.status_code == 200 and records.PRISONER in page.text
    assert [(each.who, each.why, each.what) for each in house.log()] == [(OFFICER, WHY, "release desk")]
    assert house.get(f"/lanes/{LANE}", token).status_code == 200
    assert house.get("/api/lanes", token).json()["prison"] == PRISON
    assert [each.what for each in house.log()][1:] == [f"page of {LANE}", "release desk, as data"]
    other = house.sign_in(AUDITOR, "Audit or inquiry")
    house.get("/", other)
    assert (house.log()[-1].who, house.log()[-1].why) == (AUDITOR, "Audit or inquiry")


def test_a_sign_in_ends(house: House) -> None:
    token = house.sign_in(OFFICER)
    assert house.caller.request("POST", "/sign-out", headers={"cookie": f"{COOKIE}={token}"}).status_code == 204
    assert house.get("/", token).status_code == 303
    token = house.sign_in(OFFICER)
    house.world.clock.ms += LIFE_MS - 1_000
    assert house.get("/", token).status_code == 200
    house.world.clock.ms += 1_001
    assert house.get("/", token).status_code == 303


def test_a_revoked_officer_reads_nothing_more(house: House) -> None:
    token = house.sign_in(OFFICER)
    house.world.revoke(OFFICER)
    assert house.get("/", token).status_code == 303


def test_no_sign_in_without_a_reason_or_by_a_device(house: House) -> None:
    with pytest.raises(MalformedError):
        house.world.act(OFFICER, ActKind.SIGN_IN, why="...")
    for name in ("MDI-K01", "gateway-1"):
        message = house.world.signed(name, ActKind.SIGN_IN, why=WHY)
        assert not house.caller.request("POST", "/api/acts", content=message).json()["accepted"]


def test_the_store_keeps_nothing_that_signs_anybody_in(house: House) -> None:
    token = house.sign_in(OFFICER)
    rows = house.world.store.read_now(lambda conn: conn.exec_driver_sql("SELECT * FROM reader").all())
    assert len(rows) == 1 and token.encode() not in repr(rows).encode()


def test_a_development_estate_reads_freely_on_its_own_machine(world: World, calling: Any, tmp_path: Path) -> None:
    house = House(world, calling, tmp_path, on_loopback)
    world.authorise()
    assert house.get("/").status_code == 200
    assert {each.who for each in house.log()} == {"nobody"}
    assert not on_loopback({"client": ("192.0.2.1", 1)}) and not on_loopback({"client": None})


def test_only_a_development_estate_on_loopback_is_free(own_estate: Estate) -> None:
    made = load_configuration(own_estate.gateway_config)

    def at(host: str, profile: Profile) -> Any:
        web = made.file.web.model_copy(update={"host": host})
        return replace(made, file=made.file.model_copy(update={"web": web, "profile": profile}))

    assert who_is_free(at("127.0.0.1", Profile.DEVELOPMENT)) is on_loopback
    for host, profile in (("127.0.0.1", Profile.PRODUCTION), ("0.0.0.0", Profile.DEVELOPMENT)):
        assert who_is_free(at(host, profile)) is nobody_free
    assert address(at("10.1.2.3", Profile.DEVELOPMENT)).startswith("https://10.1.2.3:")
    assert is_loopback("::1") and not is_loopback("desk.example")


def test_outside_loopback_the_pages_speak_tls(own_estate: Estate, tmp_path: Path) -> None:
    made = load_configuration(own_estate.gateway_config)
    web = made.file.web.model_copy(update={"host": "0.0.0.0"})
    sheets(tmp_path)
    app = create_app(SampleViews(), assets_folder=tmp_path)
    server = page_server(app, replace(made, file=made.file.model_copy(update={"web": web})))
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
    listener = open_port("127.0.0.1", 0)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        trust = ssl.create_default_context(cafile=str(made.path(made.file.trust.authorities)))
        place = f"localhost:{listener.getsockname()[1]}"
        assert httpx.get(f"https://{place}/sign-in", verify=trust).status_code == 200
        with pytest.raises(httpx.HTTPError):
            httpx.get(f"http://{place}/sign-in")
        with pytest.raises(httpx.HTTPError):
            httpx.get(f"https://{place}/sign-in")
    finally:
        server.should_exit = True
        thread.join()


# -- the photograph --------------------------------------------------------------------------------------------------


@pytest.fixture
def pictured(house: House) -> House:
    world, moment = house.world, house.world.clock.now()
    by = By("reception", "enrolment")
    world.store.write_now(
        lambda conn: world.authority.enrol_photograph(conn, records.PRISONER, JPEG, date(2026, 6, 1), by, moment)
    )
    return house


def test_the_photograph_of_whoever_is_checked_and_nobody_else(pictured: House) -> None:
    house, world = pictured, pictured.world
    paper, token = world.authorise(), pictured.sign_in(OFFICER)
    assert house.get(f"/lanes/{LANE}/photograph/x", token).status_code == 404
    world.to_verdict(paper)
    subject = house.get(f"/api/lanes/{LANE}", token).json()["subject"]
    key = subject["photograph"]
    assert subject["photographed"] == "2026-06-01"
    [confirm] = [each for each in house.get(f"/api/lanes/{LANE}", token).json()["acts"] if each["kind"] == "confirm"]
    assert [each["kind"] for each in confirm["inputs"]] == ["tick"], "the officer looks before the door opens"
    for count in (1, 2):
        answer = house.get(f"/lanes/{LANE}/photograph/{key}", token)
        assert answer.content == JPEG and answer.headers["cache-control"] == "no-store"
        assert [each.what for each in house.log()].count("photograph") == count, "every look is logged"
    assert house.get(f"/lanes/{LANE}/photograph/{key}").status_code == 401
    assert house.get(f"/lanes/{LANE}/photograph/{key}0", token).status_code == 404
    unticked = world.confirm()
    assert unticked is not None and unticked.sentences == (NOT_COMPARED,), "the gateway asks for it, not the page alone"
    world.confirm(compared="yes")
    world.pass_time(9_000)
    assert house.get(f"/lanes/{LANE}/photograph/{key}", token).status_code == 404, "the check is over"
    assert house.get(f"/api/lanes/{LANE}", token).json()["subject"]["photograph"] is None


def test_who_identifies_by_hand_compares_the_photograph_and_hears_of_a_twin(pictured: House) -> None:
    house, world, token = pictured, pictured.world, pictured.sign_in(OFFICER)
    told = "Z9876YX is a twin"
    relation = {"relationId": "R-1", "kind": "TWIN", "other": "Ray Harte", "otherNumber": "Z9876YX"}
    document = json.dumps(relation | {"recordedBy": "s.patel", "recordedAt": world.clock.now().isoformat()})
    by = By(OFFICER, "visitor")
    world.store.write_now(
        lambda conn: put(conn, Kind.RELATION, records.PRISONER, Relation.parse(document), by, world.clock.now())
    )
    paper = world.authorise()
    acts = {each["kind"]: each for each in house.get(f"/api/lanes/{LANE}", token).json()["acts"]}
    assert told in acts["manual"]["note"] and told in acts["start"]["note"]
    first(world, paper)
    view = house.get(f"/api/lanes/{LANE}", token).json()
    assert view["subject"]["alike"] == told and told in house.get(f"/lanes/{LANE}", token).text
    [offered] = [each for each in view["acts"] if each["kind"] == "second"]
    assert told in offered["note"]
    assert entries(world, "MANUAL_STATED")[-1]["alike"] == told
    assert [each["kind"] for each in offered["inputs"]] == ["choice", "tick"]
    unseen = second(world)
    assert unseen is not None and unseen.sentences == (NOT_COMPARED,) and world.lane.check is not None
    session = world.lane.check.session.hex()
    signed = second(world, compared="yes")
    assert signed is not None and signed.accepted, signed
    by_whom = entries(world, "DECISION")[-1]["manual"]["officers"]  # type: ignore[index]
    assert [each["compared"] for each in by_whom] == [False, True], "who compared it is on record"
    view = house.get(f"/api/lanes/{LANE}", token).json()
    assert [each["inputs"][0]["kind"] for each in view["acts"][:2]] == ["tick", "tick"]
    for kind in (ActKind.CONFIRM, ActKind.KEY):
        unticked = world.act(OFFICER, kind, session=session)
        assert unticked is not None and unticked.sentences == (NOT_COMPARED,)
    ticked = world.confirm(compared="yes")
    assert ticked is not None and ticked.accepted, ticked


def test_a_photograph_has_another_name_in_each_check(pictured: House) -> None:
    house, world = pictured, pictured.world
    token, seen = house.sign_in(OFFICER), set()
    paper = world.authorise()
    for _ in range(2):
        world.to_verdict(paper)
        seen.add(house.get(f"/api/lanes/{LANE}", token).json()["subject"]["photograph"])
        check = world.lane.check
        assert check is not None
        world.act(OFFICER, ActKind.CANCEL, session=check.session.hex())
    assert len(seen) == 2


def test_a_photograph_lies_encrypted(pictured: House) -> None:
    world, moment = pictured.world, pictured.world.clock.now()
    [row] = world.store.read_now(lambda conn: conn.exec_driver_sql("SELECT sealed FROM authority_photograph").all())
    assert b"picture" not in row.sealed
    world.store.write_now(
        lambda conn: conn.exec_driver_sql("UPDATE authority_photograph SET prisoner_number = 'A9999ZZ'") and None
    )
    with pytest.raises(MalformedError, match="does not open"):
        world.store.read_now(lambda conn: world.authority.photograph(conn, "A9999ZZ"))
    by = By("reception", "enrolment")
    for wrong in (b"GIF89a", JPEG[:2] + b"x" * 300_000):
        with pytest.raises(MalformedError, match="JPEG"):
            world.store.write_now(
                lambda conn, wrong=wrong: world.authority.enrol_photograph(  # type: ignore[misc]
                    conn, records.PRISONER, wrong, date(2026, 6, 1), by, moment
                )
            )


# -- the pages' acts and floods --------------------------------------------------------------------------------------


def test_the_pages_offer_the_manual_path_and_the_freezes(house: House) -> None:
    world, token = house.world, house.sign_in(OFFICER)
    paper = world.authorise()
    refused_by_the_kiosk(world, paper)
    acts = {each["kind"]: each for each in house.get(f"/api/lanes/{LANE}", token).json()["acts"]}
    assert dict(acts["manual"]["fields"]) == {"lane": LANE, "authorisation": paper, "prisoner": records.PRISONER}
    words = {"reason": "NOT_RECOGNISED", "why": "a new beard", "means": "PHOTOGRAPH"}
    world.act(OFFICER, ActKind.MANUAL, **dict(acts["manual"]["fields"]), **words)
    view = house.get(f"/api/lanes/{LANE}", token).json()
    [second] = [each for each in view["acts"] if each["kind"] == "second"]
    assert view["manual"]["after"] == "Non match" and view["manual"]["why"] == "a new beard"
    outcome = world.act(GOVERNOR, ActKind.SECOND, **dict(second["fields"]), means="KNOWN_TO_ME")
    assert outcome is not None and outcome.accepted, outcome
    view = house.get(f"/api/lanes/{LANE}", token).json()
    assert [each["kind"] for each in view["acts"]][:3] == ["confirm", "key", "cancel"]
    world.act(GOVERNOR, ActKind.FREEZE, scope="estate", name="*", why="look at this")
    world.act(APPROVERS[0], ActKind.UNFREEZE, scope="estate", name="*", why="looked")
    for path in ("/api/lanes", f"/api/lanes/{LANE}"):
        [frozen] = house.get(path, token).json()["freezes"]
        assert frozen["lift_asked_by"] == APPROVERS[0] and "whole estate" in frozen["heading"]
        assert [each["kind"] for each in frozen["acts"]] == ["unfreeze"]
    for path in ("/", f"/lanes/{LANE}"):
        page = house.get(path, token).text
        assert "Frozen: the whole estate. Nothing opens." in page and "<title>STOPPED" in page


def test_a_flood_of_preparations_is_refused_and_crowds_out_nobody(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sallyport_gateway.web.acts.monotonic", lambda: 1.0)
    world = house.world
    signer = world.estate.signer(OFFICER)
    paper = world.authorise()
    asked = world.run(house.desk.prepare("start", {"lane": LANE, "authorisation": paper}, signer.certificate_der))
    codes = [
        house.caller.request("POST", "/acts/prepare", json={"kind": "start", "fields": {}, "certificate": "AAAA"})
        for _ in range(int(PREPARED_AT_ONCE) + 20)
    ]
    assert [each.status_code for each in codes].count(429) == 20
    done = world.run(house.desk.submit(asked.token, signer.sign(asked.to_be_signed)))  # type: ignore[union-attr]
    assert done is not None and done.accepted, done


def test_an_allowance_fills_again_and_is_each_ones_own() -> None:
    allowance = Allowance(2.0, 3.0)
    assert [allowance.take("a", 0.0) for _ in range(4)] == [True, True, True, False]
    assert allowance.take("b", 0.0)
    assert allowance.take("a", 0.5) and not allowance.take("a", 0.6)
    assert [allowance.take("a", 1_000.0) for _ in range(4)] == [True, True, True, False]
    for number in range(5_000):
        allowance.take(str(number), 1_000.0)
    assert len(allowance._left) <= 4_096


@pytest.mark.parametrize("spoil", [lambda t: t[:-4], lambda t: "A" + t[1:], lambda t: "", lambda t: "ü", lambda t: "%"])
def test_a_token_that_was_not_given_here_does_nothing(world: World, spoil: Any) -> None:
    signer = world.estate.signer(GOVERNOR)
    fields = {"scope": "lane", "name": LANE, "why": "look"}
    asked = world.run(world.desk.prepare("freeze", fields, signer.certificate_der))
    signature = signer.sign(asked.to_be_signed)  # type: ignore[union-attr]
    outcome = world.run(world.desk.submit(spoil(asked.token), signature))  # type: ignore[union-attr]
    assert outcome is not None and not outcome.accepted
    world.clock.ms += int(timedelta(minutes=3).total_seconds() * 1_000)
    late = world.run(world.desk.submit(asked.token, signature))  # type: ignore[union-attr]
    assert late is not None and "two minutes" in late.sentences[0]
