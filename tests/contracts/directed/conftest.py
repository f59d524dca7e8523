"""The scene that stands before each test, set once for each file."""

from typing import Any

import pytest

from core.eip712 import Domain
from core.hashing import ZERO_HASH, address, keccak256
from core.records import HISTORY_RECORD, READING_KEY_BYTES
from tests.contracts.desk import DAY, Desk
from tests.contracts.directed.scene import Scene, signer

KEY = keccak256(b"a reading key") * (READING_KEY_BYTES // 32)


@pytest.fixture(scope="module", autouse=True)
def scene(accounts: Any, chain: Any, consent: Any, credentials: Any, relayer: Any) -> Scene:
    """Licensed clinicians, guardians (2 of 3), custodians (2), a policy for a clinician alone, and
    a history that is sealed."""
    domain = Domain(chain_id=chain.chain_id, verifying_contract=address(consent.address))
    scene = Scene(
        desk=Desk(consent=consent, domain=domain, relayer=relayer),
        credentials=credentials,
        chain=chain,
        patient=accounts[0],
        clinician=accounts[1],
        colleague=accounts[2],
        guardians=(accounts[5], accounts[7], accounts[8]),
        custodians=(accounts[8], signer("custodian")),
        regulator=accounts[6],
        issuer=accounts[9],
        stranger=accounts[4],
    )
    _license(scene)
    _settle(scene)
    return scene


def _license(scene: Scene) -> None:
    scene.credentials.add_issuer(scene.issuer, sender=scene.regulator)
    for each in (scene.clinician, scene.colleague):
        scene.credentials.license(each, scene.now() + 365 * DAY, sender=scene.issuer)


def _settle(scene: Scene) -> None:
    consent = scene.consent
    consent.publish_reading_key(scene.clinician, KEY, 0, b"", sender=scene.clinician)
    for message in (scene.guardians_set(), scene.custodians_set(), scene.policy()):
        scene.desk.send(message, scene.patient)
    commitment = keccak256(b"first commitment")
    consent.seal(
        scene.patient, HISTORY_RECORD, commitment, ZERO_HASH, commitment, sender=scene.patient
    )


@pytest.fixture
def opened(scene: Scene) -> None:
    """The clinician has an open case."""
    scene.open_case()
    assert scene.is_open()
