"""The story that `anamnesis demo` tells: the same flows as the dapp, with wallets under home.

A patient's paper becomes a history; it is sealed; a doctor asks; the patient grants; the doctor
reads; the patient revokes; the doctor is refused; the auditor proves it all.
"""

import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from eth_account import Account

from core.errors import AccessDeniedError, InputError
from core.events import AccessRequested
from core.findings import Audit
from core.flows.open import Handover, hand_over, own_handover, prepare_receipt
from core.flows.publish import Publisher
from core.flows.share import (
    prepare_grant,
    prepare_reading_key,
    prepare_request,
    prepare_revoke,
    reader_key,
)
from core.flows.submit import sign_and_submit
from core.purposes import Purpose
from ipfs.envelope import Identity, Recipient, rewrap
from ipfs.reading_key import RecoveryCode, derive_identity, reading_key_message
from ipfs.vault import IpfsVault
from ledger.audit import audit
from ledger.client import EvmLedger
from ledger.wallet import KeySigner
from scripts._local import write_private

PERIOD_DAYS = 30
SITE = "anamnesis demo"
"""What the demo's reading keys are bound to, where a page would name its origin."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody with a wallet and a reading key, both kept in a file of the demo's home."""

    name: str
    signer: KeySigner
    identity: Identity


@dataclass(slots=True, kw_only=True)
class Story:
    """Tells each step with what it took; `steps` keeps them for --json."""

    say: Callable[[str], None]
    steps: list[dict[str, Any]] = field(default_factory=list)
    ledger: EvmLedger = field(init=False)
    vault: IpfsVault = field(init=False)
    publisher: Publisher = field(init=False)

    def begin(self, ledger: EvmLedger, vault: IpfsVault, publisher: Publisher) -> None:
        """Where the rest of the story takes place."""
        self.ledger = ledger
        self.vault = vault
        self.publisher = publisher

    @contextmanager
    def step(self, what: str) -> Iterator[list[str]]:
        """Time one step; the lines it yields are told under it."""
        lines: list[str] = []
        began = time.monotonic()
        yield lines
        seconds = round(time.monotonic() - began, 2)
        self.steps.append({"step": what, "seconds": seconds, "lines": lines})
        self.say(f"{len(self.steps):>2}. {what}  ({seconds:.2f} s)")
        for line in lines:
            self.say(f"      {line}")

    def enrol(self, person: Person) -> None:
        """Publish a person's reading key unless the chain has it."""
        key = person.identity.recipient().public_key
        with self.step(f"{person.name} publishes a reading key; the relayer pays") as lines:
            lines.append(f"account {person.signer.account}")
            if self.ledger.reading_key(person.signer.account) == key:
                lines.append("it is on the chain already")
                return
            message = prepare_reading_key(self.ledger, account=person.signer.account, key=key)
            sign_and_submit(self.ledger, person.signer, message, key)

    def publish(self, patient: Person, payload: bytes) -> None:
        with self.step("The history is sealed, stored on IPFS, and committed to") as lines:
            published = self.publisher.publish(patient.signer, payload)
            sealed = self.vault.ciphertext(published.commitment)
            lines.append(f"{len(payload):,} bytes of history, {len(sealed):,} bytes sealed")
            lines.append(f"version {published.version}, commitment {_short(published.commitment)}")
            if published.transaction is None:
                lines.append("the chain held this version already: nothing was sealed twice")

    def ask(self, doctor: Person, patient: Person) -> AccessRequested:
        with self.step(f"The doctor asks for {PERIOD_DAYS} days of access, for treatment"):
            message = prepare_request(
                self.ledger,
                grantee=doctor.signer.account,
                patient=patient.signer.account,
                purposes=Purpose.TREAT,
                days=PERIOD_DAYS,
            )
            transaction = sign_and_submit(self.ledger, doctor.signer, message)
            return next(
                event
                for event in self.ledger.events()
                if isinstance(event, AccessRequested) and event.at.transaction == transaction
            )

    def grant(self, patient: Person, request: AccessRequested) -> None:
        with self.step("The patient wraps the key for the doctor and grants"):
            owner, doctor = request.patient, request.grantee
            own = own_handover(self.ledger, self.vault, patient=owner)
            envelope = rewrap(
                patient.identity,
                own.envelope,
                own.context,
                reader=owner,
                to=Recipient(reader_key(self.ledger, doctor)),
                for_reader=doctor,
            )
            digest = self.vault.put_envelope(own.commitment, doctor, envelope)
            sign_and_submit(
                self.ledger, patient.signer, prepare_grant(self.ledger, request, digest)
            )

    def read(self, doctor: Person, patient: Person, payload: bytes) -> None:
        with self.step("The doctor signs a receipt, opens the record and reads") as lines:
            reader = doctor.signer.account
            receipt = prepare_receipt(
                self.ledger, reader=reader, patient=patient.signer.account, purpose=Purpose.TREAT
            )
            sign_and_submit(self.ledger, doctor.signer, receipt)
            handed = self._receive(doctor, patient)
            opened = self.vault.open(
                doctor.identity, handed.commitment, handed.context, handed.envelope_digest, reader
            )
            same = "byte for byte the patient's" if opened == payload else "NOT the patient's"
            lines.append(f"{len(opened):,} bytes, {same}")
            if opened != payload:
                raise InputError("The doctor read another history than the patient sealed.")

    def revoke(self, patient: Person, doctor: Person) -> None:
        with self.step("The patient revokes") as lines:
            message = prepare_revoke(
                self.ledger, patient=patient.signer.account, grantee=doctor.signer.account
            )
            sign_and_submit(self.ledger, patient.signer, message)
            lines.append("what was read cannot be unread; nothing more is handed over")

    def refused(self, doctor: Person, patient: Person) -> None:
        with self.step("The doctor tries again and is refused") as lines:
            try:
                self._receive(doctor, patient)
            except AccessDeniedError as error:
                lines.append(error.what)
                return
            raise InputError("A revoked doctor was handed the record.")

    def _receive(self, doctor: Person, patient: Person) -> Handover:
        return hand_over(
            self.ledger,
            self.vault,
            reader=doctor.signer.account,
            patient=patient.signer.account,
            purpose=Purpose.TREAT,
        )

    def prove(self) -> Audit:
        with self.step("The auditor replays the chain") as lines:
            result = audit(self.ledger)
            lines.append(
                f"{result.status.value}: {result.events} events, {len(result.grants)} grants, "
                f"{len(result.receipts)} readings, {len(result.violations)} violations"
            )
            lines.append("every head recomputed from the events equals the contract's")
            return result


def person(name: str, file: Path) -> Person:
    """The person of a file, made on first use: a wallet key and a recovery code, 0600."""
    if not file.exists():
        write_private(file, f"{secrets.token_hex(32)} {RecoveryCode.generate().code.hex()}\n")
    key, code = file.read_text().split()
    signature = Account.sign_typed_data(key, full_message=reading_key_message(SITE)).signature
    signer = KeySigner.from_key(key)
    identity = derive_identity(signature, RecoveryCode(bytes.fromhex(code)), signer.account)
    return Person(name=name, signer=signer, identity=identity)


def _short(value: bytes) -> str:
    return f"0x{value.hex()[:8]}.."
