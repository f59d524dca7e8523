"""What the contract answers, held against the model; and invariants that need no model."""

from itertools import product
from typing import Any

from core.consent import ConsentModel
from core.credentials import CredentialsModel
from core.hashing import ZERO_ADDRESS, ZERO_HASH, Address, abi_word
from scripts._walk.actors import Actors
from scripts._walk.calls import RECORDS, Arguments
from scripts._walk.machine import Machine, Outcome

PURPOSES = (1, 2, 4, 2**31, 3, 0, 1 << 120, 2**256 - 1)


class Views:
    """Asks the contracts and compares. Raises AssertionError, naming what differs."""

    def __init__(
        self, machine: Machine, consent: ConsentModel, registry: CredentialsModel, actors: Actors
    ) -> None:
        self._machine = machine
        self._consent = consent
        self._registry = registry
        self._people = actors.everybody
        self._patients = actors.patients
        self._seqs: dict[tuple[Address, Address, bytes], int] = {}
        self._turn = 0

    def look_at(self, arguments: Arguments, before: dict[Address, bytes], outcome: Outcome) -> None:
        """After each call: what it is about, and the invariants by name."""
        patient = arguments.get("patient") or arguments.get("account") or self._patients[0]
        self._turn += 1
        purpose = PURPOSES[self._turn % len(PURPOSES)]
        other = arguments.get("grantee") or self._people[self._turn % len(self._people)]
        record = arguments.get("record", RECORDS[self._turn % 2])
        self._has_access(patient, other, record, purpose)
        self._standing(patient)
        self._invariants(patient, before, outcome)
        if "record" in arguments and "grantee" in arguments:
            self._terms(patient, other, record)

    def look_at_registry(self) -> None:
        self._compare("credentials head", self._registry_word("head"), self._registry.head)
        account = self._people[self._turn % len(self._people)]
        self._turn += 1
        licensed = self._registry.is_licensed(account)
        shown = self._registry_word("is_licensed", abi_word("address", account))
        self._compare("C2 is_licensed", shown, abi_word("uint256", licensed))

    def look_at_everything(self) -> None:
        """Every view of everybody."""
        self.look_at_registry()
        separator = self._consent.domain.separator()
        self._compare("I6 domain_separator", self._read("domain_separator"), separator)
        everybody = (ZERO_ADDRESS, *self._people)
        for patient in (*self._patients, ZERO_ADDRESS):
            self._standing(patient)
            self._settings(patient)
            self._compare("H1 heads", self._word("heads", patient), self._consent.head(patient))
            for person in everybody:
                self._case(patient, person)
                for record in (*RECORDS, ZERO_HASH):
                    self._terms(patient, person, record)
            for person, record, purpose in product(everybody, RECORDS, PURPOSES):
                self._has_access(patient, person, record, purpose)
        for account in everybody:
            key = self._consent.reading_keys.get(account, ZERO_HASH)
            self._compare("K1 reading_keys", self._word("reading_keys", account), key)
            self._license(account)

    def _invariants(self, patient: Address, before: dict[Address, bytes], outcome: Outcome) -> None:
        """H1, and I8: a call moves the head of its own patient at most, and only with an event."""
        for each in {patient, self._patients[self._turn % len(self._patients)]}:
            head = self._word("heads", each)
            was = before.get(each, ZERO_HASH)
            self._compare("H1 heads", head, self._consent.head(each))
            moved = head != was
            if moved and (outcome.refusal is not None or not outcome.logs or each != patient):
                raise AssertionError(f"I8: the head of {each} moved without an event of its own")
            if was != ZERO_HASH and was[31] & 1 and not head[31] & 1:
                raise AssertionError(f"H3: the last bit of the head of {each} went back")
        self._compare("H2 roster_head", self._read("roster_head"), self._consent.roster_head)

    def _terms(self, patient: Address, grantee: Address, record: bytes) -> None:
        terms = self._consent.terms(patient, grantee, record)
        words = (terms.expiry, terms.granted_at, terms.seq, terms.purposes)
        shown = self._read("terms", patient, grantee, record)
        self._compare("A1 terms", shown, _words(*words))
        seq = int.from_bytes(shown[64:96], "big")
        place = (patient, grantee, record)
        if seq < self._seqs.get(place, 0):
            raise AssertionError(f"A2: a nonce of {patient} went down")
        self._seqs[place] = seq

    def _has_access(self, patient: Address, grantee: Address, record: bytes, purpose: int) -> None:
        expected = self._consent.has_access(patient, grantee, record, purpose)
        shown = self._read("has_access", patient, grantee, record, purpose)
        what = f"I3 has_access({patient}, {grantee}, {record.hex()[:8]}, {purpose:#x})"
        self._compare(what, shown, _words(int(expected)))

    def _standing(self, patient: Address) -> None:
        model = self._consent
        words = (int(model.controller(patient), 16), model.cutoff(patient))
        expected = _words(*words, model.settings_seq(patient))
        self._compare("P1 standing", self._read("standing", patient), expected)

    def _settings(self, patient: Address) -> None:
        model = self._consent
        policy = model.policy(patient)
        expected = _words(policy.mode, policy.delay, policy.window) + policy.record
        self._compare("E1 policy", self._read("emergency_policy", patient), expected)
        controller, due = model.recoveries.get(patient, (ZERO_ADDRESS, 0))
        recovery = _words(int(controller, 16), due)
        self._compare("G1 recovery", self._read("recovery", patient), recovery)
        successor = model.successors.get(patient, ZERO_ADDRESS)
        self._compare("successors", self._read("successors", patient), _words(int(successor, 16)))
        for record in RECORDS:
            shown = self._read("records", patient, record)
            self._compare("R1 records", shown, model.commitment(patient, record))
        for circle, person in product((0, 1, 2), self._people):
            named = model.circle(patient, circle)
            expected = _words(int(person in named.members), named.threshold)
            self._compare("T2 member", self._read("membership", patient, circle, person), expected)

    def _case(self, patient: Address, clinician: Address) -> None:
        case = self._consent.case(patient, clinician)
        expected = _words(case.opens_at, case.closes_at, case.seq)
        self._compare("E3 case", self._read("emergency_case", patient, clinician), expected)
        is_open = self._consent.is_open(patient, clinician)
        self._compare("E2 is_open", self._read("is_open", patient, clinician), _words(int(is_open)))

    def _license(self, account: Address) -> None:
        issuer, until = self._registry.licenses.get(account, (ZERO_ADDRESS, 0))
        word = abi_word("address", account)
        self._compare("until", self._registry_word("licensed_until", word), _words(until))
        shown = self._registry_word("issuer_of", word)
        self._compare("issuer", shown, _words(int(issuer, 16)))
        shown = self._registry_word("is_issuer", word)
        self._compare("C1 is_issuer", shown, _words(int(account in self._registry.issuers)))

    def _word(self, name: str, account: Address) -> bytes:
        return self._read(name, account)

    def _read(self, name: str, *arguments: Any) -> bytes:
        return self._machine.read(self._machine.consent, name, *map(_argument, arguments))

    def _registry_word(self, name: str, *words: bytes) -> bytes:
        return self._machine.read(self._machine.credentials, name, *words)

    def _compare(self, what: str, shown: bytes, expected: bytes) -> None:
        if shown != expected:
            raise AssertionError(f"{what}: {shown.hex()}, and {expected.hex()} in the model")


def _argument(value: Any) -> bytes:
    if isinstance(value, bytes):
        return value
    return int(value, 16).to_bytes(32, "big") if isinstance(value, str) else _words(value)


def _words(*numbers: int) -> bytes:
    return b"".join(number.to_bytes(32, "big") for number in numbers)
