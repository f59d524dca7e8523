// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

import {Base, Consent} from "properties/Base.sol";

// The way back from a lost wallet, and the pointer to a next contract.
contract Recoveries is Base {
    uint256 constant DELAY = 7 days;

    function setUp() public override {
        super.setUp();
        vm.prank(PATIENT);
        consent.set_circle(PATIENT, 0, circle(), 1, 0, "");
    }

    function circle() internal pure returns (address[] memory members) {
        members = new address[](1);
        members[0] = GUARDIAN;
    }

    function canApprove(address sender, address controller) internal returns (bool) {
        return can(sender, abi.encodeCall(
            Consent.approve_recovery, (PATIENT, controller, sender, 0, "")
        ));
    }

    function canComplete(address sender) internal returns (bool) {
        return can(sender, abi.encodeCall(Consent.complete_recovery, (PATIENT)));
    }

    function check_recovery_is_asked_for_by_guardians_alone(address sender, address controller) public {
        vm.assume(sender != GUARDIAN);
        assert(!canApprove(sender, controller));
        (address proposed,) = consent.recovery(PATIENT);
        assert(proposed == address(0));
    }

    function check_recovery_is_due_after_a_week(uint256 time, address sender) public {
        vm.assume(time >= START && time < START + YEAR);
        require(canApprove(GUARDIAN, HEIR));
        vm.warp(time);
        assert(canComplete(sender) == (time >= START + DELAY));
    }

    function check_control_moves_to_the_named_account_alone(address controller) public {
        vm.assume(controller != PATIENT && controller != address(0));
        require(canApprove(GUARDIAN, controller));
        (address before,,) = consent.standing(PATIENT);
        assert(before == PATIENT);
        vm.warp(START + DELAY);
        require(canComplete(GUARDIAN));
        (address now_,,) = consent.standing(PATIENT);
        assert(now_ == controller);
    }

    function check_controller_before_has_no_say_after_a_recovery(bytes32 record) public {
        require(canApprove(GUARDIAN, HEIR));
        vm.warp(START + DELAY);
        require(canComplete(GUARDIAN));
        assert(!can(PATIENT, abi.encodeCall(
            Consent.grant, (PATIENT, DOCTOR, record, TREATMENT, START + YEAR, NONE, NONE)
        )));
        assert(!can(PATIENT, abi.encodeCall(Consent.revoke, (PATIENT, DOCTOR, record))));
        assert(!can(PATIENT, abi.encodeCall(Consent.seal, (PATIENT, record, FIRST, NONE, NONE))));
    }

    function check_completion_and_nothing_before_sets_the_last_bit() public {
        require(canApprove(GUARDIAN, HEIR));
        assert(uint256(consent.heads(PATIENT)) & 1 == 0);
        vm.warp(START + DELAY);
        require(canComplete(GUARDIAN));
        assert(uint256(consent.heads(PATIENT)) & 1 == 1);
        vm.prank(HEIR);
        consent.revoke(PATIENT, DOCTOR, RECORD);
        assert(uint256(consent.heads(PATIENT)) & 1 == 1);
    }

    function check_nothing_is_granted_while_a_recovery_is_pending(
        address sender, address grantee, bytes32 record
    ) public {
        require(canApprove(GUARDIAN, HEIR));
        assert(!can(sender, abi.encodeCall(
            Consent.grant, (PATIENT, grantee, record, TREATMENT, START + YEAR, NONE, NONE)
        )));
    }

    function check_nothing_is_set_while_a_recovery_is_pending(address sender, address successor) public {
        require(canApprove(GUARDIAN, HEIR));
        assert(!can(sender, abi.encodeCall(Consent.set_circle, (PATIENT, 0, circle(), 1, 0, ""))));
        assert(!can(sender, abi.encodeCall(Consent.set_successor, (PATIENT, successor, 0, ""))));
    }

    function check_recovery_is_vetoed_by_the_controller_alone(address sender) public {
        require(canApprove(GUARDIAN, HEIR));
        bool done = can(sender, abi.encodeCall(Consent.veto_recovery, (PATIENT, 0, "")));
        assert(done == (sender == PATIENT));
    }

    function check_vetoed_recovery_is_never_completed(uint256 time) public {
        vm.assume(time >= START && time < START + YEAR);
        require(canApprove(GUARDIAN, HEIR));
        vm.prank(PATIENT);
        consent.veto_recovery(PATIENT, 0, "");
        vm.warp(time);
        assert(!canComplete(GUARDIAN));
    }

    function check_circle_is_set_by_the_controller_alone(address sender, uint256 which) public {
        vm.assume(sender != PATIENT && which < 2);
        assert(!can(sender, abi.encodeCall(Consent.set_circle, (PATIENT, which, circle(), 1, 0, ""))));
    }

    function check_guardian_is_who_the_latest_setting_named(address account) public {
        (bool is_one,) = consent.membership(PATIENT, 0, account);
        assert(is_one == (account == GUARDIAN));
        vm.prank(PATIENT);
        consent.set_circle(PATIENT, 0, new address[](0), 0, 0, "");
        (is_one,) = consent.membership(PATIENT, 0, account);
        assert(!is_one);
    }

    function check_guardian_is_never_the_patient_or_the_empty_account(address member) public {
        address[] memory members = circle();
        members[0] = member;
        bool done = can(PATIENT, abi.encodeCall(Consent.set_circle, (PATIENT, 0, members, 1, 0, "")));
        assert(done == (member != PATIENT && member != address(0)));
    }

    function check_successor_is_set_by_the_controller_alone(address sender, address successor) public {
        vm.assume(sender != PATIENT);
        assert(!can(sender, abi.encodeCall(Consent.set_successor, (PATIENT, successor, 0, ""))));
        assert(consent.successors(PATIENT) == address(0));
    }
}
