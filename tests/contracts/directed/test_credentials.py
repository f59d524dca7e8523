"""Credentials: who the regulator is, whom it lets license, and what the head covers."""

import pytest
from ape import reverts

from core.hashing import ZERO_ADDRESS, ZERO_HASH, keccak256
from tests.contracts.desk import DAY, only_event
from tests.contracts.heads import leaf, raw_logs

NOT_REGULATOR = "Credentials: not the regulator"
NOT_PROPOSED = "Credentials: not the proposed regulator"
NOT_ISSUER = "Credentials: not an issuer"
EMPTY = "Credentials: empty account"

WRITES = {
    "propose_regulator",
    "accept_regulator",
    "add_issuer",
    "remove_issuer",
    "license",
    "revoke_license",
}
READS = {
    "is_licensed",
    "licensed_until",
    "issuer_of",
    "is_issuer",
    "regulator",
    "proposed_regulator",
    "head",
}


@pytest.fixture
def registry(scene):
    """The contract, in which the scene's issuer has licensed two clinicians."""
    return scene.credentials


@pytest.fixture
def next_regulator(scene):
    return scene.colleague


def recomputed(scene, registry):
    head = ZERO_HASH
    for topics, data in raw_logs(scene.chain, registry.address):
        head = keccak256(head + leaf(topics, data))
    return head


class TestDeployment:
    def test_regulator_is_the_one_named_when_deployed(self, scene, project):
        registry = scene.stranger.deploy(project.Credentials, scene.regulator)
        assert registry.regulator() == scene.regulator.address
        assert registry.proposed_regulator() == ZERO_ADDRESS
        ((topics, _),) = raw_logs(scene.chain, registry.address)
        assert topics[0] == keccak256(b"RegulatorChanged(address)")
        assert registry.head() == recomputed(scene, registry)

    def test_deployment_reverts_when_no_regulator_is_named(self, scene, project):
        with reverts(EMPTY):
            scene.stranger.deploy(project.Credentials, ZERO_ADDRESS)

    def test_consent_reverts_when_deployed_without_a_registry(self, scene, project):
        for nothing in (ZERO_ADDRESS, scene.stranger.address):
            with reverts("Consent: empty account"):
                scene.stranger.deploy(project.Consent, nothing)

    def test_functions_are_only_these_when_compiled(self, registry):
        functions = registry.contract_type
        assert {each.name for each in functions.view_methods} == READS
        assert {each.name for each in functions.mutable_methods} == WRITES
        assert not any(each.stateMutability == "payable" for each in functions.mutable_methods)


class TestRegulator:
    def test_regulator_changes_in_two_steps_when_proposed_and_accepted(
        self, scene, registry, next_regulator
    ):
        receipt = registry.propose_regulator(next_regulator, sender=scene.regulator)
        named = {"regulator": next_regulator.address}
        assert only_event(receipt, "RegulatorProposed") == named
        assert registry.regulator() == scene.regulator.address
        assert registry.proposed_regulator() == next_regulator.address
        receipt = registry.accept_regulator(sender=next_regulator)
        assert only_event(receipt, "RegulatorChanged") == named
        assert registry.regulator() == next_regulator.address
        assert registry.proposed_regulator() == ZERO_ADDRESS

    def test_regulator_before_has_no_power_when_another_accepted(
        self, scene, registry, next_regulator
    ):
        registry.propose_regulator(next_regulator, sender=scene.regulator)
        registry.add_issuer.call(scene.stranger, sender=scene.regulator)
        registry.accept_regulator(sender=next_regulator)
        for write in (registry.propose_regulator, registry.add_issuer):
            with reverts(NOT_REGULATOR):
                write.call(scene.stranger, sender=scene.regulator)
            write.call(scene.stranger, sender=next_regulator)
        assert registry.is_licensed(scene.clinician)

    def test_propose_reverts_when_the_sender_is_not_the_regulator(
        self, scene, registry, next_regulator
    ):
        registry.propose_regulator(next_regulator, sender=scene.regulator)
        for each in (scene.issuer, next_regulator, scene.stranger):
            with reverts(NOT_REGULATOR):
                registry.propose_regulator.call(each, sender=each)

    def test_accept_reverts_when_the_sender_was_not_named(self, scene, registry, next_regulator):
        with reverts(NOT_PROPOSED):
            registry.accept_regulator.call(sender=next_regulator)
        registry.propose_regulator(next_regulator, sender=scene.regulator)
        for each in (scene.regulator, scene.issuer, scene.stranger):
            with reverts(NOT_PROPOSED):
                registry.accept_regulator.call(sender=each)

    def test_accept_reverts_when_done_already(self, scene, registry, next_regulator):
        registry.propose_regulator(next_regulator, sender=scene.regulator)
        registry.accept_regulator(sender=next_regulator)
        with reverts(NOT_PROPOSED):
            registry.accept_regulator.call(sender=next_regulator)

    @pytest.mark.parametrize("instead", ["nobody", "another"])
    def test_accept_reverts_when_the_proposal_was_taken_back_or_replaced(
        self, scene, registry, next_regulator, instead
    ):
        registry.propose_regulator(next_regulator, sender=scene.regulator)
        other = ZERO_ADDRESS if instead == "nobody" else scene.stranger.address
        registry.propose_regulator(other, sender=scene.regulator)
        with reverts(NOT_PROPOSED):
            registry.accept_regulator.call(sender=next_regulator)
        assert registry.regulator() == scene.regulator.address


class TestIssuers:
    def test_issuer_licenses_when_added(self, scene, registry):
        receipt = registry.add_issuer(scene.stranger, sender=scene.regulator)
        assert only_event(receipt, "IssuerAdded") == {"issuer": scene.stranger.address}
        assert registry.is_issuer(scene.stranger)
        registry.license(scene.patient, scene.now() + DAY, sender=scene.stranger)
        assert registry.is_licensed(scene.patient)

    def test_licences_are_void_when_their_issuer_is_removed(self, scene, registry):
        receipt = registry.remove_issuer(scene.issuer, sender=scene.regulator)
        assert only_event(receipt, "IssuerRemoved") == {"issuer": scene.issuer.address}
        assert not registry.is_issuer(scene.issuer)
        assert not registry.is_licensed(scene.clinician)
        assert registry.licensed_until(scene.clinician) > scene.now()
        assert registry.issuer_of(scene.clinician) == scene.issuer.address
        with reverts(NOT_ISSUER):
            registry.license.call(scene.patient, scene.now() + DAY, sender=scene.issuer)

    def test_licences_that_have_not_run_out_count_again_when_their_issuer_is_added_again(
        self, scene, registry
    ):
        registry.license(scene.colleague, scene.now() + DAY, sender=scene.issuer)
        registry.remove_issuer(scene.issuer, sender=scene.regulator)
        scene.pass_time(2 * DAY)
        registry.add_issuer(scene.issuer, sender=scene.regulator)
        assert registry.is_licensed(scene.clinician)
        assert not registry.is_licensed(scene.colleague)

    def test_issuer_reverts_when_it_is_one_already(self, scene, registry):
        with reverts("Credentials: already an issuer"):
            registry.add_issuer.call(scene.issuer, sender=scene.regulator)

    def test_issuer_reverts_when_empty(self, scene, registry):
        with reverts(EMPTY):
            registry.add_issuer.call(ZERO_ADDRESS, sender=scene.regulator)

    def test_removal_reverts_when_the_account_is_no_issuer(self, scene, registry):
        for each in (scene.stranger.address, scene.regulator.address, ZERO_ADDRESS):
            with reverts(NOT_ISSUER):
                registry.remove_issuer.call(each, sender=scene.regulator)
        registry.remove_issuer(scene.issuer, sender=scene.regulator)
        with reverts(NOT_ISSUER):
            registry.remove_issuer.call(scene.issuer, sender=scene.regulator)

    def test_issuers_revert_when_the_sender_is_not_the_regulator(self, scene, registry):
        for each in (scene.issuer, scene.clinician, scene.stranger):
            with reverts(NOT_REGULATOR):
                registry.add_issuer.call(scene.stranger, sender=each)
            with reverts(NOT_REGULATOR):
                registry.remove_issuer.call(scene.issuer, sender=each)


class TestHead:
    def test_head_equals_the_recomputation_when_everything_happened(
        self, scene, registry, next_regulator
    ):
        """Every event there is, by the head rule without a bit set apart."""
        registry.revoke_license(scene.clinician, sender=scene.issuer)
        registry.remove_issuer(scene.issuer, sender=scene.regulator)
        registry.propose_regulator(next_regulator, sender=scene.regulator)
        registry.accept_regulator(sender=next_regulator)
        logged = {topics[0] for topics, _ in raw_logs(scene.chain, registry.address)}
        declared = {keccak256(each.selector.encode()) for each in registry.contract_type.events}
        assert logged == declared
        assert registry.head() == recomputed(scene, registry)

    def test_head_stays_when_a_write_is_refused(self, scene, registry):
        before = registry.head()
        with reverts(NOT_REGULATOR):
            registry.add_issuer(scene.stranger, sender=scene.stranger)
        assert registry.head() == before
