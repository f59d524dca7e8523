"""The contract in memory and the real one are told the same, and say the same."""

import random
from collections.abc import Callable

import pytest

from core.audit import compare, replay
from core.errors import AnamnesisError, ConsentRefusedError
from core.findings import ChainState
from core.hashing import Address
from core.ports import Ledger
from core.records import ALL_RECORDS, HISTORY_RECORD
from core.typed_data import Signed
from ledger.client import EvmLedger
from ledger.node import LocalNode
from ledger.wallet import KeySigner
from tests.fakes.ledger import FakeLedger
from tests.ledger.messages import READING_KEY, RESEARCH, TREAT, WRITE, Messages, signed

RECORDS = (HISTORY_RECORD, ALL_RECORDS)
ACTORS = ("patient", "doctor", "stranger")


class Pair:
    """One person's messages to both ledgers; each signs for its own contract."""

    def __init__(self, real: EvmLedger, fake: FakeLedger, chance: random.Random) -> None:
        self.ledgers: tuple[Ledger, Ledger] = (real, fake)
        self.people = {name: KeySigner.create() for name in ACTORS}
        self.chance = chance
        self.sent: list[tuple[Signed, Signed]] = []

    def step(self) -> str:
        """Say one thing to both; returns what both answered."""
        if self.sent and self.chance.random() < 0.15:
            pair = self.chance.choice(self.sent)
        else:
            pair = self._message()
            self.sent.append(pair)
        answers = [
            _answer(ledger, message) for ledger, message in zip(self.ledgers, pair, strict=True)
        ]
        assert answers[0] == answers[1], type(pair[0].message).__name__
        return answers[0]

    def _message(self) -> tuple[Signed, Signed]:
        """Mostly signed by whom it takes, sometimes by anybody."""
        name = self.chance.choice(
            (
                "seal",
                "request",
                "grant",
                "grant",
                "revoke",
                "revoke_all",
                "receipt",
                "publish",
                "batch",
            )
        )
        actor = self.chance.choice(ACTORS)
        controls = name in ("grant", "revoke", "revoke_all", "batch")
        speaker = "patient" if controls else actor
        if self.chance.random() < 0.1:
            speaker = self.chance.choice(ACTORS)
        overrides = self._overrides(name, self.people[actor].account)
        signer = self.people[speaker]
        first, second = (self._signed(ledger, name, signer, overrides) for ledger in self.ledgers)
        return first, second

    def _signed(
        self,
        ledger: Ledger,
        name: str,
        signer: KeySigner,
        overrides: dict[str, Callable[[Ledger], object]],
    ) -> Signed:
        patient, doctor = self.people["patient"].account, self.people["doctor"].account
        say = Messages(ledger=ledger, patient=patient, doctor=doctor)
        fields = {field: value(ledger) for field, value in overrides.items()}
        payload = READING_KEY if name == "publish" else b""
        return signed(ledger, signer, getattr(say, name)(**fields), payload)

    def _overrides(self, name: str, account: Address) -> dict[str, Callable[[Ledger], object]]:
        purposes = self.chance.choice((TREAT, WRITE, TREAT | RESEARCH, 0))
        seconds = self.chance.choice((3_600, 3_600, 3_600, 0, 400_000_000))
        record = self.chance.choice(RECORDS)
        terms: dict[str, Callable[[Ledger], object]] = {
            "record": lambda ledger: record,
            "grantee": lambda ledger: account,
            "purposes": lambda ledger: purposes,
            "expiry": lambda ledger: ledger.now() + seconds,
        }
        return {
            "seal": {"author": lambda ledger: account},
            "request": terms,
            "grant": terms,
            "revoke": {"record": terms["record"], "grantee": terms["grantee"]},
            "receipt": {"reader": terms["grantee"], "purpose": terms["purposes"]},
            "publish": {"account": terms["grantee"]},
            "batch": {"author": terms["grantee"]} if self.chance.random() < 0.3 else {},
        }.get(name, {})

    def require_equal(self) -> None:
        """Everything that flows read is the same, times and digests of requests aside."""
        real, fake = self.ledgers
        patient = self.people["patient"].account
        assert len(real.events()) == len(fake.events())
        for person in self.people.values():
            account = person.account
            assert real.reading_key(account) == fake.reading_key(account)
            for record in RECORDS:
                terms = [each.terms(patient, account, record) for each in self.ledgers]
                assert (terms[0].seq, terms[0].purposes) == (terms[1].seq, terms[1].purposes)
                assert real.commitment(patient, record) == fake.commitment(patient, record)
                for purpose in (TREAT, WRITE, TREAT | RESEARCH, 0):
                    arguments = (patient, account, record, purpose)
                    assert real.has_access(*arguments) == fake.has_access(*arguments)


def _answer(ledger: Ledger, message: Signed) -> str:
    try:
        ledger.relay(message)
    except ConsentRefusedError as error:
        return f"{error.reason} / {error.what}"
    except AnamnesisError as error:
        return type(error).__name__
    return "done"


@pytest.mark.parametrize("seed", [1, 2])
def test_fake_ledger_answers_as_the_contract_does(
    node: LocalNode, ledger: EvmLedger, seed: int
) -> None:
    fake = FakeLedger(time=ledger.now())
    pair = Pair(ledger, fake, random.Random(seed))
    answers = [pair.step() for _ in range(60)]
    pair.require_equal()
    assert answers.count("done") > 10
    assert len(set(answers)) > 6


def test_fake_ledger_keeps_heads_that_its_own_events_reach(
    patient: KeySigner, doctor: KeySigner
) -> None:
    fake = FakeLedger()
    say = Messages(ledger=fake, patient=patient.account, doctor=doctor.account)
    fake.relay(signed(fake, doctor, say.publish(), READING_KEY))
    for message in (say.seal, say.grant, say.revoke_all, say.batch, say.revoke):
        fake.relay(signed(fake, patient, message()))
        fake.advance(1)
    audit = replay(fake.events())
    state = ChainState(
        block=1,
        roster_head=fake.roster_head,
        heads={patient.account: fake.head(patient.account)},
        reading_keys=dict(audit.reading_keys),
    )
    assert compare(audit, state).findings == ()
