"""Which call comes next: mostly one that fits, often one that is a little wrong."""

from random import Random
from typing import Any

from core.consent import ConsentModel
from core.credentials import CredentialsModel
from core.hashing import ZERO_ADDRESS, ZERO_HASH, Address, keccak256
from core.limits import LONGEST_GRANT_SECONDS, MOST_IN_A_BATCH
from core.records import READING_KEY_BYTES
from core.typed_data import Grant, Revocation, Version
from scripts._walk.actors import Actors

RECORDS = (keccak256(b"history"), keccak256(b"images"))
DAY, WEEK = 86_400, 7 * 86_400
Arguments = dict[str, Any]

WEIGHTS = {
    "seal": 10,
    "request": 4,
    "grant": 16,
    "revoke": 7,
    "revoke_all": 2,
    "publish_reading_key": 2,
    "open_record": 6,
    "batch": 5,
    "set_circle": 4,
    "set_emergency_policy": 3,
    "open_emergency": 9,
    "end_emergency": 3,
    "release_share": 4,
    "approve_recovery": 7,
    "veto_recovery": 2,
    "complete_recovery": 4,
    "set_successor": 2,
}
TWINS = ("seal", "request", "grant", "revoke")
REGISTRY = {
    "propose_regulator": 1,
    "accept_regulator": 1,
    "add_issuer": 2,
    "remove_issuer": 1,
    "license": 6,
    "revoke_license": 2,
}


class Calls:
    """Draws calls for the present state of the models."""

    def __init__(
        self, random: Random, actors: Actors, consent: ConsentModel, registry: CredentialsModel
    ) -> None:
        self.random = random
        self.actors = actors
        self.consent = consent
        self.registry = registry
        self._count = 0

    @property
    def now(self) -> int:
        return self.consent.now

    def seldom(self, share: float = 0.06) -> bool:
        return self.random.random() < share

    def anybody(self) -> Address:
        return ZERO_ADDRESS if self.seldom(0.02) else self.random.choice(self.actors.everybody)

    def patient(self) -> Address:
        if self.seldom(0.01):
            return ZERO_ADDRESS
        return self.anybody() if self.seldom() else self.random.choice(self.actors.patients)

    def fresh(self) -> bytes:
        self._count += 1
        return ZERO_HASH if self.seldom(0.02) else keccak256(b"fresh %d" % self._count)

    def deadline(self) -> int:
        return self.consent.now + self.random.choice((0, 600, WEEK + DAY, -1, 2**64, 2**255))

    def record(self) -> bytes:
        return ZERO_HASH if self.seldom(0.12) else self.random.choice(RECORDS)

    def purposes(self) -> int:
        if self.seldom(0.08):
            return self.random.choice((0, 2**32, 2**32 + 1, 1 << 120, 2**255 + 1, 2**256 - 1))
        return self.random.choice((1, 2, 3, 4, 2**31, 2**31 + 1, 2**32 - 1))

    def expiry(self) -> int:
        if self.seldom(0.12):
            beyond = LONGEST_GRANT_SECONDS + self.random.choice((0, 1))
            return self.random.choice((0, self.consent.now + beyond, 2**40, 2**256 - 1))
        ahead = self.random.choice((0, 1, 3_600, 30 * DAY, LONGEST_GRANT_SECONDS))
        return self.consent.now + ahead

    def moments(self) -> list[int]:
        """When grants, cases, recoveries and licences of now begin or end, nearest ones only."""
        model = self.consent
        ends = [terms.expiry for terms in model.grants.values()]
        ends += [due for _, due in model.recoveries.values()]
        ends += [until for _, until in self.registry.licenses.values()]
        for case in model.cases.values():
            ends += [case.opens_at, case.closes_at]
        return [each for each in ends if each < model.now + 30 * DAY]

    def draw(self) -> tuple[str, Arguments]:
        """Name and arguments of a call to Consent; the signature is still to be made."""
        due = sorted(p for p, (_, at) in self.consent.recoveries.items() if abs(at - self.now) < 2)
        if due and self.random.random() < 0.5:  # a second early, in time, a second late
            return "complete_recovery", {"patient": self.random.choice(due)}
        name = self.random.choices(tuple(WEIGHTS), tuple(WEIGHTS.values()))[0]
        arguments: Arguments = getattr(self, f"_{name}")(self.patient())
        if name in TWINS and self.random.random() < 0.5:
            return f"{name}_signed", arguments
        return name, arguments

    def draw_for_registry(self) -> tuple[str, Arguments, Address]:
        """Name, arguments and sender of a call to Credentials."""
        name = self.random.choices(tuple(REGISTRY), tuple(REGISTRY.values()))[0]
        sender = self.anybody()
        issuers = tuple(self.registry.issuers)
        who = self.anybody()
        if name == "license" and issuers and not self.seldom(0.2):
            sender = self.random.choice(sorted(issuers))
        elif name == "accept_regulator" and not self.seldom(0.2):
            sender = self.registry.proposed
        elif name == "revoke_license" and self.seldom(0.5):
            who, sender = self._licensed(who)
        elif name != "license" and not self.seldom(0.2):
            sender = self.registry.regulator
        if name == "remove_issuer" and issuers and not self.seldom(0.2):
            who = self.random.choice(sorted(issuers))
        arguments: dict[str, Arguments] = {
            "propose_regulator": {"regulator": who},
            "accept_regulator": {},
            "license": {"clinician": who, "until": self.expiry()},
            "revoke_license": {"clinician": who},
        }
        return name, arguments.get(name, {"issuer": who}), sender or self.anybody()

    def _licensed(self, otherwise: Address) -> tuple[Address, Address]:
        """A clinician with a licence, and its issuer."""
        given = sorted((who, issuer) for who, (issuer, _) in self.registry.licenses.items())
        return self.random.choice(given) if given else (otherwise, self.anybody())

    def _version(self, patient: Address) -> Arguments:
        record = self.record()
        present = self.consent.commitment(patient, record)
        commitment = present if self.seldom(0.03) else self.fresh()
        previous = self.fresh() if self.seldom() else present
        return {
            "record": record,
            "commitment": commitment,
            "previous": previous,
            "envelope": self.fresh(),
        }

    def _seal(self, patient: Address) -> Arguments:
        author = self.consent.controller(patient) if self.seldom(0.6) else self.anybody()
        return {"author": author, "patient": patient, **self._version(patient)} | self._end()

    def _request(self, patient: Address) -> Arguments:
        terms = {"record": self.record(), "purposes": self.purposes(), "expiry": self.expiry()}
        return {"grantee": self.anybody(), "patient": patient, **terms} | self._end()

    def _terms(self) -> Arguments:
        return {
            "grantee": self.anybody(),
            "record": self.record(),
            "purposes": self.purposes(),
            "expiry": self.expiry(),
            "request": self.fresh(),
            "envelope": self.fresh(),
        }

    def _grant(self, patient: Address) -> Arguments:
        return {"patient": patient, **self._terms()} | self._end()

    def _revoke(self, patient: Address) -> Arguments:
        place = {"grantee": self.anybody(), "record": self.record()}
        return {"patient": patient, **place} | self._end()

    def _revoke_all(self, patient: Address) -> Arguments:
        return {"patient": patient} | self._end()

    def _publish_reading_key(self, _: Address) -> Arguments:
        length = READING_KEY_BYTES - self.random.choice((0, 0, 0, 0, 0, 1, READING_KEY_BYTES))
        return {"account": self.anybody(), "key": (self.fresh() * 38)[:length]} | self._end()

    def _open_record(self, patient: Address) -> Arguments:
        purpose = self.purposes() if self.seldom(0.3) else self.random.choice((1, 2, 4))
        purpose = 0 if self.seldom(0.03) else purpose
        reader = self.consent.controller(patient) if self.seldom(0.2) else self.anybody()
        terms = {"record": self.record(), "purpose": purpose}
        return {"reader": reader, "patient": patient, **terms} | self._end()

    def _batch(self, patient: Address) -> Arguments:
        most = self.random.choice((1, 2, 3, MOST_IN_A_BATCH))
        few = [self.random.randint(0, most) for _ in range(3)]
        versions = tuple(Version(**self._version(patient)) for _ in range(min(few[0], 2)))
        places = (self._revoke(patient) for _ in range(few[1]))
        revocations = tuple(
            Revocation(grantee=each["grantee"], record=each["record"], seq=0) for each in places
        )
        grants = []
        for _ in range(few[2]):
            terms = self._terms()
            if most > 3:  # a long one would hardly ever go through if each part may be wrong
                good = [each for each in self.actors.everybody if each != patient]
                terms |= {"grantee": self.random.choice(good), "purposes": 1}
                terms["expiry"] = self.consent.now + DAY
            grants.append(Grant(**terms, seq=0))
        author = self.anybody() if self.seldom(0.2) else self.consent.controller(patient)
        return {
            "patient": patient,
            "author": author,
            "versions": versions,
            "revocations": revocations,
            "grants": tuple(grants),
        } | self._end()

    def _set_circle(self, patient: Address) -> Arguments:
        count = self.random.choice((0, 1, 2, 3, 3, 8))
        pool = [e for e in self.actors.everybody if e not in (patient, self._controller(patient))]
        members = self.random.sample(pool, count)
        if self.seldom(0.15) and members:
            members[-1] = self.random.choice((members[0], self.anybody(), patient, ZERO_ADDRESS))
        threshold = self.random.randint(0, len(members) + 1) if self.seldom(0.2) else count // 2 + 1
        return {
            "patient": patient,
            "circle": 2 if self.seldom(0.03) else self.random.choice((0, 0, 1)),
            "members": tuple(members),
            "threshold": min(threshold, 9) if members else threshold % 2,
        } | self._end()

    def _controller(self, patient: Address) -> Address:
        return self.consent.controller(patient)

    def _set_emergency_policy(self, patient: Address) -> Arguments:
        delays = (WEEK, WEEK + 1, 2**256 - 1) if self.seldom(0.1) else (0, 0, 60, DAY)
        windows = (0, 73, 2**250) if self.seldom(0.1) else (1, 24, 72)
        return {
            "patient": patient,
            "mode": self.random.choice((0, 0, 4, 2**255) if self.seldom(0.1) else (1, 2, 3)),
            "delay": self.random.choice(delays),
            "window": self.random.choice(windows),
            "record": self.record(),
        } | self._end()

    def _clinician(self) -> Address:
        licensed = [e for e in self.actors.everybody if self.registry.is_licensed(e)]
        return self.anybody() if self.seldom(0.2) or not licensed else self.random.choice(licensed)

    def _open_emergency(self, patient: Address) -> Arguments:
        mode = self.consent.policy(patient).mode
        guardians = sorted(self.consent.circle(patient, 0).members)
        cosigner = self._clinician() if mode == 1 else ZERO_ADDRESS
        if mode == 2 and guardians:
            cosigner = self.random.choice(guardians)
        if self.seldom(0.15):
            cosigner = self.anybody()
        return {
            "patient": patient,
            "clinician": self._clinician(),
            "cosigner": cosigner,
            "reason": self.fresh(),
        } | self._end()

    def _somebodys_case(self, patient: Address) -> tuple[Address, Address]:
        """A patient and a clinician, mostly of a case that runs."""
        cases = self.consent.cases.items()
        running = sorted(pair for pair, case in cases if self.consent.now < case.closes_at)
        if running and not self.seldom(0.15):
            return self.random.choice(running)
        return patient, self.anybody()

    def _end_emergency(self, patient: Address) -> Arguments:
        patient, clinician = self._somebodys_case(patient)
        guardians = sorted(self.consent.circle(patient, 0).members)
        ways = (clinician, self._controller(patient), self.anybody(), *guardians)
        by = self.random.choice(ways)
        return {"patient": patient, "clinician": clinician, "by": by} | self._end()

    def _release_share(self, patient: Address) -> Arguments:
        patient, clinician = self._somebodys_case(patient)
        custodians = sorted(self.consent.circle(patient, 1).members)
        given = custodians and not self.seldom(0.1)
        return {
            "patient": patient,
            "clinician": clinician,
            "custodian": self.random.choice(custodians) if given else self.anybody(),
            "share": self.fresh(),
        } | self._end()

    def _approve_recovery(self, patient: Address) -> Arguments:
        guardians = sorted(self.consent.circle(patient, 0).members)
        given = guardians and not self.seldom(0.1)
        targets = self.actors.everybody[3:5]
        return {
            "patient": patient,
            "controller": self.random.choice((self.anybody(), ZERO_ADDRESS))
            if self.seldom()
            else self.random.choice(targets),
            "guardian": self.random.choice(guardians) if given else self.anybody(),
        } | self._end()

    def _veto_recovery(self, patient: Address) -> Arguments:
        return {"patient": patient} | self._end()

    def _complete_recovery(self, patient: Address) -> Arguments:
        pending = sorted(self.consent.recoveries)
        return {"patient": self.random.choice(pending) if pending else patient}

    def _set_successor(self, patient: Address) -> Arguments:
        return {"patient": patient, "successor": self.anybody()} | self._end()

    def _end(self) -> Arguments:
        return {"deadline": self.deadline(), "signature": b""}
