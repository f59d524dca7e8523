// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

import {Base, Consent} from "properties/Base.sol";

// Which version of a record counts, and the heads that make the log complete.
contract Sealing is Base {
    function check_sealing_names_the_version_it_replaces(bytes32 previous, bytes32 commitment) public {
        seal(RECORD, FIRST, NONE);
        bool done = can(PATIENT, abi.encodeCall(
            Consent.seal, (PATIENT, RECORD, commitment, previous, NONE)
        ));
        assert(done == (previous == FIRST && commitment != 0 && commitment != FIRST));
        assert(consent.records(PATIENT, RECORD) == (done ? commitment : FIRST));
    }

    function check_record_zero_is_never_sealed(bytes32 commitment, bytes32 previous) public {
        assert(!can(PATIENT, abi.encodeCall(Consent.seal, (PATIENT, NONE, commitment, previous, NONE))));
    }

    function check_sealing_takes_the_write_purpose(uint256 purposes) public {
        vm.assume(purposes > 0 && purposes < 1 << 32);
        seal(RECORD, FIRST, NONE);
        grant(DOCTOR, RECORD, purposes, START + YEAR);
        bool done = can(DOCTOR, abi.encodeCall(Consent.seal, (PATIENT, RECORD, SECOND, FIRST, NONE)));
        assert(done == (purposes & WRITE != 0));
    }

    function check_stranger_seals_nothing(address sender, bytes32 record, bytes32 commitment) public {
        vm.assume(sender != PATIENT);
        assert(!can(sender, abi.encodeCall(Consent.seal, (PATIENT, record, commitment, NONE, NONE))));
        assert(consent.records(PATIENT, record) == 0);
    }

    function check_receipt_takes_access_and_changes_only_the_head(uint256 granted, uint256 purpose)
        public
    {
        vm.assume(granted > 0 && granted < 1 << 32);
        seal(RECORD, FIRST, NONE);
        grant(DOCTOR, RECORD, granted, START + YEAR);
        bytes32 before = consent.heads(PATIENT);
        bool done = can(DOCTOR, abi.encodeCall(
            Consent.open_record, (DOCTOR, PATIENT, RECORD, purpose, 0, "")
        ));
        if (done) assert(granted & purpose == purpose && purpose & (purpose - 1) == 0);
        else assert(consent.heads(PATIENT) == before);
        assert(consent.records(PATIENT, RECORD) == FIRST);
    }

    function check_head_follows_the_rule(bytes32 record, bytes32 commitment, bytes32 envelope) public {
        vm.assume(record != 0 && commitment != 0);
        vm.prank(PATIENT);
        consent.seal(PATIENT, record, commitment, NONE, envelope);
        bytes32 leaf = keccak256(abi.encode(
            keccak256("RecordSealed(address,address,bytes32,bytes32,bytes32)"),
            PATIENT, PATIENT, record, commitment, envelope
        ));
        uint256 link = uint256(keccak256(abi.encode(NONE, leaf)));
        assert(uint256(consent.heads(PATIENT)) == link - link % 2);
    }

    function check_last_bit_of_a_head_is_zero_before_a_recovery(
        bytes32 record, bytes32 commitment, address grantee
    ) public {
        vm.assume(record != 0 && commitment != 0);
        seal(record, commitment, NONE);
        assert(uint256(consent.heads(PATIENT)) & 1 == 0);
        vm.prank(PATIENT);
        consent.revoke(PATIENT, grantee, record);
        assert(uint256(consent.heads(PATIENT)) & 1 == 0);
    }

    function check_roster_takes_a_patient_in_once(bytes32 commitment) public {
        vm.assume(commitment != 0 && commitment != FIRST);
        seal(RECORD, commitment, NONE);
        // A head is a hash: that one is zero is no more likely than a collision.
        vm.assume(consent.heads(PATIENT) != 0);
        bytes32 roster = consent.roster_head();
        assert(roster == keccak256(abi.encode(NONE, PATIENT)));
        seal(RECORD, FIRST, commitment);
        assert(consent.roster_head() == roster);
    }

    function check_sealing_changes_no_other_record_or_patient(
        bytes32 commitment, bytes32 record, address other
    ) public {
        vm.assume(commitment != 0 && record != RECORD && other != PATIENT);
        seal(RECORD, commitment, NONE);
        assert(consent.records(PATIENT, record) == 0 && consent.records(other, RECORD) == 0);
        assert(consent.heads(other) == 0);
    }

    function check_batch_of_a_stranger_changes_nothing(address sender, bytes32 record, uint256 expiry)
        public
    {
        vm.assume(sender != PATIENT);
        Consent.Grant[] memory grants = new Consent.Grant[](1);
        grants[0] = Consent.Grant(uint256(uint160(DOCTOR)), record, TREATMENT, expiry, NONE, NONE);
        assert(!can(sender, abi.encodeCall(
            Consent.batch,
            (PATIENT, sender, new Consent.Version[](0), new Consent.Revocation[](0), grants, 0, "")
        )));
        assert(consent.heads(PATIENT) == 0);
    }
}
