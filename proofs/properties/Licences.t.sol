// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

import {Base, Credentials} from "properties/Base.sol";

// Who says that somebody is a licensed clinician.
contract Licences is Base {
    address constant SECOND_ISSUER = address(0x7777);

    function setUp() public override {
        super.setUp();
        credentials.add_issuer(ISSUER);
    }

    function license(uint256 until) internal {
        vm.prank(ISSUER);
        credentials.license(DOCTOR, until);
    }

    function check_issuers_are_added_by_the_regulator_alone(address sender, address issuer) public {
        vm.assume(sender != address(this));
        assert(!canCredential(sender, abi.encodeCall(Credentials.add_issuer, (issuer))));
    }

    function check_issuers_are_removed_by_the_regulator_alone(address sender) public {
        vm.assume(sender != address(this));
        assert(!canCredential(sender, abi.encodeCall(Credentials.remove_issuer, (ISSUER))));
        assert(credentials.is_issuer(ISSUER));
    }

    function check_regulator_changes_only_by_proposal_and_acceptance(address sender, address next)
        public
    {
        vm.assume(sender != address(this) && sender != next);
        assert(!canCredential(sender, abi.encodeCall(Credentials.propose_regulator, (next))));
        credentials.propose_regulator(next);
        assert(!canCredential(sender, abi.encodeCall(Credentials.accept_regulator, ())));
        assert(credentials.regulator() == address(this));
    }

    function check_only_issuers_license(address sender, address clinician, uint256 until) public {
        vm.assume(sender != ISSUER);
        assert(!canCredential(sender, abi.encodeCall(Credentials.license, (clinician, until))));
        assert(!credentials.is_licensed(clinician));
    }

    function check_licence_counts_until_its_date_and_not_at_it(uint256 until, uint256 time) public {
        vm.assume(until > START && until <= START + YEAR && time >= START && time < START + 2 * YEAR);
        license(until);
        vm.warp(time);
        assert(credentials.is_licensed(DOCTOR) == (time < until));
    }

    function check_licence_is_void_without_its_issuer(uint256 time) public {
        vm.assume(time >= START && time < START + 2 * YEAR);
        license(START + YEAR);
        credentials.remove_issuer(ISSUER);
        vm.warp(time);
        assert(!credentials.is_licensed(DOCTOR));
    }

    function check_live_licence_is_not_taken_over(uint256 until) public {
        credentials.add_issuer(SECOND_ISSUER);
        license(START + YEAR);
        assert(!canCredential(SECOND_ISSUER, abi.encodeCall(Credentials.license, (DOCTOR, until))));
        assert(credentials.issuer_of(DOCTOR) == ISSUER);
        assert(credentials.licensed_until(DOCTOR) == START + YEAR);
    }

    function check_licence_is_revoked_by_its_issuer_or_the_regulator(address sender) public {
        license(START + YEAR);
        bool done = canCredential(sender, abi.encodeCall(Credentials.revoke_license, (DOCTOR)));
        assert(done == (sender == ISSUER || sender == address(this)));
        assert(credentials.is_licensed(DOCTOR) == !done);
    }

    function check_licence_is_ten_years_at_most(uint256 until) public {
        bool done = canCredential(ISSUER, abi.encodeCall(Credentials.license, (DOCTOR, until)));
        assert(done == (until > START && until <= START + 3653 days));
    }
}
