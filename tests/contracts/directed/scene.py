"""A patient with guardians, custodians, an emergency policy and licensed clinicians around."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ape import reverts
from ape.api import AccountAPI, ReceiptAPI
from ape.contracts import ContractInstance
from eth_account import Account

from core.eip712 import TypedStruct
from core.hashing import Address, address, keccak256
from core.purposes import Purpose
from core.records import HISTORY_RECORD
from core.typed_data import (
    ApproveRecovery,
    Batch,
    EndEmergency,
    Grant,
    OpenEmergency,
    ReleaseShare,
    Revocation,
    SetCustodians,
    SetEmergencyPolicy,
    SetGuardians,
    SetSuccessor,
    Version,
    VetoRecovery,
)
from tests.contracts.desk import DAY, Desk

HOUR = 3_600
WEEK = 7 * DAY
TWO_CLINICIANS, CLINICIAN_AND_GUARDIAN, CLINICIAN_ALONE = 1, 2, 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Signer:
    """Somebody without ether, who only signs."""

    address: Address
    private_key: bytes


def signer(role: str) -> Signer:
    key = keccak256(b"anamnesis test key of " + role.encode())
    return Signer(address=address(str(Account.from_key(key).address)), private_key=key)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """Who is there, and messages that are valid for the present state but for what one changes."""

    desk: Desk
    credentials: ContractInstance
    chain: Any
    patient: AccountAPI
    clinician: AccountAPI
    colleague: AccountAPI
    guardians: tuple[AccountAPI, AccountAPI, AccountAPI]
    custodians: tuple[AccountAPI, Signer]
    regulator: AccountAPI
    issuer: AccountAPI
    stranger: AccountAPI

    @property
    def consent(self) -> ContractInstance:
        return self.desk.consent

    def now(self) -> int:
        return int(self.chain.pending_timestamp)

    def pass_time(self, seconds: int) -> None:
        self.chain.mine(deltatime=seconds)

    def seq(self) -> int:
        """The nonce of the patient's next setting."""
        return int(self.consent.standing(self.patient)[2])

    def policy(self, **terms: Any) -> SetEmergencyPolicy:
        defaults = {
            "mode": CLINICIAN_ALONE,
            "delay": 0,
            "window": 24,
            "record": HISTORY_RECORD,
            "seq": self.seq(),
        }
        return SetEmergencyPolicy(**self._about({**defaults, **terms}))

    def guardians_set(self, **terms: Any) -> SetGuardians:
        members = tuple(each.address for each in self.guardians)
        return SetGuardians(
            **self._about({"members": members, "threshold": 2, "seq": self.seq(), **terms})
        )

    def custodians_set(self, **terms: Any) -> SetCustodians:
        members = tuple(each.address for each in self.custodians)
        return SetCustodians(
            **self._about({"members": members, "threshold": 2, "seq": self.seq(), **terms})
        )

    def case(self, **terms: Any) -> OpenEmergency:
        filled = self._about({"clinician": self.clinician.address, **terms})
        state = {
            "record": bytes(self.consent.emergency_policy(filled["patient"])[3]),
            "reader_key": bytes(self.consent.reading_keys(filled["clinician"])),
            "reason": keccak256(b"salt and coded reason"),
            "seq": self._case_seq(filled),
        }
        return OpenEmergency(**{**state, **filled})

    def end(self, **terms: Any) -> EndEmergency:
        filled = self._about({"clinician": self.clinician.address, **terms})
        return EndEmergency(**{"seq": self._case_seq(filled), **filled})

    def share(self, **terms: Any) -> ReleaseShare:
        defaults = {
            "clinician": self.clinician.address,
            "custodian": self.custodians[0].address,
            "share": keccak256(b"wrapped share"),
        }
        filled = self._about({**defaults, **terms})
        return ReleaseShare(**{"seq": self._case_seq(filled), **filled})

    def approval(self, **terms: Any) -> ApproveRecovery:
        defaults = {"controller": self.stranger.address, "seq": self.seq()}
        return ApproveRecovery(**self._about({**defaults, **terms}))

    def veto(self, **terms: Any) -> VetoRecovery:
        defaults = {"controller": self.stranger.address, "seq": self.seq()}
        return VetoRecovery(**self._about({**defaults, **terms}))

    def successor(self, **terms: Any) -> SetSuccessor:
        defaults = {"successor": self.consent.address, "seq": self.seq()}
        return SetSuccessor(**self._about({**defaults, **terms}))

    def batch(
        self,
        *,
        versions: Sequence[Version] = (),
        revocations: Sequence[Revocation] = (),
        grants: Sequence[Grant] = (),
        **terms: Any,
    ) -> Batch:
        parts = {
            "versions": tuple(versions),
            "revocations": tuple(revocations),
            "grants": tuple(grants),
        }
        defaults = {
            "author": self.patient.address,
            "cutoff": self.consent.standing(self.patient)[1],
        }
        return Batch(**self._about({**defaults, **parts, **terms}))

    def version(self, **terms: Any) -> Version:
        record = terms.get("record", HISTORY_RECORD)
        defaults = {
            "record": record,
            "commitment": keccak256(b"next commitment" + record),
            "previous": bytes(self.consent.records(self.patient, record)),
            "envelope": keccak256(b"envelope"),
        }
        return Version(**{**defaults, **terms})

    def revocation(self, **terms: Any) -> Revocation:
        defaults = {"grantee": self.clinician.address, "record": HISTORY_RECORD, **terms}
        return Revocation(**{"seq": self._grant_seq(defaults), **defaults})

    def grant(self, **terms: Any) -> Grant:
        defaults = {
            "grantee": self.clinician.address,
            "record": HISTORY_RECORD,
            "purposes": int(Purpose.TREAT),
            "expiry": self.now() + 30 * DAY,
            "request": bytes(32),
            "envelope": keccak256(b"envelope"),
            **terms,
        }
        return Grant(**{"seq": self._grant_seq(defaults), **defaults})

    def refused(self, message: TypedStruct, sender: AccountAPI, reason: str, **extra: Any) -> None:
        """Check that sending would revert for this reason; by a call, which is quick."""
        name, arguments = self.desk.sent_call(message, **extra)
        with reverts(reason):
            getattr(self.consent, name).call(*arguments, sender=sender)

    def bring(self, way: str, message: TypedStruct, signer: AccountAPI, **extra: Any) -> ReceiptAPI:
        """Have the signer send the message, or the relayer carry it, as `way` says."""
        run = self.desk.send if way == "sent" else self.desk.sign_and_carry
        return run(message, signer, **extra)

    def refused_both_ways(
        self, message: TypedStruct, signer: AccountAPI, reason: str, **extra: Any
    ) -> None:
        """Check that it would revert for this reason, sent by the signer and carried for it."""
        self.refused(message, signer, reason, **extra)
        self.desk.refused(message, self.desk.sign(signer, message), reason, **extra)

    def refused_of(self, signer: AccountAPI, message: TypedStruct, **extra: Any) -> None:
        """Check that this account can neither send the message nor sign it for another."""
        self.refused(message, signer, "Consent: wrong sender", **extra)
        signature = self.desk.sign(signer, message)
        self.desk.refused(message, signature, "Consent: wrong signature", **extra)

    def head(self) -> bytes:
        return bytes(self.consent.heads(self.patient))

    def controller(self) -> str:
        return str(self.consent.standing(self.patient)[0])

    def approve(self, guardian: AccountAPI, **terms: Any) -> ReceiptAPI:
        """A guardian sends an approval."""
        return self.desk.send(self.approval(**terms), guardian, guardian=guardian.address)

    def propose(self, controller: AccountAPI | None = None) -> int:
        """Two guardians approve the same, so a recovery is pending; when it is due."""
        asked = controller or self.stranger
        for guardian in self.guardians[:2]:
            self.approve(guardian, controller=asked.address)
        return int(self.consent.recovery(self.patient)[1])

    def open_case(self, **terms: Any) -> None:
        """The clinician opens a case alone, as the policy of the scene allows."""
        self.desk.send(self.case(**terms), self.clinician)

    def refuses_to_complete(self, sender: AccountAPI, reason: str) -> None:
        """Check that a recovery cannot be completed for this reason."""
        with reverts(reason):
            self.consent.complete_recovery.call(self.patient, sender=sender)

    def recover(self, controller: AccountAPI) -> None:
        """Two guardians move control to `controller`, a week later."""
        self.propose(controller)
        self.pass_time(WEEK)
        self.consent.complete_recovery(self.patient, sender=self.stranger)

    def reads(self, record: bytes = HISTORY_RECORD, purpose: int = Purpose.ETREAT) -> bool:
        """Whether the clinician has access."""
        return bool(self.consent.has_access(self.patient, self.clinician, record, purpose))

    def is_open(self) -> bool:
        return bool(self.consent.is_open(self.patient, self.clinician))

    def _about(self, terms: dict[str, Any]) -> dict[str, Any]:
        return {"patient": self.patient.address, "deadline": self.now() + DAY, **terms}

    def _case_seq(self, terms: dict[str, Any]) -> int:
        return int(self.consent.emergency_case(terms["patient"], terms["clinician"])[2])

    def _grant_seq(self, terms: dict[str, Any]) -> int:
        return int(self.consent.terms(self.patient, terms["grantee"], terms["record"])[2])
