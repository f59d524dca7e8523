"""Roles and factories: a made message is valid for the present state, a test changes one term."""

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import ape
import pytest
from ape.api import AccountAPI
from ape.contracts import ContractContainer, ContractInstance

from core.eip712 import Domain
from core.hashing import ZERO_HASH, address, keccak256
from core.purposes import Purpose
from core.records import HISTORY_RECORD, READING_KEY_BYTES
from core.typed_data import (
    ApproveRecovery,
    GrantAccess,
    OpenRecord,
    PublishReadingKey,
    RequestAccess,
    RevokeAccess,
    RevokeAllAccess,
    SealRecord,
    SetGuardians,
)
from ledger.artifact import consent_artifact
from tests.contracts.desk import DAY, PROJECT, Desk, compiled

HERE = Path(__file__).parent

lasting = ape.fixture(chain_isolation=False, scope="session")
"""A fixture that no rewinding of the chain between tests invalidates."""


@pytest.fixture(scope="session", autouse=True)
def _compiler_on_path() -> Iterator[None]:
    """Ape starts `vyper` by name; it lies beside the Python that runs the tests."""
    before = os.environ["PATH"]
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{before}"
    yield
    os.environ["PATH"] = before


@lasting
def patient(accounts: Any) -> AccountAPI:
    return accounts[0]


@lasting
def doctor(accounts: Any) -> AccountAPI:
    return accounts[1]


@lasting
def colleague(accounts: Any) -> AccountAPI:
    return accounts[2]


@lasting
def relayer(accounts: Any) -> AccountAPI:
    return accounts[3]


@lasting
def stranger(accounts: Any) -> AccountAPI:
    return accounts[4]


@lasting
def guardian(accounts: Any) -> AccountAPI:
    return accounts[5]


@lasting
def regulator(accounts: Any) -> AccountAPI:
    return accounts[6]


@pytest.fixture(scope="session")
def sources(project: Any) -> Any:
    """The contracts as their sources stand: Ape sees a change of Consent.vy, not of its modules."""
    consent = consent_artifact(PROJECT, PROJECT / ".build" / "consent")
    assert consent.credentials is not None
    codes = (consent.bytecode, consent.credentials.bytecode)
    if (_code(project.Consent), _code(project.Credentials)) != codes:
        project.load_contracts(use_cache=False)
    both = (_code(project.Consent), _code(project.Credentials))
    assert both == codes, "Ape compiles something else than is deployed"
    return project


def _code(contract: ContractContainer) -> bytes:
    return bytes(contract.contract_type.get_deployment_bytecode())


@pytest.fixture(scope="session")
def credentials(sources: Any, relayer: AccountAPI, regulator: AccountAPI) -> ContractInstance:
    """Who is a licensed clinician: nobody yet."""
    return relayer.deploy(sources.Credentials, regulator)


@pytest.fixture(scope="session")
def consent(sources: Any, relayer: AccountAPI, credentials: ContractInstance) -> ContractInstance:
    """The contract as it is deployed."""
    return relayer.deploy(sources.Consent, credentials)


@pytest.fixture(scope="session")
def wallet(relayer: AccountAPI) -> ContractInstance:
    """A contract account (EIP-1271)."""
    return relayer.deploy(compiled(HERE / "wallets" / "Wallet.vy"))


@pytest.fixture(scope="session")
def batch(relayer: AccountAPI) -> ContractInstance:
    return relayer.deploy(compiled(HERE / "harness" / "Batch.vy"))


@pytest.fixture(scope="session", autouse=True)
def _deployed(consent: Any, wallet: Any, batch: Any) -> None:
    """Everything stands before the first test, so that no snapshot is taken in between."""


@pytest.fixture
def desk(consent: ContractInstance, relayer: AccountAPI, chain: Any) -> Desk:
    domain = Domain(chain_id=chain.chain_id, verifying_contract=address(consent.address))
    return Desk(consent=consent, domain=domain, relayer=relayer)


@pytest.fixture
def now(chain: Any) -> Callable[[], int]:
    """The timestamp of the block to come, or a little before it."""
    return lambda: int(chain.pending_timestamp)


@pytest.fixture
def make_seal(consent: Any, patient: Any, now: Any) -> Callable[..., SealRecord]:
    def make(**overrides: Any) -> SealRecord:
        record = overrides.get("record", HISTORY_RECORD)
        owner = overrides.get("patient", patient.address)
        previous = bytes(consent.records(owner, record))
        terms = {
            "patient": patient.address,
            "author": patient.address,
            "record": record,
            "commitment": keccak256(b"version after" + previous),
            "previous": previous,
            "envelope": keccak256(b"envelope"),
            "deadline": now() + DAY,
        }
        return SealRecord(**{**terms, **overrides})

    return make


@pytest.fixture
def make_request(patient: Any, doctor: Any, now: Any) -> Callable[..., RequestAccess]:
    def make(**overrides: Any) -> RequestAccess:
        terms = {
            "grantee": doctor.address,
            "patient": patient.address,
            "record": HISTORY_RECORD,
            "purposes": int(Purpose.TREAT),
            "expiry": now() + 30 * DAY,
            "deadline": now() + DAY,
        }
        return RequestAccess(**{**terms, **overrides})

    return make


@pytest.fixture
def make_grant(consent: Any, patient: Any, doctor: Any, now: Any) -> Callable[..., GrantAccess]:
    def make(**overrides: Any) -> GrantAccess:
        terms = {
            "patient": patient.address,
            "grantee": doctor.address,
            "record": HISTORY_RECORD,
            "purposes": int(Purpose.TREAT),
            "expiry": now() + 30 * DAY,
            "request": keccak256(b"request"),
            "envelope": keccak256(b"envelope"),
            "deadline": now() + DAY,
            **overrides,
        }
        place = (terms["patient"], terms["grantee"], terms["record"])
        nonces = {"seq": consent.terms(*place)[2], "cutoff": consent.standing(terms["patient"])[1]}
        return GrantAccess(**{**nonces, **terms})

    return make


@pytest.fixture
def make_revoke(consent: Any, patient: Any, doctor: Any, now: Any) -> Callable[..., RevokeAccess]:
    def make(**overrides: Any) -> RevokeAccess:
        terms = {
            "patient": patient.address,
            "grantee": doctor.address,
            "record": HISTORY_RECORD,
            "deadline": now() + DAY,
            **overrides,
        }
        place = (terms["patient"], terms["grantee"], terms["record"])
        return RevokeAccess(**{"seq": consent.terms(*place)[2], **terms})

    return make


@pytest.fixture
def make_revoke_all(consent: Any, patient: Any, now: Any) -> Callable[..., RevokeAllAccess]:
    def make(**overrides: Any) -> RevokeAllAccess:
        terms = {"patient": patient.address, "deadline": now() + DAY, **overrides}
        return RevokeAllAccess(**{"cutoff": consent.standing(terms["patient"])[1], **terms})

    return make


@pytest.fixture
def reading_key() -> bytes:
    return b"".join(keccak256(bytes([n])) for n in range(READING_KEY_BYTES // 32))


@pytest.fixture
def make_publish(
    consent: Any, doctor: Any, reading_key: bytes, now: Any
) -> Callable[..., PublishReadingKey]:
    def make(**overrides: Any) -> PublishReadingKey:
        terms = {
            "account": doctor.address,
            "key_hash": keccak256(reading_key),
            "deadline": now() + DAY,
            **overrides,
        }
        previous = bytes(consent.reading_keys(terms["account"]))
        return PublishReadingKey(**{"previous": previous, **terms})

    return make


@pytest.fixture
def make_open(consent: Any, patient: Any, doctor: Any, now: Any) -> Callable[..., OpenRecord]:
    def make(**overrides: Any) -> OpenRecord:
        terms = {
            "reader": doctor.address,
            "patient": patient.address,
            "record": HISTORY_RECORD,
            "purpose": int(Purpose.TREAT),
            "deadline": now() + DAY,
            **overrides,
        }
        state = {
            "commitment": bytes(consent.records(terms["patient"], terms["record"])),
            "head": bytes(consent.heads(terms["patient"])),
        }
        return OpenRecord(**{**state, **terms})

    return make


@pytest.fixture
def sealed(desk: Desk, make_seal: Any, patient: AccountAPI) -> bytes:
    """The patient has sealed a first version; its commitment."""
    message = make_seal(previous=ZERO_HASH)
    desk.send(message, patient)
    return message.commitment


@pytest.fixture
def granted(desk: Desk, make_grant: Any, patient: AccountAPI) -> GrantAccess:
    """The doctor may read the history for treatment for a month."""
    message = make_grant()
    desk.send(message, patient)
    return message


@pytest.fixture
def make_circle(consent: Any, patient: Any, guardian: Any, now: Any) -> Callable[..., SetGuardians]:
    def make(kind: type[SetGuardians] = SetGuardians, **overrides: Any) -> SetGuardians:
        terms = {
            "patient": patient.address,
            "members": (guardian.address,),
            "threshold": 1,
            "deadline": now() + DAY,
            **overrides,
        }
        return kind(**{"seq": consent.standing(terms["patient"])[2], **terms})

    return make


@pytest.fixture
def make_approval(consent: Any, patient: Any, now: Any) -> Callable[..., ApproveRecovery]:
    def make(controller: Any, **overrides: Any) -> ApproveRecovery:
        terms = {
            "patient": patient.address,
            "controller": controller.address,
            "deadline": now() + DAY,
            **overrides,
        }
        return ApproveRecovery(**{"seq": consent.standing(terms["patient"])[2], **terms})

    return make


@pytest.fixture
def recover(
    consent: Any, desk: Desk, make_circle: Any, make_approval: Any, chain: Any
) -> Callable[..., None]:
    """Move a patient's control to another account, as its guardian, a week later."""

    def run(owner: AccountAPI, helper: AccountAPI, controller: AccountAPI) -> None:
        desk.send(make_circle(patient=owner.address, members=(helper.address,)), owner)
        asked = make_approval(controller, patient=owner.address)
        desk.send(asked, helper, guardian=helper.address)
        chain.mine(deltatime=7 * DAY)
        consent.complete_recovery(owner, sender=helper)

    return run
