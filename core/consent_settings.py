"""The part of the Consent model about guardians, recoveries and emergencies."""

from collections.abc import Sequence
from dataclasses import replace

from core.consent_state import Circle, ConsentState, EmergencyCase, Policy, require
from core.events import (
    CircleSet,
    EmergencyClosed,
    EmergencyOpened,
    EmergencyPolicySet,
    EmergencyVetoed,
    RecoveryApproved,
    RecoveryCompleted,
    RecoveryProposed,
    RecoveryVetoed,
    ShareReleased,
    SuccessorSet,
)
from core.hashing import ZERO_ADDRESS, ZERO_HASH, Address
from core.limits import (
    CLINICIAN_ALONE,
    CLINICIAN_AND_GUARDIAN,
    CUSTODIANS,
    GUARDIANS,
    HOUR_SECONDS,
    LONGEST_DELAY_SECONDS,
    LONGEST_WINDOW_HOURS,
    OFF,
    RECOVERY_SECONDS,
    TWO_CLINICIANS,
)
from core.typed_data import (
    ApproveRecovery,
    EndEmergency,
    OpenEmergency,
    ReleaseShare,
    SetCustodians,
    SetEmergencyPolicy,
    SetGuardians,
    SetSuccessor,
    VetoRecovery,
)


class ConsentSettings(ConsentState):
    """What a patient sets rarely, and what follows from it."""

    def is_member(self, patient: Address, circle: int, account: Address) -> bool:
        return account in self.circle(patient, circle).members

    def circle(self, patient: Address, circle: int) -> Circle:
        return self.circles.get((patient, circle), Circle())

    def policy(self, patient: Address) -> Policy:
        return self.policies.get(patient, Policy())

    def case(self, patient: Address, clinician: Address) -> EmergencyCase:
        return self.cases.get((patient, clinician), EmergencyCase())

    def is_open(self, patient: Address, clinician: Address) -> bool:
        """Whether a case of `clinician` lets it read now."""
        case = self.case(patient, clinician)
        return (
            case.opens_at <= self.now < case.closes_at
            and case.policy_seq == self.policy(patient).seq
            and case.cutoff == self.cutoff(patient)
            and self.is_licensed(clinician)
        )

    def covers(self, patient: Address, clinician: Address, record: bytes) -> bool:
        """Whether an open case lets `clinician` read this record."""
        allowed = self.policy(patient).record
        return self.is_open(patient, clinician) and allowed in (ZERO_HASH, record)

    def settings_seq(self, patient: Address) -> int:
        return self.settings.get(patient, 0)

    def _spend(self, patient: Address) -> int:
        seq = self.settings_seq(patient) + 1
        self.set(self.settings, patient, seq)
        return seq

    # Settings

    def _set_circle(
        self,
        patient: Address,
        circle: int,
        members: Sequence[Address],
        threshold: int,
        deadline: int,
        signature: bytes,
    ) -> None:
        require(circle in (GUARDIANS, CUSTODIANS), "unknown circle")
        self.require_settled(patient)
        kind = SetGuardians if circle == GUARDIANS else SetCustodians
        message = kind(
            patient=patient,
            members=tuple(members),
            threshold=threshold,
            seq=self.settings_seq(patient),
            deadline=deadline,
        )
        controller = self.controller(patient)
        self.agree(controller, message, signature)
        fits = threshold <= len(members) and (threshold or not members)
        require(fits, "wrong threshold")
        self._spend(patient)
        for place, member in enumerate(members):
            require(member != ZERO_ADDRESS, "empty account")
            require(member not in (patient, controller), "own circle")
            require(member not in members[:place], "duplicate account")
        named = Circle(members=frozenset(members), threshold=threshold)
        self.set(self.circles, (patient, circle), named)
        self.log(
            CircleSet, patient=patient, circle=circle, members=tuple(members), threshold=threshold
        )

    def _set_emergency_policy(
        self,
        patient: Address,
        mode: int,
        delay: int,
        window: int,
        record: bytes,
        deadline: int,
        signature: bytes,
    ) -> None:
        self.require_settled(patient)
        message = SetEmergencyPolicy(
            patient=patient,
            mode=mode,
            delay=delay,
            window=window,
            record=record,
            seq=self.settings_seq(patient),
            deadline=deadline,
        )
        self.agree(self.controller(patient), message, signature)
        require(mode <= CLINICIAN_ALONE, "unknown mode")
        require(delay <= LONGEST_DELAY_SECONDS, "delay too long")
        require(window <= LONGEST_WINDOW_HOURS and (window or not mode), "wrong window")
        seq = self._spend(patient)
        policy = Policy(mode=mode, delay=delay, window=window, record=record, seq=seq)
        self.set(self.policies, patient, policy)
        self.log(
            EmergencyPolicySet,
            patient=patient,
            record=record,
            mode=mode,
            delay=delay,
            window=window,
        )

    def _set_successor(
        self, patient: Address, successor: Address, deadline: int, signature: bytes
    ) -> None:
        self.require_settled(patient)
        message = SetSuccessor(
            patient=patient,
            successor=successor,
            seq=self.settings_seq(patient),
            deadline=deadline,
        )
        self.agree(self.controller(patient), message, signature)
        self._spend(patient)
        self.set(self.successors, patient, successor)
        self.log(SuccessorSet, patient=patient, successor=successor)

    # Recovery

    def _approve_recovery(
        self,
        patient: Address,
        controller: Address,
        guardian: Address,
        deadline: int,
        signature: bytes,
    ) -> None:
        require(controller != ZERO_ADDRESS, "empty account")
        self.require_settled(patient)
        require(controller != self.controller(patient), "same controller")
        require(self.is_member(patient, GUARDIANS, guardian), "not a guardian")
        seq = self.settings_seq(patient)
        message = ApproveRecovery(
            patient=patient, controller=controller, seq=seq, deadline=deadline
        )
        self.agree(guardian, message, signature)
        approved = self.approvals.get((patient, controller, seq), frozenset())
        require(guardian not in approved, "duplicate account")
        approved |= {guardian}
        self.set(self.approvals, (patient, controller, seq), approved)
        self.log(RecoveryApproved, patient=patient, controller=controller, guardian=guardian)
        if len(approved) == self.circle(patient, GUARDIANS).threshold:
            due = self.now + RECOVERY_SECONDS
            self._spend(patient)
            self.set(self.recoveries, patient, (controller, due))
            self.log(RecoveryProposed, patient=patient, controller=controller, due=due)

    def _veto_recovery(self, patient: Address, deadline: int, signature: bytes) -> None:
        require(patient in self.recoveries, "no recovery pending")
        proposed, _ = self.recoveries[patient]
        message = VetoRecovery(
            patient=patient,
            controller=proposed,
            seq=self.settings_seq(patient),
            deadline=deadline,
        )
        self.agree(self.controller(patient), message, signature)
        self._spend(patient)
        self.forget(self.recoveries, patient)
        self.log(RecoveryVetoed, patient=patient, controller=proposed)

    def _complete_recovery(self, patient: Address) -> None:
        require(patient in self.recoveries, "no recovery pending")
        proposed, due = self.recoveries[patient]
        require(self.now >= due, "recovery not due")
        self.forget(self.recoveries, patient)
        self.set(self.controllers, patient, proposed)
        self.log(RecoveryCompleted, patient=patient, controller=proposed)

    # Emergencies

    def _open_emergency(
        self,
        patient: Address,
        clinician: Address,
        cosigner: Address,
        reason: bytes,
        deadline: int,
        signature: bytes,
        cosignature: bytes,
    ) -> None:
        policy, case = self.policy(patient), self.case(patient, clinician)
        reader_key = self.reading_keys.get(clinician, ZERO_HASH)
        require(policy.mode != OFF, "emergencies are off")
        require(self.now >= case.closes_at, "emergency running")
        require(reader_key != ZERO_HASH, "no reading key")
        self._require_pair(patient, clinician, cosigner, policy.mode)
        message = OpenEmergency(
            patient=patient,
            clinician=clinician,
            record=policy.record,
            reader_key=reader_key,
            reason=reason,
            seq=case.seq,
            deadline=deadline,
        )
        self.agree(clinician, message, signature)
        if cosigner != ZERO_ADDRESS:
            self.agree(cosigner, message, cosignature)
        require(reason != ZERO_HASH, "empty reason")
        opened = EmergencyCase(
            seq=case.seq + 1,
            opens_at=self.now + policy.delay,
            closes_at=self.now + policy.delay + policy.window * HOUR_SECONDS,
            cutoff=self.cutoff(patient),
            policy_seq=policy.seq,
        )
        self.set(self.cases, (patient, clinician), opened)
        self.log(
            EmergencyOpened,
            patient=patient,
            clinician=clinician,
            record=policy.record,
            cosigner=cosigner,
            reader_key=reader_key,
            reason=reason,
            opens_at=opened.opens_at,
            closes_at=opened.closes_at,
        )

    def _require_pair(
        self, patient: Address, clinician: Address, cosigner: Address, mode: int
    ) -> None:
        is_alone = mode != CLINICIAN_ALONE or cosigner == ZERO_ADDRESS
        require(cosigner != clinician and is_alone, "wrong cosigner")
        require(self.is_licensed(clinician), "not licensed")
        if mode == TWO_CLINICIANS:
            require(self.is_licensed(cosigner), "not licensed")
        if mode == CLINICIAN_AND_GUARDIAN:
            require(self.is_member(patient, GUARDIANS, cosigner), "not a guardian")

    def _end_emergency(
        self, patient: Address, clinician: Address, by: Address, deadline: int, signature: bytes
    ) -> None:
        case = self.case(patient, clinician)
        is_running = self.now < case.closes_at and case.opens_at != case.closes_at
        require(is_running, "no emergency")
        message = EndEmergency(
            patient=patient, clinician=clinician, seq=case.seq, deadline=deadline
        )
        self.agree(by, message, signature)
        if by == clinician:
            self.set(self.cases, (patient, clinician), EmergencyCase(seq=case.seq))
            self.log(EmergencyClosed, patient=patient, clinician=clinician)
            return
        may = by == self.controller(patient) or self.is_member(patient, GUARDIANS, by)
        require(may, "not a guardian")
        self.set(self.cases, (patient, clinician), replace(case, opens_at=case.closes_at))
        self.log(EmergencyVetoed, patient=patient, clinician=clinician, by=by)

    def _release_share(
        self,
        patient: Address,
        clinician: Address,
        custodian: Address,
        share: bytes,
        deadline: int,
        signature: bytes,
    ) -> None:
        require(self.is_open(patient, clinician), "no emergency")
        require(self.is_member(patient, CUSTODIANS, custodian), "not a custodian")
        seq = self.case(patient, clinician).seq
        message = ReleaseShare(
            patient=patient,
            clinician=clinician,
            custodian=custodian,
            share=share,
            seq=seq,
            deadline=deadline,
        )
        self.agree(custodian, message, signature)
        released = self.shares.get((patient, clinician, custodian))
        require(released != seq, "share released")
        self.set(self.shares, (patient, clinician, custodian), seq)
        self.log(
            ShareReleased, patient=patient, clinician=clinician, custodian=custodian, share=share
        )
