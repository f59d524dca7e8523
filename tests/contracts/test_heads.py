"""The heads prove the log complete: recomputed from raw logs by the rule in docs/contracts.md."""

from itertools import pairwise

import pytest

from core.hashing import ZERO_HASH, keccak256
from core.purposes import Purpose
from core.records import ALL_RECORDS
from tests.contracts import heads
from tests.contracts.heads import recompute, word

IN_NO_HEAD = ("AccessRequested", "ReadingKeyPublished")


@pytest.fixture
def raw_logs(chain, consent):
    """Topics and data of every event of the contract, in order, as a node serves them."""

    return lambda: heads.raw_logs(chain, consent.address)


@pytest.fixture
def story(
    desk,
    make_seal,
    make_request,
    make_grant,
    make_revoke,
    make_revoke_all,
    make_publish,
    make_open,
    reading_key,
    patient,
    doctor,
    colleague,
    wallet,
    relayer,
):
    """Two patients and a contract wallet, every event, both ways."""
    desk.send(make_publish(), doctor, key=reading_key)
    desk.sign_and_carry(make_request(), doctor)
    desk.sign_and_carry(make_seal(), patient)
    both = int(Purpose.TREAT | Purpose.WRITE)
    desk.sign_and_carry(make_grant(purposes=both), patient)
    desk.send(make_open(), doctor)
    desk.send(make_seal(author=doctor.address), doctor)
    desk.send(make_seal(patient=colleague.address, author=colleague.address), colleague)
    desk.send(make_grant(patient=colleague.address, record=ALL_RECORDS), colleague)
    desk.sign_and_carry(make_open(patient=colleague.address), doctor)
    desk.send(make_revoke(), patient)
    desk.sign_and_carry(make_revoke_all(), patient)
    desk.send(make_revoke_all(patient=colleague.address), colleague)
    unasked = make_grant(patient=wallet.address)
    wallet.approve(unasked.digest(desk.domain), b"agreed", sender=relayer)
    desk.carry(unasked, b"agreed")


@pytest.fixture
def left_out(consent):
    """topic0 of the events that no head covers."""
    events = consent.contract_type.events
    return [keccak256(each.selector.encode()) for each in events if each.name in IN_NO_HEAD]


def test_heads_equal_the_recomputation_when_the_story_is_mixed(
    consent, story, raw_logs, left_out, patient, doctor, colleague, wallet
):
    found, roster = recompute(raw_logs(), left_out)
    assert len(found) == 3
    for account in (patient, colleague, wallet):
        assert consent.heads(account) == found[word(account)]
    assert consent.heads(doctor) == ZERO_HASH
    assert consent.roster_head() == roster


def test_heads_differ_from_the_recomputation_when_logs_are_withheld_or_swapped(
    story, raw_logs, left_out
):
    logs = [log for log in raw_logs() if log[0][0] not in left_out]
    true_heads, _ = recompute(logs, left_out)
    for n in range(len(logs)):
        assert recompute(logs[:n] + logs[n + 1 :], left_out)[0] != true_heads
    for n, ((one, _), (two, _)) in enumerate(pairwise(logs)):
        swapped = [*logs[:n], logs[n + 1], logs[n], *logs[n + 2 :]]
        same_patient = one[1] == two[1]
        assert (recompute(swapped, left_out)[0] != true_heads) is same_patient


def test_heads_stay_when_a_stranger_asks_and_publishes(
    consent, story, desk, make_request, make_publish, reading_key, patient, stranger
):
    before = consent.heads(patient), consent.roster_head()
    desk.send(make_request(grantee=stranger.address), stranger)
    desk.send(make_publish(account=stranger.address), stranger, key=reading_key)
    assert (consent.heads(patient), consent.roster_head()) == before


def test_roster_grows_once_when_a_patient_acts_twice(
    consent, desk, make_seal, make_revoke, patient
):
    desk.send(make_seal(), patient)
    once = keccak256(ZERO_HASH + word(patient))
    assert consent.roster_head() == once
    desk.send(make_revoke(), patient)
    assert consent.roster_head() == once
