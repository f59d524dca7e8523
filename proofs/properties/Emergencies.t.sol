// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

import {Base, Consent, Credentials} from "properties/Base.sol";

// Breaking the glass: under the patient's policy, by the licensed, for a while, open to a veto.
contract Emergencies is Base {
    uint256 constant ALONE = 3;
    uint256 constant WITH_GUARDIAN = 2;
    uint256 constant LICENSED_UNTIL = START + 10 days;
    bytes32 constant REASON = bytes32(uint256(9));

    function setUp() public override {
        super.setUp();
        credentials.add_issuer(ISSUER);
        vm.prank(ISSUER);
        credentials.license(DOCTOR, LICENSED_UNTIL);
        vm.prank(DOCTOR);
        consent.publish_reading_key(DOCTOR, new bytes(1216), 0, "");
    }

    function allow(uint256 mode, uint256 delay, uint256 window) internal {
        vm.prank(PATIENT);
        consent.set_emergency_policy(PATIENT, mode, delay, window, RECORD, 0, "");
    }

    function name(uint256 circle, address member) internal {
        address[] memory members = new address[](1);
        members[0] = member;
        vm.prank(PATIENT);
        consent.set_circle(PATIENT, circle, members, 1, 0, "");
    }

    function canOpen(address clinician, address cosigner) internal returns (bool) {
        return can(clinician, abi.encodeCall(
            Consent.open_emergency, (PATIENT, clinician, cosigner, REASON, 0, "", "")
        ));
    }

    function canEnd(address by) internal returns (bool) {
        return can(by, abi.encodeCall(Consent.end_emergency, (PATIENT, DOCTOR, by, 0, "")));
    }

    function openCase() internal {
        allow(ALONE, 0, 24);
        require(canOpen(DOCTOR, address(0)));
    }

    function assumeLater(uint256 time) internal {
        vm.assume(time >= START && time < START + YEAR);
    }

    function check_no_case_without_a_policy(address cosigner) public {
        assert(!canOpen(DOCTOR, cosigner));
        assert(!consent.is_open(PATIENT, DOCTOR));
    }

    function check_no_case_without_a_licence(uint256 time) public {
        assumeLater(time);
        allow(ALONE, 0, 24);
        vm.warp(time);
        assert(canOpen(DOCTOR, address(0)) == (time < LICENSED_UNTIL));
    }

    function check_no_case_without_a_reading_key(address clinician) public {
        vm.assume(clinician != DOCTOR && clinician != address(0));
        vm.prank(ISSUER);
        credentials.license(clinician, LICENSED_UNTIL);
        allow(ALONE, 0, 24);
        assert(!canOpen(clinician, address(0)));
    }

    function check_no_case_without_the_second_signature_that_the_policy_asks_for(address cosigner)
        public
    {
        vm.assume(cosigner != DOCTOR);
        name(0, GUARDIAN);
        allow(WITH_GUARDIAN, 0, 24);
        assert(!canOpen(DOCTOR, cosigner));
    }

    function check_case_is_open_from_its_delay_to_the_end_of_its_window(uint256 delay, uint256 time)
        public
    {
        assumeLater(time);
        vm.assume(delay <= 7 days);
        allow(ALONE, delay, 24);
        require(canOpen(DOCTOR, address(0)));
        vm.warp(time);
        bool within = time >= START + delay && time < START + delay + 24 hours;
        assert(consent.is_open(PATIENT, DOCTOR) == (within && time < LICENSED_UNTIL));
    }

    function check_open_case_covers_one_purpose_of_one_record(bytes32 record, uint256 purpose) public {
        openCase();
        assert(
            consent.has_access(PATIENT, DOCTOR, record, purpose)
                == (record == RECORD && purpose == EMERGENCY_TREATMENT)
        );
    }

    function check_vetoed_case_is_never_open(uint256 time) public {
        assumeLater(time);
        openCase();
        require(canEnd(PATIENT));
        vm.warp(time);
        assert(!consent.is_open(PATIENT, DOCTOR));
    }

    function check_veto_holds_until_the_window_would_have_ended(uint256 time) public {
        vm.assume(time >= START && time < LICENSED_UNTIL);
        openCase();
        require(canEnd(PATIENT));
        vm.warp(time);
        assert(canOpen(DOCTOR, address(0)) == (time >= START + 24 hours));
    }

    function check_closed_case_is_never_open(uint256 time) public {
        assumeLater(time);
        openCase();
        require(canEnd(DOCTOR));
        vm.warp(time);
        assert(!consent.is_open(PATIENT, DOCTOR));
    }

    function check_stranger_ends_no_case(address sender) public {
        vm.assume(sender != PATIENT && sender != DOCTOR && sender != GUARDIAN);
        name(0, GUARDIAN);
        openCase();
        assert(!canEnd(sender));
        assert(consent.is_open(PATIENT, DOCTOR));
    }

    function check_case_ends_with_the_licence(uint256 time) public {
        assumeLater(time);
        openCase();
        vm.prank(ISSUER);
        credentials.revoke_license(DOCTOR);
        vm.warp(time);
        assert(!consent.is_open(PATIENT, DOCTOR));
    }

    function check_case_ends_with_a_new_policy(uint256 mode, uint256 delay, uint256 time) public {
        assumeLater(time);
        vm.assume(mode <= 3 && delay <= 7 days);
        openCase();
        allow(mode, delay, 24);
        vm.warp(time);
        assert(!consent.is_open(PATIENT, DOCTOR));
    }

    function check_case_ends_when_everything_is_revoked(uint256 time) public {
        assumeLater(time);
        openCase();
        vm.prank(PATIENT);
        consent.revoke_all(PATIENT, 0, "");
        vm.warp(time);
        assert(!consent.is_open(PATIENT, DOCTOR));
    }

    function check_case_touches_no_grant(uint256 purposes) public {
        vm.assume(purposes > 0 && purposes < 1 << 32);
        grant(DOCTOR, RECORD, purposes, START + YEAR);
        openCase();
        require(canEnd(PATIENT));
        (uint256 until, uint256 from, uint256 seq, uint256 bits) = consent.terms(PATIENT, DOCTOR, RECORD);
        assert(until == START + YEAR && from == START && seq == 1 && bits == purposes);
    }

    function check_share_is_released_by_a_custodian_in_an_open_case_once(
        address sender, bytes32 share, uint256 time
    ) public {
        assumeLater(time);
        name(1, CUSTODIAN);
        openCase();
        vm.warp(time);
        bool open = consent.is_open(PATIENT, DOCTOR);
        bytes memory data = abi.encodeCall(
            Consent.release_share, (PATIENT, DOCTOR, sender, share, 0, "")
        );
        assert(can(sender, data) == (open && sender == CUSTODIAN));
        assert(!can(sender, data));
    }

    function check_policy_is_set_by_the_controller_alone(address sender, uint256 mode) public {
        vm.assume(sender != PATIENT);
        assert(!can(sender, abi.encodeCall(
            Consent.set_emergency_policy, (PATIENT, mode, 0, 24, NONE, 0, "")
        )));
    }
}
