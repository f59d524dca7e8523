"""The door for what a browser sealed: who gets a ticket, what goes through, what is let go of."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.routing import Route
from starlette.testclient import TestClient

from core.errors import InputError, StoreUnavailableError
from core.flows.reseal import ResealPlan, plan_reseal
from core.purposes import Purpose
from dapp import arrivals as module
from dapp.app import take_sealed
from dapp.arrivals import MOST_OPEN, Arrivals
from ipfs.vault import IpfsVault
from tests.dapp.conftest import Stage
from tests.dapp.people import Person
from tests.dapp.requests import give
from tests.fakes.browser import Resealed, seal_anew


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    stage = Stage()
    stage.vault = IpfsVault.open_at(tmp_path / "vault", stage.store)
    yield stage
    stage.vault.close()


@pytest.fixture
def plan(stage: Stage, sealed: Person, doctor: Person) -> ResealPlan:
    give(doctor, sealed, Purpose.TREAT, days=3)
    return plan_reseal(stage.ledger, stage.vault, patient=sealed.account, leaving=None)


@pytest.fixture
def made(stage: Stage, sealed: Person, plan: ResealPlan) -> Resealed:
    present = stage.vault.ciphertext(plan.own.commitment)
    return seal_anew(sealed.identity, plan.own, present, plan.readers)


@pytest.fixture
def door(stage: Stage) -> TestClient:
    route = Route("/sealed", take_sealed(lambda: stage.arrivals), methods=["PUT"])
    return TestClient(Starlette(routes=[route]))


def hand_in(door: TestClient, ticket: str, body: bytes) -> int:
    return door.put(
        "/sealed", content=body, headers={"authorization": f"Bearer {ticket}"}
    ).status_code


def test_door_takes_what_is_expected_and_keeps_it(
    stage: Stage, door: TestClient, plan: ResealPlan, made: Resealed, doctor: Person
) -> None:
    with stage.arrivals.expect(plan, present_bytes=len(made.record)) as arrival:
        assert hand_in(door, arrival.ticket, made.body) == 204
        received = arrival.require()
        arrival.kept = True
    assert received.sealing.commitment == made.commitment
    assert received.sealing.context == plan.context
    assert set(received.envelopes) == {doctor.account}
    assert stage.vault.ciphertext(made.commitment) == made.record


def test_door_is_shut_without_a_ticket_and_after_it_ended(
    stage: Stage, door: TestClient, plan: ResealPlan, made: Resealed
) -> None:
    pins = set(stage.store.pins)
    with stage.arrivals.expect(plan, present_bytes=len(made.record)) as arrival:
        assert [hand_in(door, each, made.body) for each in ("", "guess")] == [400, 400]
        assert door.put("/sealed", content=made.body).status_code == 400
    assert hand_in(door, arrival.ticket, made.body) == 400
    assert stage.store.pins == pins


def test_door_opens_once(stage: Stage, door: TestClient, plan: ResealPlan, made: Resealed) -> None:
    with stage.arrivals.expect(plan, present_bytes=len(made.record)) as arrival:
        assert [hand_in(door, arrival.ticket, made.body) for _ in range(2)] == [204, 400]


@pytest.mark.parametrize("change", ["empty", "short", "long", "no record"])
def test_door_keeps_nothing_of_what_has_another_form(
    stage: Stage, door: TestClient, plan: ResealPlan, made: Resealed, change: str
) -> None:
    pins = set(stage.store.pins)
    with stage.arrivals.expect(plan, present_bytes=len(made.record)) as arrival:
        body = {
            "empty": b"",
            "short": made.body[: arrival.head_bytes],
            "long": made.body + bytes(arrival.most_bytes),
            "no record": made.body[: arrival.head_bytes] + b"{}" * 100,
        }[change]
        assert hand_in(door, arrival.ticket, body) in (400, 502)
        with pytest.raises(InputError, match="sealed nothing"):
            arrival.require()
        assert stage.store.pins == pins
        assert hand_in(door, arrival.ticket, made.body) == 204, "the right bytes still go through"


def test_door_says_what_to_do_when_the_store_is_away(
    stage: Stage, door: TestClient, plan: ResealPlan, made: Resealed
) -> None:
    with stage.arrivals.expect(plan, present_bytes=len(made.record)) as arrival:
        stage.store.fails_after = 0
        headers = {"authorization": f"Bearer {arrival.ticket}"}
        answer = door.put("/sealed", content=made.body, headers=headers)
        stage.store.fails_after = None
    assert answer.status_code == 502
    assert answer.json()["remedy"] == StoreUnavailableError.remedy


def test_a_script_that_ends_lets_go_of_what_came_in(
    stage: Stage, door: TestClient, plan: ResealPlan, made: Resealed
) -> None:
    pins = set(stage.store.pins)
    with stage.arrivals.expect(plan, present_bytes=len(made.record)) as arrival:
        hand_in(door, arrival.ticket, made.body)
        assert stage.store.pins > pins
    assert stage.store.pins == pins


def test_what_comes_too_late_is_let_go_of(stage: Stage, plan: ResealPlan, made: Resealed) -> None:
    """The script ends while the bytes are being stored."""
    pins = set(stage.store.pins)
    waiting = stage.arrivals.expect(plan, present_bytes=len(made.record))
    arrival = waiting.__enter__()
    add = stage.store.add

    def slow(data: bytes) -> bytes:
        waiting.__exit__(None, None, None) if arrival.ticket in stage.arrivals._open else None
        return add(data)

    stage.store.add = slow  # type: ignore[method-assign]
    with pytest.raises(InputError, match="too late"):
        stage.arrivals.take(arrival.ticket, made.body)
    assert stage.store.pins == pins


def test_tickets_are_few_and_a_forgotten_one_gives_its_place_up(
    stage: Stage, plan: ResealPlan, monkeypatch: pytest.MonkeyPatch
) -> None:
    arrivals = Arrivals(stage.reception)
    open_ones = [arrivals.expect(plan, present_bytes=1) for _ in range(MOST_OPEN)]
    for each in open_ones:
        each.__enter__()
    with pytest.raises(InputError, match="Too many") as refused:
        arrivals.expect(plan, present_bytes=1).__enter__()
    assert "taking access back only works now" in refused.value.remedy
    monkeypatch.setattr(module, "KEEP_SECONDS", -1)
    arrivals.expect(plan, present_bytes=1).__enter__()
