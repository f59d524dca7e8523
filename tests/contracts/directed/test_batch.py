"""Batches: seal, revoke and grant in one step, all or none, in that order."""

from dataclasses import replace

import pytest
from ape import reverts

from core.hashing import ZERO_ADDRESS, ZERO_HASH, address, keccak256
from core.purposes import Purpose
from core.records import ALL_RECORDS, HISTORY_RECORD
from tests.contracts.desk import DAY, WITHOUT_REASON
from tests.contracts.directed.scene import signer

WRONG = "Consent: wrong signature"
NOT_AUTHOR = "Consent: not an author"
NOT_CONTROLLER = "Consent: not the controller"
OTHER_RECORD = keccak256(b"another record")


@pytest.fixture
def granted(scene):
    """The clinician may read for treatment."""
    scene.desk.send(scene.batch(grants=[scene.grant()]), scene.patient)


@pytest.fixture
def writer(scene):
    """The clinician, who may add to the history."""
    both = int(Purpose.TREAT | Purpose.WRITE)
    scene.desk.send(scene.batch(grants=[scene.grant(purposes=both)]), scene.patient)
    return scene.clinician


def names(receipt):
    return [log.event_name for log in receipt.events]


def sealed(scene, record=HISTORY_RECORD):
    return scene.consent.records(scene.patient, record)


def nonce(scene, grantee=None):
    who = grantee or scene.clinician.address
    return scene.consent.terms(scene.patient, who, HISTORY_RECORD)[2]


def signed_calldata(scene, message):
    return scene.desk.calldata(message, scene.desk.sign(scene.patient, message))


def everything(scene, **terms):
    """Seal anew, take the clinician out, let the colleague in."""
    return scene.batch(
        versions=[scene.version()],
        revocations=[scene.revocation()],
        grants=[scene.grant(grantee=scene.colleague.address)],
        **terms,
    )


class TestOrder:
    @pytest.mark.parametrize("way", ["sent", "carried"])
    def test_batch_seals_then_revokes_then_grants_when_all_are_there(self, scene, granted, way):
        message = everything(scene)
        receipt = scene.bring(way, message, scene.patient)
        assert names(receipt) == ["RecordSealed", "AccessRevoked", "AccessGranted"]
        logged, revoked, given = (each.event_arguments for each in receipt.events)
        (version,), (grant,) = message.versions, message.grants
        owner = {"patient": scene.patient.address, "record": HISTORY_RECORD}
        assert logged == {
            **owner,
            "author": scene.patient.address,
            "commitment": version.commitment,
            "envelope": version.envelope,
        }
        assert revoked == {**owner, "grantee": scene.clinician.address}
        assert given == {
            **owner,
            "grantee": grant.grantee,
            "purposes": grant.purposes,
            "expiry": grant.expiry,
            "granted_at": receipt.timestamp,
            "seq": 1,
            "request": grant.request,
            "envelope": grant.envelope,
        }
        assert sealed(scene) == version.commitment
        assert not scene.reads(purpose=Purpose.TREAT)
        held = (HISTORY_RECORD, Purpose.TREAT)
        assert scene.consent.has_access(scene.patient, scene.colleague, *held)

    def test_grant_stands_when_the_batch_also_revokes_it(self, scene, granted):
        message = scene.batch(revocations=[scene.revocation()], grants=[scene.grant()])
        before = nonce(scene)
        scene.desk.sign_and_carry(message, scene.patient)
        assert scene.reads(purpose=Purpose.TREAT)
        assert nonce(scene) == before + 2

    def test_versions_follow_one_another_when_of_the_same_record(self, scene):
        first = scene.version()
        second = scene.version(previous=first.commitment, commitment=keccak256(b"after next"))
        scene.desk.sign_and_carry(scene.batch(versions=[first, second]), scene.patient)
        assert sealed(scene) == second.commitment

    def test_head_is_that_of_single_calls_when_in_the_same_second(
        self, scene, chain, batch, granted, make_seal, make_revoke, make_grant
    ):
        """The harness carries the three messages one after another in one transaction."""
        whole, moment = everything(scene), scene.now() + 100
        version, grant = whole.versions[0], whole.grants[0]
        terms = {name: getattr(grant, name) for name, _ in grant.schema()}
        singles = (
            make_seal(commitment=version.commitment, envelope=version.envelope),
            make_revoke(),
            make_grant(**terms),
        )
        calls = [
            scene.desk.calldata(each, scene.desk.sign(scene.patient, each)) for each in singles
        ]
        with chain.isolate():
            chain.pending_timestamp = moment
            batch.run(scene.consent, calls, sender=scene.desk.relayer)
            expected = scene.head()
        assert scene.head() != expected
        chain.pending_timestamp = moment
        scene.desk.sign_and_carry(whole, scene.patient)
        assert scene.head() == expected

    def test_grant_counts_when_everything_was_revoked_in_the_same_second(
        self, scene, batch, make_revoke_all
    ):
        moment = scene.now() + 100
        first, second = make_revoke_all(), scene.batch(grants=[scene.grant()], cutoff=moment)
        calls = [signed_calldata(scene, each) for each in (first, second)]
        scene.chain.pending_timestamp = moment
        batch.run(scene.consent, calls, sender=scene.desk.relayer)
        terms = scene.consent.terms(scene.patient, scene.clinician, HISTORY_RECORD)
        assert terms[1] == moment + 1
        assert scene.reads(purpose=Purpose.TREAT)


class TestAllOrNothing:
    @pytest.mark.parametrize(
        ("part", "terms", "reason"),
        [
            ("version", {"record": ALL_RECORDS}, "unknown record"),
            ("version", {"commitment": ZERO_HASH}, "empty commitment"),
            ("version", {"previous": keccak256(b"never")}, "wrong previous commitment"),
            ("grant", {"grantee": address(ZERO_ADDRESS)}, "empty account"),
            ("grant", {"purposes": 0}, "unknown purpose"),
            ("grant", {"purposes": 2**32}, "unknown purpose"),
            ("grant", {"expiry": 0}, "expiry in the past"),
            ("grant", {"expiry": 2**255}, "expiry beyond ten years"),
        ],
    )
    def test_batch_reverts_when_its_last_part_is_refused(self, scene, part, terms, reason):
        bad = getattr(scene, part)(**{"record": OTHER_RECORD, **terms})
        message = everything(scene)
        name = f"{part}s"
        message = replace(message, **{name: (*getattr(message, name), bad)})
        scene.refused_both_ways(message, scene.patient, f"Consent: {reason}")

    def test_batch_reverts_when_a_version_changes_nothing(self, scene):
        same = scene.version(commitment=bytes(sealed(scene)))
        reason = "Consent: wrong previous commitment"
        scene.refused_both_ways(scene.batch(versions=[same]), scene.patient, reason)

    def test_batch_reverts_when_it_grants_to_the_patient_or_the_controller(self, scene):
        own = [scene.grant(grantee=scene.patient.address)]
        scene.refused_both_ways(scene.batch(grants=own), scene.patient, "Consent: self grant")
        scene.recover(scene.stranger)
        for each in (scene.patient, scene.stranger):
            own = [scene.grant(grantee=each.address)]
            message = scene.batch(author=scene.stranger.address, grants=own)
            scene.refused_both_ways(message, scene.stranger, "Consent: self grant")

    def test_nothing_is_done_when_the_last_grant_is_refused(self, scene, granted):
        own = scene.grant(grantee=scene.patient.address)
        message = everything(scene)
        before = scene.head(), sealed(scene), nonce(scene), nonce(scene, scene.colleague.address)
        with reverts("Consent: self grant"):
            scene.desk.send(replace(message, grants=(*message.grants, own)), scene.patient)
        after = scene.head(), sealed(scene), nonce(scene), nonce(scene, scene.colleague.address)
        assert after == before
        assert scene.reads(purpose=Purpose.TREAT)

    def test_batch_reverts_when_an_account_is_longer_than_an_address(self, scene):
        """Accounts travel as words; what stands above an address must not be dropped."""
        name, arguments = scene.desk.sent_call(everything(scene))
        for place in (3, 4):
            account, *rest = arguments[place][0]
            changed = [*arguments]
            changed[place] = [(2**160 | account, *rest)]
            with reverts(WITHOUT_REASON):
                getattr(scene.consent, name).call(*changed, sender=scene.patient)


class TestSize:
    def test_batch_takes_thirty_two_of_each_when_full(self, scene):
        readers = [signer(f"reader {n}").address for n in range(32)]
        records = [keccak256(b"record %d" % n) for n in range(32)]
        version = scene.version(previous=ZERO_HASH)
        revocation, grant = scene.revocation(), scene.grant()
        message = scene.batch(
            versions=[replace(version, record=each) for each in records],
            revocations=[replace(revocation, grantee=each) for each in readers],
            grants=[replace(grant, grantee=each) for each in readers],
        )
        receipt = scene.desk.sign_and_carry(message, scene.patient)
        assert names(receipt) == (
            ["RecordSealed"] * 32 + ["AccessRevoked"] * 32 + ["AccessGranted"] * 32
        )
        assert sealed(scene, records[31]) == message.versions[31].commitment
        held = (HISTORY_RECORD, Purpose.TREAT)
        assert scene.consent.has_access(scene.patient, readers[31], *held)
        assert nonce(scene, readers[31]) == 2

    @pytest.mark.parametrize("part", ["versions", "revocations", "grants"])
    def test_batch_reverts_when_thirty_three_are_given(self, scene, part):
        one = getattr(scene, part[:-1])()
        message = scene.batch(**{part: [one] * 33})
        scene.refused_both_ways(message, scene.patient, WITHOUT_REASON)

    @pytest.mark.parametrize("way", ["sent", "carried"])
    def test_batch_changes_nothing_when_empty(self, scene, way):
        before = scene.head(), scene.consent.roster_head()
        assert names(scene.bring(way, scene.batch(), scene.patient)) == []
        assert (scene.head(), scene.consent.roster_head()) == before

    def test_empty_batch_enters_nobody_in_the_roster_when_sent_for_one_without_a_head(self, scene):
        before = scene.consent.roster_head()
        nobody = {"patient": scene.stranger.address, "author": scene.stranger.address}
        scene.desk.send(scene.batch(cutoff=0, **nobody), scene.stranger)
        assert scene.consent.heads(scene.stranger) == ZERO_HASH
        assert scene.consent.roster_head() == before


class TestAuthor:
    @pytest.mark.parametrize("way", ["sent", "carried"])
    def test_batch_seals_when_its_author_has_write(self, scene, writer, way):
        message = scene.batch(author=writer.address, versions=[scene.version()])
        receipt = scene.bring(way, message, writer)
        assert receipt.events[0].event_arguments["author"] == writer.address
        assert sealed(scene) == message.versions[0].commitment

    def test_batch_reverts_when_its_author_has_no_write(self, scene, granted):
        message = scene.batch(author=scene.clinician.address, versions=[scene.version()])
        scene.refused_both_ways(message, scene.clinician, NOT_AUTHOR)

    def test_batch_reverts_when_its_author_may_write_one_record_of_two(self, scene, writer):
        versions = [scene.version(), scene.version(record=OTHER_RECORD)]
        message = scene.batch(author=writer.address, versions=versions)
        scene.refused_both_ways(message, writer, NOT_AUTHOR)

    @pytest.mark.parametrize("part", ["revocation", "grant"])
    @pytest.mark.parametrize("sealing", [True, False], ids=["sealing", "not sealing"])
    def test_batch_reverts_when_an_author_with_write_gives_or_takes_access(
        self, scene, writer, part, sealing
    ):
        one = getattr(scene, part)(grantee=scene.colleague.address)
        versions = [scene.version()] if sealing else []
        message = scene.batch(author=writer.address, versions=versions, **{f"{part}s": [one]})
        scene.refused_both_ways(message, writer, NOT_CONTROLLER)

    def test_batch_reverts_when_another_sends_or_signs_it(self, scene, writer):
        message = everything(scene)
        for each in (writer, scene.stranger, scene.guardians[0]):
            scene.refused_of(each, message)
        theirs = scene.batch(author=writer.address, versions=[scene.version()])
        scene.refused_of(scene.patient, theirs)

    def test_batch_reverts_when_it_is_about_another_patient(self, scene):
        message = everything(scene)
        signature = scene.desk.sign(scene.patient, message)
        elsewhere = replace(message, patient=scene.stranger.address)
        scene.desk.refused(elsewhere, signature, WRONG)
        scene.refused_both_ways(elsewhere, scene.patient, NOT_AUTHOR)


class TestNonces:
    @pytest.mark.parametrize(
        ("part", "reason"),
        [
            ("grant", WRONG),
            ("revocation", WRONG),
            ("version", "Consent: wrong previous commitment"),
        ],
    )
    def test_batch_reverts_when_carried_twice(self, scene, part, reason):
        message = scene.batch(**{f"{part}s": [getattr(scene, part)()]})
        signature = scene.desk.sign(scene.patient, message)
        scene.desk.carry(message, signature)
        scene.desk.refused(message, signature, reason)

    @pytest.mark.parametrize("part", ["revocation", "grant"])
    def test_batch_reverts_when_one_number_of_several_is_not_the_present(self, scene, part):
        make = getattr(scene, part)
        fits = make(grantee=scene.colleague.address)
        for seq in (1, 2**56, 2**255):
            message = scene.batch(**{f"{part}s": [fits, make(seq=seq)]})
            scene.desk.refused(message, scene.desk.sign(scene.patient, message), WRONG)

    @pytest.mark.parametrize("part", ["revocation", "grant"])
    def test_batch_names_the_number_before_it_when_a_place_comes_twice(self, scene, part):
        one = getattr(scene, part)()
        after = replace(one, seq=one.seq + 1)
        counted_on = scene.batch(**{f"{part}s": [one, after]})
        scene.desk.refused(counted_on, scene.desk.sign(scene.patient, counted_on), WRONG)
        scene.desk.sign_and_carry(scene.batch(**{f"{part}s": [one, one]}), scene.patient)
        assert nonce(scene) == one.seq + 2

    def test_batch_reverts_when_revoked_before_it_was_sent(self, scene, make_revoke):
        unsent = scene.batch(grants=[scene.grant()])
        signature = scene.desk.sign(scene.patient, unsent)
        scene.desk.send(make_revoke(), scene.patient)
        scene.desk.refused(unsent, signature, WRONG)

    def test_batch_reverts_when_everything_was_revoked_before_it_was_sent(
        self, scene, make_revoke_all
    ):
        for unsent in (scene.batch(versions=[scene.version()]), everything(scene)):
            signature = scene.desk.sign(scene.patient, unsent)
            with scene.chain.isolate():
                scene.desk.send(make_revoke_all(), scene.patient)
                scene.desk.refused(unsent, signature, WRONG)

    def test_single_grant_dies_when_a_batch_spent_its_number(self, scene, make_grant):
        unsent = make_grant()
        signature = scene.desk.sign(scene.patient, unsent)
        scene.desk.send(scene.batch(revocations=[scene.revocation()]), scene.patient)
        scene.desk.refused(unsent, signature, WRONG)


class TestCarrier:
    @pytest.mark.parametrize("part", ["versions", "revocations", "grants"])
    def test_batch_reverts_when_the_carrier_leaves_a_part_out(self, scene, part):
        message = everything(scene)
        signature = scene.desk.sign(scene.patient, message)
        scene.desk.refused(replace(message, **{part: ()}), signature, WRONG)

    @pytest.mark.parametrize("part", ["revocations", "grants"])
    def test_batch_reverts_when_the_carrier_swaps_or_repeats_parts(self, scene, part):
        make = getattr(scene, part[:-1])
        one, two = make(), make(grantee=scene.colleague.address)
        message = scene.batch(**{part: [one, two]})
        signature = scene.desk.sign(scene.patient, message)
        for other in ((two, one), (one, one, two), (one,)):
            scene.desk.refused(replace(message, **{part: other}), signature, WRONG)

    def test_batch_reverts_when_one_term_of_a_part_is_another(self, scene):
        message = everything(scene)
        signature = scene.desk.sign(scene.patient, message)
        for part, term, value in (
            ("versions", "envelope", ZERO_HASH),
            ("grants", "purposes", int(Purpose.HRESCH)),
            ("grants", "expiry", message.grants[0].expiry + DAY),
            ("grants", "request", keccak256(b"another request")),
        ):
            changed = replace(getattr(message, part)[0], **{term: value})
            scene.desk.refused(replace(message, **{part: (changed,)}), signature, WRONG)
