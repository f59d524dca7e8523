// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

import {Base, Consent} from "properties/Base.sol";

// What a signed message takes. Keys are any that secp256k1 has; recovery itself is taken as sound.
contract Signatures is Base {
    uint256 constant EXPIRY = START + YEAR;

    function grantHash(address patient, uint256 seq, uint256 cutoff, uint256 deadline)
        internal
        pure
        returns (bytes32)
    {
        return keccak256(abi.encode(
            keccak256(
                "GrantAccess(address patient,address grantee,bytes32 record,uint256 purposes,uint256 expiry,bytes32 request,bytes32 envelope,uint256 seq,uint256 cutoff,uint256 deadline)"
            ),
            patient, DOCTOR, RECORD, TREATMENT, EXPIRY, NONE, NONE, seq, cutoff, deadline
        ));
    }

    function canCarry(address patient, uint256 deadline, bytes memory signature)
        internal
        returns (bool)
    {
        return can(CUSTODIAN, abi.encodeCall(
            Consent.grant_signed,
            (patient, DOCTOR, RECORD, TREATMENT, EXPIRY, NONE, NONE, deadline, signature)
        ));
    }

    function account(uint256 key) internal returns (address whose) {
        vm.assume(key > 0 && key < ORDER);
        whose = vm.addr(key);
        vm.assume(whose != address(0) && whose != DOCTOR);
        vm.assume(whose != address(consent) && whose != address(credentials) && whose != address(this));
    }

    function check_signed_grant_is_refused_after_its_deadline(uint256 key, uint256 deadline) public {
        vm.assume(deadline < START);
        address patient = account(key);
        bytes memory signature = sign(key, grantHash(patient, 0, 0, deadline));
        assert(!canCarry(patient, deadline, signature));
    }

    function check_signed_grant_is_refused_from_another_key(uint256 key, uint256 other) public {
        address patient = account(key);
        vm.assume(account(other) != patient);
        bytes memory signature = sign(other, grantHash(patient, 0, 0, EXPIRY));
        assert(!canCarry(patient, EXPIRY, signature));
        assert(!consent.has_access(patient, DOCTOR, RECORD, TREATMENT));
    }

    function check_signature_is_of_the_lower_half(bytes32 r, bytes32 s, uint8 v) public {
        vm.assume(uint256(s) > ORDER / 2);
        assert(!canCarry(PATIENT, EXPIRY, abi.encodePacked(r, s, v)));
    }

    function check_zero_address_agrees_to_nothing(bytes32 r, bytes32 s, uint8 v) public {
        assert(!canCarry(address(0), EXPIRY, abi.encodePacked(r, s, v)));
    }

    function check_signed_grant_is_refused_without_a_signature(address patient) public {
        vm.assume(patient != address(consent) && patient != address(credentials));
        assert(!canCarry(patient, EXPIRY, ""));
    }
}
