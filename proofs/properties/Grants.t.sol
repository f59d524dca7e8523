// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

import {Base, Consent} from "properties/Base.sol";

// Who may do what with which record, and until when.
contract Grants is Base {
    function check_grant_is_refused_to_all_but_the_controller(
        address sender, address grantee, bytes32 record, uint256 purposes, uint256 expiry
    ) public {
        vm.assume(sender != PATIENT);
        assert(!can(sender, abi.encodeCall(
            Consent.grant, (PATIENT, grantee, record, purposes, expiry, NONE, NONE)
        )));
    }

    function check_revoke_is_refused_to_all_but_the_controller(
        address sender, address grantee, bytes32 record
    ) public {
        vm.assume(sender != PATIENT);
        assert(!can(sender, abi.encodeCall(Consent.revoke, (PATIENT, grantee, record))));
    }

    function check_revoke_all_is_refused_to_all_but_the_controller(address sender, uint256 deadline)
        public
    {
        vm.assume(sender != PATIENT);
        assert(!can(sender, abi.encodeCall(Consent.revoke_all, (PATIENT, deadline, ""))));
    }

    function check_grant_gives_what_it_says(uint256 purposes, uint256 expiry, bytes32 record) public {
        bool done = can(PATIENT, abi.encodeCall(
            Consent.grant, (PATIENT, DOCTOR, record, purposes, expiry, NONE, NONE)
        ));
        bool lawful = purposes > 0 && purposes < 1 << 32 && expiry > START && expiry <= START + 3653 days;
        assert(done == lawful);
        if (!done) return;
        (uint256 until, uint256 from, uint256 seq, uint256 bits) = consent.terms(PATIENT, DOCTOR, record);
        assert(until == expiry && from == START && seq == 1 && bits == purposes);
    }

    function check_nobody_is_granted_what_is_theirs(uint256 purposes, uint256 expiry) public {
        assert(!can(PATIENT, abi.encodeCall(
            Consent.grant, (PATIENT, PATIENT, RECORD, purposes, expiry, NONE, NONE)
        )));
    }

    function check_seq_rises_by_one_with_every_grant(bytes32 record, uint256 purposes) public {
        vm.assume(purposes > 0 && purposes < 1 << 32);
        grant(DOCTOR, record, TREATMENT, START + YEAR);
        (,, uint256 before,) = consent.terms(PATIENT, DOCTOR, record);
        grant(DOCTOR, record, purposes, START + YEAR);
        (,, uint256 afterwards,) = consent.terms(PATIENT, DOCTOR, record);
        assert(afterwards == before + 1);
    }

    function check_seq_rises_by_one_with_every_revocation(bytes32 record, address grantee) public {
        (,, uint256 before,) = consent.terms(PATIENT, grantee, record);
        vm.prank(PATIENT);
        consent.revoke(PATIENT, grantee, record);
        (,, uint256 afterwards,) = consent.terms(PATIENT, grantee, record);
        assert(afterwards == before + 1);
    }

    function check_revoked_grant_is_never_live(uint256 purpose, uint256 expiry, uint256 time) public {
        vm.assume(expiry > START && expiry <= START + YEAR && time >= START && time < START + 2 * YEAR);
        grant(DOCTOR, RECORD, TREATMENT | WRITE, expiry);
        vm.prank(PATIENT);
        consent.revoke(PATIENT, DOCTOR, RECORD);
        vm.warp(time);
        assert(!consent.has_access(PATIENT, DOCTOR, RECORD, purpose));
    }

    function check_grant_is_live_until_its_expiry_and_not_at_it(uint256 expiry, uint256 time) public {
        vm.assume(expiry > START && expiry <= START + YEAR && time >= START && time < START + 2 * YEAR);
        grant(DOCTOR, RECORD, TREATMENT, expiry);
        vm.warp(time);
        assert(consent.has_access(PATIENT, DOCTOR, RECORD, TREATMENT) == (time < expiry));
    }

    function check_cut_off_grant_is_never_live(uint256 time, uint256 later, uint256 purpose) public {
        vm.assume(time >= START && time <= START + YEAR && later >= time && later < START + 2 * YEAR);
        grant(DOCTOR, RECORD, TREATMENT, START + 2 * YEAR);
        vm.warp(time);
        vm.prank(PATIENT);
        consent.revoke_all(PATIENT, 0, "");
        vm.warp(later);
        assert(!consent.has_access(PATIENT, DOCTOR, RECORD, purpose));
    }

    function check_grant_after_a_cutoff_of_the_same_second_is_live() public {
        vm.prank(PATIENT);
        consent.revoke_all(PATIENT, 0, "");
        grant(DOCTOR, RECORD, TREATMENT, START + YEAR);
        assert(consent.has_access(PATIENT, DOCTOR, RECORD, TREATMENT));
    }

    function check_access_is_for_every_granted_purpose_and_no_other(uint256 granted, uint256 asked)
        public
    {
        vm.assume(granted > 0 && granted < 1 << 32);
        grant(DOCTOR, RECORD, granted, START + YEAR);
        assert(
            consent.has_access(PATIENT, DOCTOR, RECORD, asked) == (asked != 0 && granted & asked == asked)
        );
    }

    function check_access_is_for_the_granted_record_and_no_other(bytes32 asked, uint256 purpose)
        public
    {
        vm.assume(asked != RECORD);
        grant(DOCTOR, RECORD, TREATMENT, START + YEAR);
        assert(!consent.has_access(PATIENT, DOCTOR, asked, purpose));
    }

    function check_access_is_for_the_grantee_and_no_other(address other, uint256 purpose) public {
        vm.assume(other != DOCTOR && other != PATIENT);
        grant(DOCTOR, RECORD, TREATMENT, START + YEAR);
        assert(!consent.has_access(PATIENT, other, RECORD, purpose));
    }

    function check_access_is_to_the_patient_and_no_other(address other, uint256 purpose) public {
        vm.assume(other != DOCTOR && other != PATIENT);
        grant(DOCTOR, RECORD, TREATMENT, START + YEAR);
        assert(!consent.has_access(other, DOCTOR, RECORD, purpose));
    }

    function check_grant_of_all_records_covers_each(bytes32 asked) public {
        grant(DOCTOR, NONE, TREATMENT, START + YEAR);
        assert(consent.has_access(PATIENT, DOCTOR, asked, TREATMENT));
    }

    function check_request_gives_and_changes_nothing(
        address grantee, bytes32 record, uint256 purposes, uint256 expiry
    ) public {
        vm.assume(grantee != PATIENT);
        can(grantee, abi.encodeCall(Consent.request, (PATIENT, record, purposes, expiry, expiry)));
        assert(!consent.has_access(PATIENT, grantee, record, purposes));
        assert(consent.heads(PATIENT) == 0 && consent.roster_head() == 0);
    }
}
