"""Credentials: licences, their dates, and whose they are."""

import pytest
from ape import reverts

from core.hashing import ZERO_ADDRESS
from core.limits import LONGEST_GRANT_SECONDS
from tests.contracts.desk import DAY, only_event

NOT_ISSUER = "Credentials: not an issuer"
NOT_LICENSED = "Credentials: not licensed"
OTHERS = "Credentials: licensed by another issuer"
PAST = "Credentials: date in the past"
BEYOND = "Credentials: date beyond ten years"


@pytest.fixture(scope="module")
def registry(scene):
    """The contract, in which the scene's issuer has licensed two clinicians for a year."""
    return scene.credentials


@pytest.fixture(scope="module", autouse=True)
def second_issuer(scene, registry):
    registry.add_issuer(scene.stranger, sender=scene.regulator)
    return scene.stranger


class TestLicense:
    def test_licence_is_on_record_when_an_issuer_gives_it(self, scene, registry):
        until = scene.now() + DAY
        receipt = registry.license(scene.patient, until, sender=scene.issuer)
        assert only_event(receipt, "ClinicianLicensed") == {
            "clinician": scene.patient.address,
            "issuer": scene.issuer.address,
            "until": until,
        }
        assert registry.is_licensed(scene.patient)
        assert registry.licensed_until(scene.patient) == until
        assert registry.issuer_of(scene.patient) == scene.issuer.address

    def test_nobody_is_licensed_when_nothing_was_given(self, scene, registry):
        for account in (scene.patient.address, ZERO_ADDRESS):
            assert not registry.is_licensed(account)
            assert registry.licensed_until(account) == 0
            assert registry.issuer_of(account) == ZERO_ADDRESS

    def test_licence_ends_on_the_second_when_its_date_comes(self, scene, registry):
        until = scene.now() + DAY
        registry.license(scene.patient, until, sender=scene.issuer)
        scene.chain.mine(timestamp=until - 1)
        assert registry.is_licensed(scene.patient)
        scene.chain.mine(timestamp=until)
        assert not registry.is_licensed(scene.patient)
        assert registry.licensed_until(scene.patient) == until

    @pytest.mark.parametrize("days", [1, 3_000])
    def test_licence_is_shortened_or_lengthened_when_its_own_issuer_wants_it(
        self, scene, registry, days
    ):
        until = scene.now() + days * DAY
        registry.license(scene.clinician, until, sender=scene.issuer)
        assert registry.licensed_until(scene.clinician) == until

    def test_licence_works_when_its_date_is_ten_years_ahead(self, scene, registry):
        moment = scene.now() + 100
        scene.chain.pending_timestamp = moment
        until = moment + LONGEST_GRANT_SECONDS
        assert registry.license(scene.patient, until, sender=scene.issuer).timestamp == moment

    def test_licence_reverts_when_its_date_is_beyond_ten_years(self, scene, registry):
        moment = scene.now() + 100
        for until in (2**40, 2**255, 2**256 - 1):
            with reverts(BEYOND):
                registry.license.call(scene.patient, until, sender=scene.issuer)
        scene.chain.pending_timestamp = moment
        with reverts(BEYOND):
            registry.license(scene.patient, moment + LONGEST_GRANT_SECONDS + 1, sender=scene.issuer)

    def test_licence_reverts_when_its_date_is_in_the_past(self, scene, registry):
        for until in (0, 1, scene.now() - DAY):
            with reverts(PAST):
                registry.license.call(scene.patient, until, sender=scene.issuer)
        moment = scene.now() + 100
        scene.chain.pending_timestamp = moment
        with reverts(PAST):
            registry.license(scene.patient, moment, sender=scene.issuer)

    def test_licence_reverts_when_the_clinician_is_empty(self, scene, registry):
        with reverts("Credentials: empty account"):
            registry.license.call(ZERO_ADDRESS, scene.now() + DAY, sender=scene.issuer)

    def test_licence_reverts_when_the_sender_is_no_issuer(self, scene, registry):
        for each in (scene.regulator, scene.clinician, scene.patient):
            with reverts(NOT_ISSUER):
                registry.license.call(scene.patient, scene.now() + DAY, sender=each)


class TestAnotherIssuer:
    """C3: no issuer shortens or takes over the live licence of another."""

    def test_licence_reverts_when_anothers_is_live(self, scene, registry, second_issuer):
        for days in (1, 3_000):
            with reverts(OTHERS):
                until = scene.now() + days * DAY
                registry.license.call(scene.clinician, until, sender=second_issuer)

    @pytest.mark.parametrize("cause", ["ran out", "revoked", "issuer removed"])
    def test_licence_works_when_anothers_has_ended(self, scene, registry, second_issuer, cause):
        if cause == "ran out":
            scene.pass_time(366 * DAY)
        elif cause == "revoked":
            registry.revoke_license(scene.clinician, sender=scene.issuer)
        else:
            registry.remove_issuer(scene.issuer, sender=scene.regulator)
        registry.license(scene.clinician, scene.now() + DAY, sender=second_issuer)
        assert registry.is_licensed(scene.clinician)
        assert registry.issuer_of(scene.clinician) == second_issuer.address

    def test_licence_stays_the_seconds_when_the_first_issuer_is_added_again(
        self, scene, registry, second_issuer
    ):
        registry.remove_issuer(scene.issuer, sender=scene.regulator)
        registry.license(scene.clinician, scene.now() + DAY, sender=second_issuer)
        registry.add_issuer(scene.issuer, sender=scene.regulator)
        with reverts(OTHERS):
            registry.license.call(scene.clinician, scene.now() + DAY, sender=scene.issuer)


class TestRevoke:
    @pytest.mark.parametrize("role", ["issuer", "regulator"])
    def test_licence_ends_when_its_issuer_or_the_regulator_takes_it_back(
        self, scene, registry, role
    ):
        by = getattr(scene, role)
        receipt = registry.revoke_license(scene.clinician, sender=by)
        assert only_event(receipt, "LicenseRevoked") == {
            "clinician": scene.clinician.address,
            "by": by.address,
        }
        assert not registry.is_licensed(scene.clinician)
        assert registry.licensed_until(scene.clinician) == 0
        assert registry.issuer_of(scene.clinician) == ZERO_ADDRESS
        assert registry.is_licensed(scene.colleague)

    def test_revocation_works_when_the_licence_has_run_out(self, scene, registry):
        scene.pass_time(366 * DAY)
        registry.revoke_license(scene.clinician, sender=scene.issuer)
        assert registry.licensed_until(scene.clinician) == 0

    def test_revocation_reverts_when_there_is_no_licence(self, scene, registry):
        for by in (scene.issuer, scene.regulator, scene.stranger):
            with reverts(NOT_LICENSED):
                registry.revoke_license.call(scene.patient, sender=by)
        registry.revoke_license(scene.clinician, sender=scene.issuer)
        with reverts(NOT_LICENSED):
            registry.revoke_license.call(scene.clinician, sender=scene.issuer)

    def test_revocation_reverts_when_the_licence_is_of_another_issuer(
        self, scene, registry, second_issuer
    ):
        with reverts(OTHERS):
            registry.revoke_license.call(scene.clinician, sender=second_issuer)

    def test_revocation_reverts_when_the_sender_is_no_issuer(self, scene, registry):
        for each in (scene.clinician, scene.patient):
            with reverts(NOT_ISSUER):
                registry.revoke_license.call(scene.clinician, sender=each)

    def test_revocation_reverts_when_its_issuer_was_removed(self, scene, registry):
        registry.remove_issuer(scene.issuer, sender=scene.regulator)
        with reverts(NOT_ISSUER):
            registry.revoke_license.call(scene.clinician, sender=scene.issuer)
        registry.revoke_license(scene.clinician, sender=scene.regulator)
