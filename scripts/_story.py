"""The story that `anamnesis demo` tells: the same flows as the dapp, with wallets under home.

A patient's paper becomes a history; it is sealed; a doctor asks; the patient grants; the doctor
reads; the patient revokes; the doctor is refused; the auditor proves it all.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from core.errors import AccessDeniedError, InputError
from core.events import AccessRequested
from core.findings import Audit
from core.flows.open import hand_over
from core.flows.publish import Publisher
from core.flows.share import prepare_revoke
from core.flows.submit import sign_and_submit
from core.purposes import Purpose
from ipfs.vault import IpfsVault
from ledger.audit import audit
from ledger.client import EvmLedger
from scripts._access import ask, enrol, grant, read
from scripts._wallets import Owner

PERIOD_DAYS = 30


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

    def enrol(self, name: str, person: Owner) -> None:
        """Publish a person's reading key unless the chain has it."""
        with self.step(f"{name} publishes a reading key; the relayer pays") as lines:
            lines.append(f"account {person.signer.account}")
            if not enrol(self.ledger, person):
                lines.append("it is on the chain already")

    def publish(self, patient: Owner, payload: bytes) -> None:
        with self.step("The history is sealed, stored on IPFS, and committed to") as lines:
            published = self.publisher.publish(patient.signer, payload)
            sealed = self.vault.ciphertext(published.commitment)
            lines.append(f"{len(payload):,} bytes of history, {len(sealed):,} bytes sealed")
            lines.append(f"version {published.version}, commitment {_short(published.commitment)}")
            if published.transaction is None:
                lines.append("the chain held this version already: nothing was sealed twice")

    def ask(self, doctor: Owner, patient: Owner) -> AccessRequested:
        with self.step(f"The doctor asks for {PERIOD_DAYS} days of access, for treatment"):
            return ask(
                self.ledger,
                doctor,
                patient.signer.account,
                purposes=Purpose.TREAT,
                days=PERIOD_DAYS,
            )

    def grant(self, patient: Owner, request: AccessRequested) -> None:
        with self.step("The patient wraps the key for the doctor and grants"):
            grant(self.ledger, self.vault, patient, request)

    def read(self, doctor: Owner, patient: Owner, payload: bytes) -> None:
        with self.step("The doctor signs a receipt, opens the record and reads") as lines:
            opened = read(
                self.ledger, self.vault, doctor, patient.signer.account, purpose=Purpose.TREAT
            )
            same = "byte for byte the patient's" if opened == payload else "NOT the patient's"
            lines.append(f"{len(opened):,} bytes, {same}")
            if opened != payload:
                raise InputError("The doctor read another history than the patient sealed.")

    def revoke(self, patient: Owner, doctor: Owner) -> None:
        with self.step("The patient revokes") as lines:
            message = prepare_revoke(
                self.ledger, patient=patient.signer.account, grantee=doctor.signer.account
            )
            sign_and_submit(self.ledger, patient.signer, message)
            lines.append("what was read cannot be unread; nothing more is handed over")

    def refused(self, doctor: Owner, patient: Owner) -> None:
        with self.step("The doctor tries again and is refused") as lines:
            try:
                hand_over(
                    self.ledger,
                    self.vault,
                    reader=doctor.signer.account,
                    patient=patient.signer.account,
                    purpose=Purpose.TREAT,
                )
            except AccessDeniedError as error:
                lines.append(error.what)
                return
            raise InputError("A revoked doctor was handed the record.")

    def prove(self) -> Audit:
        with self.step("The auditor replays the chain") as lines:
            result = audit(self.ledger)
            lines.append(
                f"{result.status.value}: {result.events} events, {len(result.grants)} grants, "
                f"{len(result.receipts)} readings, {len(result.violations)} violations"
            )
            lines.append("every head recomputed from the events equals the contract's")
            return result


def _short(value: bytes) -> str:
    return f"0x{value.hex()[:8]}.."
