"""What the Consent contract does, said a second time, in Python and independently of it.

A model to hold the contract against, call by call: the same call is refused here with the same
words, or has the same events, heads and answers. It knows no packed words and no gas, and is plain
rather than quick. Pure: time, signatures and licences are given to it. Guardians and emergencies
are in `core.consent_settings`.

A call is a name and arguments as in contracts/interfaces/IConsent.vyi, and a sender. What refuses
raises `Refused` with the contract's words and changes nothing.
"""

from collections.abc import Sequence
from typing import Any

from core.consent_settings import ConsentSettings
from core.consent_state import Refused, require
from core.events import (
    AccessGranted,
    AccessRequested,
    AccessRevoked,
    AllAccessRevoked,
    ChainEvent,
    ReadingKeyPublished,
    RecordOpened,
    RecordSealed,
)
from core.hashing import ZERO_ADDRESS, ZERO_HASH, Address, keccak256
from core.limits import LONGEST_GRANT_SECONDS, MOST_PURPOSES
from core.purposes import Purpose
from core.records import ALL_RECORDS, READING_KEY_BYTES
from core.records import Terms as GrantTerms
from core.typed_data import (
    Batch,
    GrantAccess,
    OpenRecord,
    PublishReadingKey,
    RequestAccess,
    RevokeAccess,
    RevokeAllAccess,
    SealRecord,
)

NEVER = GrantTerms(expiry=0, granted_at=0, seq=0, purposes=0)


class ConsentModel(ConsentSettings):
    """One Consent contract."""

    def call(self, name: str, sender: Address, **arguments: Any) -> tuple[ChainEvent, ...]:
        """Make a call; its events. Raises Refused, and then nothing has changed."""
        self.begin(sender)
        try:
            getattr(self, f"_{name}")(**arguments)
        except Refused:
            self.undo()
            raise
        return tuple(self.logged)

    def has_access(self, patient: Address, grantee: Address, record: bytes, purpose: int) -> bool:
        """Whether `grantee` may use `record` now for every bit of `purpose`."""
        if grantee == self.controller(patient):
            return grantee != ZERO_ADDRESS
        for each in (record, ALL_RECORDS):
            terms = self.terms(patient, grantee, each)
            covers = purpose and purpose & ~terms.purposes == 0
            if covers and self.now < terms.expiry and terms.granted_at > self.cutoff(patient):
                return True
        return purpose == Purpose.ETREAT and self.covers(patient, grantee, record)

    def terms(self, patient: Address, grantee: Address, record: bytes) -> GrantTerms:
        """The grant on exactly this record."""
        return self.grants.get((patient, grantee, record), NEVER)

    def commitment(self, patient: Address, record: bytes) -> bytes:
        """The version that counts; zero before the first."""
        return self.commitments.get((patient, record), ZERO_HASH)

    # Records

    def _seal(
        self, patient: Address, record: bytes, commitment: bytes, previous: bytes, envelope: bytes
    ) -> None:
        self._do_seal(self.sender, patient, record, commitment, previous, envelope)

    def _seal_signed(
        self,
        author: Address,
        patient: Address,
        record: bytes,
        commitment: bytes,
        previous: bytes,
        envelope: bytes,
        deadline: int,
        signature: bytes,
    ) -> None:
        message = SealRecord(
            patient=patient,
            author=author,
            record=record,
            commitment=commitment,
            previous=previous,
            envelope=envelope,
            deadline=deadline,
        )
        self.require_signed(author, message, signature)
        self._do_seal(author, patient, record, commitment, previous, envelope)

    def _do_seal(
        self,
        author: Address,
        patient: Address,
        record: bytes,
        commitment: bytes,
        previous: bytes,
        envelope: bytes,
    ) -> None:
        require(record != ALL_RECORDS, "unknown record")
        require(commitment != ZERO_HASH, "empty commitment")
        is_controller = author == self.controller(patient)
        may = is_controller or self.has_access(patient, author, record, Purpose.WRITE)
        require(may, "not an author")
        require(previous == self.commitment(patient, record), "wrong previous commitment")
        require(commitment != previous, "wrong previous commitment")
        self.set(self.commitments, (patient, record), commitment)
        self.log(
            RecordSealed,
            patient=patient,
            author=author,
            record=record,
            commitment=commitment,
            envelope=envelope,
        )

    def _open_record(
        self,
        reader: Address,
        patient: Address,
        record: bytes,
        purpose: int,
        deadline: int,
        signature: bytes,
    ) -> None:
        commitment = self.commitment(patient, record)
        message = OpenRecord(
            reader=reader,
            patient=patient,
            record=record,
            commitment=commitment,
            purpose=purpose,
            head=self.head(patient),
            deadline=deadline,
        )
        self.agree(reader, message, signature)
        require(self.has_access(patient, reader, record, purpose), "no access")
        require(commitment != ZERO_HASH, "unknown record")
        known = 0 < purpose <= MOST_PURPOSES and purpose.bit_count() == 1
        require(known, "unknown purpose")
        self.log(
            RecordOpened,
            patient=patient,
            reader=reader,
            record=record,
            commitment=commitment,
            purpose=purpose,
        )

    # Requests and grants

    def _request(
        self, patient: Address, record: bytes, purposes: int, expiry: int, deadline: int
    ) -> None:
        self._do_request(self.sender, patient, record, purposes, expiry, deadline, None)

    def _request_signed(
        self,
        grantee: Address,
        patient: Address,
        record: bytes,
        purposes: int,
        expiry: int,
        deadline: int,
        signature: bytes,
    ) -> None:
        self._do_request(grantee, patient, record, purposes, expiry, deadline, signature)

    def _do_request(
        self,
        grantee: Address,
        patient: Address,
        record: bytes,
        purposes: int,
        expiry: int,
        deadline: int,
        signature: bytes | None,
    ) -> None:
        message = RequestAccess(
            grantee=grantee,
            patient=patient,
            record=record,
            purposes=purposes,
            expiry=expiry,
            deadline=deadline,
        )
        if signature is not None:
            self.require_signed(grantee, message, signature)
        require(patient != ZERO_ADDRESS, "empty account")
        require(patient != grantee, "self grant")
        self._require_terms(purposes, expiry)
        self.log(
            AccessRequested,
            patient=patient,
            grantee=grantee,
            record=record,
            purposes=purposes,
            expiry=expiry,
            request=message.digest(self.domain),
        )

    def _grant(
        self,
        patient: Address,
        grantee: Address,
        record: bytes,
        purposes: int,
        expiry: int,
        request: bytes,
        envelope: bytes,
    ) -> None:
        require(self.sender == self.controller(patient), "not the controller")
        self.require_settled(patient)
        self._do_grant(patient, grantee, record, purposes, expiry, request, envelope)

    def _grant_signed(
        self,
        patient: Address,
        grantee: Address,
        record: bytes,
        purposes: int,
        expiry: int,
        request: bytes,
        envelope: bytes,
        deadline: int,
        signature: bytes,
    ) -> None:
        self.require_settled(patient)
        message = GrantAccess(
            patient=patient,
            grantee=grantee,
            record=record,
            purposes=purposes,
            expiry=expiry,
            request=request,
            envelope=envelope,
            seq=self.terms(patient, grantee, record).seq,
            cutoff=self.cutoff(patient),
            deadline=deadline,
        )
        self.require_signed(self.controller(patient), message, signature)
        self._do_grant(patient, grantee, record, purposes, expiry, request, envelope)

    def _do_grant(
        self,
        patient: Address,
        grantee: Address,
        record: bytes,
        purposes: int,
        expiry: int,
        request: bytes,
        envelope: bytes,
    ) -> None:
        require(grantee not in (patient, self.controller(patient)), "self grant")
        require(grantee != ZERO_ADDRESS, "empty account")
        self._require_terms(purposes, expiry)
        terms = GrantTerms(
            expiry=expiry,
            granted_at=self._next_moment(patient),
            seq=self.terms(patient, grantee, record).seq + 1,
            purposes=purposes,
        )
        self.set(self.grants, (patient, grantee, record), terms)
        self.log(
            AccessGranted,
            patient=patient,
            grantee=grantee,
            record=record,
            purposes=purposes,
            expiry=expiry,
            granted_at=terms.granted_at,
            seq=terms.seq,
            request=request,
            envelope=envelope,
        )

    def _revoke(self, patient: Address, grantee: Address, record: bytes) -> None:
        require(self.sender == self.controller(patient), "not the controller")
        self._do_revoke(patient, grantee, record)

    def _revoke_signed(
        self, patient: Address, grantee: Address, record: bytes, deadline: int, signature: bytes
    ) -> None:
        message = RevokeAccess(
            patient=patient,
            grantee=grantee,
            record=record,
            seq=self.terms(patient, grantee, record).seq,
            deadline=deadline,
        )
        self.require_signed(self.controller(patient), message, signature)
        self._do_revoke(patient, grantee, record)

    def _do_revoke(self, patient: Address, grantee: Address, record: bytes) -> None:
        spent = self.terms(patient, grantee, record).seq + 1
        nothing = GrantTerms(expiry=0, granted_at=0, seq=spent, purposes=0)
        self.set(self.grants, (patient, grantee, record), nothing)
        self.log(AccessRevoked, patient=patient, grantee=grantee, record=record)

    def _revoke_all(self, patient: Address, deadline: int, signature: bytes) -> None:
        message = RevokeAllAccess(patient=patient, cutoff=self.cutoff(patient), deadline=deadline)
        self.agree(self.controller(patient), message, signature)
        cutoff = self._next_moment(patient)
        self.set(self.cutoffs, patient, cutoff)
        self.log(AllAccessRevoked, patient=patient, cutoff=cutoff)

    def _batch(
        self,
        patient: Address,
        author: Address,
        versions: Sequence[Any],
        revocations: Sequence[Any],
        grants: Sequence[Any],
        deadline: int,
        signature: bytes,
    ) -> None:
        """The parts are core.typed_data values; what they say of nonces is not believed."""
        message = Batch(
            patient=patient,
            author=author,
            versions=tuple(versions),
            revocations=tuple(self._numbered(patient, each) for each in revocations),
            grants=tuple(self._numbered(patient, each) for each in grants),
            cutoff=self.cutoff(patient),
            deadline=deadline,
        )
        self.agree(author, message, signature)
        for version in versions:
            self._do_seal(
                author,
                patient,
                version.record,
                version.commitment,
                version.previous,
                version.envelope,
            )
        if revocations or grants:
            require(author == self.controller(patient), "not the controller")
        for each in revocations:
            self._do_revoke(patient, each.grantee, each.record)
        if grants:
            self.require_settled(patient)
        for each in grants:
            self._do_grant(
                patient,
                each.grantee,
                each.record,
                each.purposes,
                each.expiry,
                each.request,
                each.envelope,
            )

    def _numbered(self, patient: Address, part: Any) -> Any:
        values = {name: getattr(part, name) for name, _ in type(part).schema()}
        seq = self.terms(patient, part.grantee, part.record).seq
        return type(part)(**{**values, "seq": seq})

    # Reading keys

    def _publish_reading_key(
        self, account: Address, key: bytes, deadline: int, signature: bytes
    ) -> None:
        previous = self.reading_keys.get(account, ZERO_HASH)
        message = PublishReadingKey(
            account=account, key_hash=keccak256(key), previous=previous, deadline=deadline
        )
        self.agree(account, message, signature)
        require(len(key) == READING_KEY_BYTES, "malformed key")
        self.set(self.reading_keys, account, keccak256(key))
        self.log(ReadingKeyPublished, account=account, previous=previous, key=key)

    def _require_terms(self, purposes: int, expiry: int) -> None:
        require(0 < purposes <= MOST_PURPOSES, "unknown purpose")
        require(expiry > self.now, "expiry in the past")
        require(expiry <= self.now + LONGEST_GRANT_SECONDS, "expiry beyond ten years")

    def _next_moment(self, patient: Address) -> int:
        return max(self.now, self.cutoff(patient) + 1)
