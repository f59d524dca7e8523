"""A node that lies about logs is found out, whatever it drops, alters, invents or moves."""

from collections.abc import Callable
from typing import Any

import pytest

from core.audit import require_consistent
from core.errors import ChainUnavailableError, VerificationError
from core.events import AllAccessRevoked, RecordSealed
from core.findings import Status
from core.hashing import keccak256
from ledger.audit import audit
from ledger.client import EvmLedger
from ledger.rpc import Rpc
from ledger.settings import LedgerSettings
from ledger.wallet import KeySigner
from tests.ledger.messages import Messages, signed, tell_story

Logs = list[dict[str, Any]]
REQUEST = 2
"""Place of the request in the story: the one event that no head covers."""


class LyingRpc(Rpc):
    """Passes everything on, but for the logs."""

    def __init__(self, url: str, tamper: Callable[[Logs], Logs]) -> None:
        super().__init__(url)
        self._tamper = tamper

    def call(self, method: str, params: Any = ()) -> Any:
        answer = super().call(method, params)
        return self._tamper(answer) if method == "eth_getLogs" else answer


@pytest.fixture
def audited(
    settings: LedgerSettings, ledger: EvmLedger, patient: KeySigner, doctor: KeySigner
) -> Callable[[Callable[[Logs], Logs]], Any]:
    """Audit one patient's story through a node that tampers with it."""
    tell_story(ledger, patient, doctor)

    def through(tamper: Callable[[Logs], Logs]) -> Any:
        return audit(EvmLedger(settings, LyingRpc(settings.rpc_url, tamper), None))

    return through


def word(log: dict[str, Any], place: int, value: int) -> dict[str, Any]:
    """The log with one word of its data replaced."""
    data = log["data"][2:]
    return log | {"data": "0x" + data[: 64 * place] + f"{value:064x}" + data[64 * place + 64 :]}


def moved(log: dict[str, Any], to: dict[str, Any]) -> dict[str, Any]:
    """The log at another log's place."""
    places = ("blockNumber", "blockHash", "blockTimestamp", "logIndex", "transactionHash")
    return log | {place: to[place] for place in places if place in to}


def test_audit_is_consistent_when_the_node_is_honest(audited) -> None:  # type: ignore[no-untyped-def]
    result = audited(lambda logs: logs)
    assert (result.status, result.events, result.findings) == (Status.CONSISTENT, 7, ())
    assert [receipt.live for receipt in result.receipts] == [True]


def test_audit_has_nothing_to_audit_when_the_contract_is_new(ledger: EvmLedger) -> None:
    result = audit(ledger)
    assert result.status is Status.NOTHING
    with pytest.raises(VerificationError):
        require_consistent(result)


def test_audit_finds_it_when_all_logs_are_hidden(audited) -> None:  # type: ignore[no-untyped-def]
    assert [each.rule for each in audited(lambda logs: []).findings] == [10]


@pytest.mark.parametrize("place", [each for each in range(7) if each != REQUEST])
def test_audit_finds_every_dropped_log(audited, place: int) -> None:  # type: ignore[no-untyped-def]
    result = audited(lambda logs: logs[:place] + logs[place + 1 :])
    assert result.status is Status.FINDINGS


def test_audit_notes_it_when_the_request_behind_a_grant_is_dropped(audited) -> None:  # type: ignore[no-untyped-def]
    result = audited(lambda logs: logs[:REQUEST] + logs[REQUEST + 1 :])
    assert [each.rule for each in result.findings] == [8]
    assert result.status is Status.CONSISTENT


@pytest.mark.parametrize(
    ("place", "argument", "value"),
    [
        (0, 0, 1),  # the key replaced
        (1, 0, 5),  # commitment
        (1, 1, 5),  # envelope
        (3, 0, 3),  # purposes
        (3, 1, 1 << 39),  # expiry
        (3, 5, 9),  # envelope
        (4, 1, 2),  # purpose of the receipt
        (6, 0, 9),  # cutoff
    ],
)
def test_audit_finds_every_altered_log(  # type: ignore[no-untyped-def]
    audited, place: int, argument: int, value: int
) -> None:
    def alter(logs: Logs) -> Logs:
        return [*logs[:place], word(logs[place], argument, value), *logs[place + 1 :]]

    assert audited(alter).status is Status.FINDINGS


def test_audit_finds_a_log_when_it_names_another_doctor(audited, stranger: KeySigner) -> None:  # type: ignore[no-untyped-def]
    def rename(logs: Logs) -> Logs:
        topics = [*logs[3]["topics"]]
        topics[2] = "0x" + stranger.account[2:].lower().zfill(64)
        return [*logs[:3], logs[3] | {"topics": topics}, *logs[4:]]

    assert audited(rename).status is Status.FINDINGS


@pytest.mark.parametrize("place", [1, 3, 4, 5])
def test_audit_finds_neighbours_when_they_swapped_places(audited, place: int) -> None:  # type: ignore[no-untyped-def]
    def swap(logs: Logs) -> Logs:
        following = place + 1 if place + 1 != REQUEST else place + 2
        logs = [*logs]
        first, second = logs[place], logs[following]
        logs[place], logs[following] = moved(second, first), moved(first, second)
        return logs

    assert audited(swap).status is Status.FINDINGS


def test_audit_finds_disorder_when_logs_keep_their_places(audited) -> None:  # type: ignore[no-untyped-def]
    result = audited(lambda logs: logs[::-1])
    assert 1 in [each.rule for each in result.violations]


def test_audit_finds_an_invented_event(audited, patient: KeySigner) -> None:  # type: ignore[no-untyped-def]
    def invent(logs: Logs) -> Logs:
        last = logs[-1]
        forged = word(last, 0, int(last["data"], 16) + 1)
        return [*logs, forged | {"logIndex": "0x1"}]

    result = audited(invent)
    assert any(isinstance(each, AllAccessRevoked) for each in result.timelines[patient.account])
    assert 10 in [each.rule for each in result.violations]


def test_audit_finds_it_when_one_whole_patient_is_hidden(
    settings: LedgerSettings, ledger: EvmLedger, patient: KeySigner, doctor: KeySigner
) -> None:
    tell_story(ledger, patient, doctor)
    hidden = KeySigner.create()
    say = Messages(ledger=ledger, patient=hidden.account, doctor=doctor.account)
    ledger.relay(signed(ledger, hidden, say.seal()))
    mark = hidden.account[2:].lower()
    rpc = LyingRpc(
        settings.rpc_url,
        lambda logs: [log for log in logs if not log["topics"][1].endswith(mark)],
    )
    result = audit(EvmLedger(settings, rpc, None))
    assert [each.what for each in result.violations] == [
        "The list of patients differs from the contract's: one is missing."
    ]


def test_audit_refuses_a_log_when_the_contract_cannot_have_written_it(audited) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(VerificationError):
        audited(lambda logs: [log | {"data": log["data"] + "00"} for log in logs])


def test_audit_gives_up_when_the_chain_never_stands_still(
    settings: LedgerSettings, ledger: EvmLedger, patient: KeySigner, say: Messages
) -> None:
    class Restless(Rpc):
        """Every look at a block by number shows another hash."""

        looks = 0

        def call(self, method: str, params: Any = ()) -> Any:
            answer = super().call(method, params)
            if method == "eth_getBlockByNumber" and params[0] != "latest":
                self.looks += 1
                return answer | {"hash": "0x" + keccak256(bytes([self.looks])).hex()}
            return answer

    ledger.relay(signed(ledger, patient, say.seal()))
    with pytest.raises(ChainUnavailableError, match="reorganised"):
        audit(EvmLedger(settings, Restless(settings.rpc_url), None))


def test_audit_agrees_with_the_contract_about_every_state(
    ledger: EvmLedger, patient: KeySigner, doctor: KeySigner, stranger: KeySigner
) -> None:
    say = Messages(ledger=ledger, patient=patient.account, doctor=doctor.account)
    for message in (
        say.grant,
        say.revoke_all,
        say.grant,
        say.seal,
        lambda: say.grant(grantee=stranger.account, purposes=4),
        say.revoke,
        say.grant,
    ):
        ledger.relay(signed(ledger, patient, message()))
    result = audit(ledger)
    assert result.findings == ()
    now = ledger.now()
    readers = {(each.event.grantee, each.event.purposes) for each in result.readers_at(now)}
    assert readers == {(doctor.account, 1), (stranger.account, 4)}
    for grantee, purposes in readers:
        assert ledger.has_access(patient.account, grantee, say.grant().record, purposes)
    (sealed,) = [event for event in ledger.events() if isinstance(event, RecordSealed)]
    assert result.commitments[patient.account, sealed.record] == sealed.commitment
