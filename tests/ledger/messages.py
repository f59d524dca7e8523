"""Valid messages for a ledger's present state; a test changes the one field it is about."""

from dataclasses import dataclass
from typing import Any

from core.eip712 import TypedStruct
from core.hashing import ZERO_HASH, Address, keccak256
from core.ports import Ledger, Signer
from core.records import HISTORY_RECORD
from core.typed_data import (
    Batch,
    Grant,
    GrantAccess,
    OpenRecord,
    PublishReadingKey,
    RequestAccess,
    Revocation,
    RevokeAccess,
    RevokeAllAccess,
    SealRecord,
    Signed,
    Version,
)

TREAT, RESEARCH, WRITE = 1, 4, 1 << 31
READING_KEY = bytes(range(256)) * 4 + bytes(192)


@dataclass(frozen=True, slots=True, kw_only=True)
class Messages:
    """What a patient and a doctor say to each other."""

    ledger: Ledger
    patient: Address
    doctor: Address

    def seal(self, **overrides: Any) -> SealRecord:
        previous = self.ledger.commitment(self.patient, HISTORY_RECORD)
        fields = {
            "patient": self.patient,
            "author": self.patient,
            "record": HISTORY_RECORD,
            "commitment": keccak256(b"next" + previous),
            "previous": previous,
            "envelope": keccak256(b"envelope"),
            "deadline": self._deadline(),
        }
        return SealRecord(**fields | overrides)

    def request(self, **overrides: Any) -> RequestAccess:
        fields = {
            "grantee": self.doctor,
            "patient": self.patient,
            "record": HISTORY_RECORD,
            "purposes": TREAT,
            "expiry": self.ledger.now() + 3_600,
            "deadline": self._deadline(),
        }
        return RequestAccess(**fields | overrides)

    def grant(self, **overrides: Any) -> GrantAccess:
        fields = {
            "patient": self.patient,
            "grantee": self.doctor,
            "record": HISTORY_RECORD,
            "purposes": TREAT,
            "expiry": self.ledger.now() + 3_600,
            "request": ZERO_HASH,
            "envelope": keccak256(b"envelope"),
            "cutoff": self.ledger.cutoff(self.patient),
            "deadline": self._deadline(),
        } | overrides
        fields.setdefault("seq", self._seq(fields["grantee"], fields["record"]))
        return GrantAccess(**fields)

    def revoke(self, **overrides: Any) -> RevokeAccess:
        fields = {
            "patient": self.patient,
            "grantee": self.doctor,
            "record": HISTORY_RECORD,
            "deadline": self._deadline(),
        } | overrides
        fields.setdefault("seq", self._seq(fields["grantee"], fields["record"]))
        return RevokeAccess(**fields)

    def revoke_all(self, **overrides: Any) -> RevokeAllAccess:
        fields = {
            "patient": self.patient,
            "cutoff": self.ledger.cutoff(self.patient),
            "deadline": self._deadline(),
        }
        return RevokeAllAccess(**fields | overrides)

    def publish(self, **overrides: Any) -> PublishReadingKey:
        fields = {
            "account": self.doctor,
            "key_hash": keccak256(READING_KEY),
            "deadline": self._deadline(),
        } | overrides
        present = self.ledger.reading_key(fields["account"])
        fields.setdefault("previous", ZERO_HASH if present is None else keccak256(present))
        return PublishReadingKey(**fields)

    def receipt(self, **overrides: Any) -> OpenRecord:
        fields = {
            "reader": self.doctor,
            "patient": self.patient,
            "record": HISTORY_RECORD,
            "commitment": self.ledger.commitment(self.patient, HISTORY_RECORD),
            "purpose": TREAT,
            "head": self.ledger.head(self.patient),
            "deadline": self._deadline(),
        }
        return OpenRecord(**fields | overrides)

    def batch(self, **overrides: Any) -> Batch:
        """A new version, the doctor taken out, and let in again at once."""
        sealed, revoked, granted = self.seal(), self.revoke(), self.grant()
        fields = {
            "patient": self.patient,
            "author": self.patient,
            "versions": (_part(Version, sealed),),
            "revocations": (_part(Revocation, revoked),),
            "grants": (_part(Grant, granted),),
            "cutoff": self.ledger.cutoff(self.patient),
            "deadline": self._deadline(),
        }
        return Batch(**fields | overrides)

    def _deadline(self) -> int:
        return self.ledger.now() + 600

    def _seq(self, grantee: Address, record: bytes) -> int:
        return self.ledger.terms(self.patient, grantee, record).seq


def _part(kind: type[Any], message: TypedStruct) -> Any:
    return kind(**{name: getattr(message, name) for name, _ in kind.schema()})


def signed(ledger: Ledger, signer: Signer, message: TypedStruct, payload: bytes = b"") -> Signed:
    return Signed(message=message, signature=signer.sign(ledger.domain, message), payload=payload)


def tell_story(ledger: Ledger, patient: Signer, doctor: Signer) -> None:
    """One of every event, in a plausible order, and everything revoked in the end."""
    say = Messages(ledger=ledger, patient=patient.account, doctor=doctor.account)

    def relay(signer: Signer, message: TypedStruct, payload: bytes = b"") -> None:
        ledger.relay(signed(ledger, signer, message, payload))

    relay(doctor, say.publish(), READING_KEY)
    relay(patient, say.seal())
    request = say.request()
    relay(doctor, request)
    relay(patient, say.grant(request=request.digest(ledger.domain), expiry=request.expiry))
    relay(doctor, say.receipt())
    relay(patient, say.revoke())
    relay(patient, say.revoke_all())
