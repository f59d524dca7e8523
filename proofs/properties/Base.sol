// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

// What halmos offers a test: https://github.com/a16z/halmos/wiki/halmos-cheatcodes
interface Vm {
    function addr(uint256 key) external returns (address);
    function assume(bool condition) external;
    function ffi(string[] calldata command) external returns (bytes memory);
    function prank(address sender) external;
    function sign(uint256 key, bytes32 digest) external returns (uint8, bytes32, bytes32);
    function warp(uint256 time) external;
}

interface Consent {
    struct Version {
        bytes32 record;
        bytes32 commitment;
        bytes32 previous;
        bytes32 envelope;
    }

    struct Revocation {
        uint256 grantee;
        bytes32 record;
    }

    struct Grant {
        uint256 grantee;
        bytes32 record;
        uint256 purposes;
        uint256 expiry;
        bytes32 request;
        bytes32 envelope;
    }

    function seal(address, bytes32, bytes32, bytes32, bytes32) external;
    function seal_signed(
        address, address, bytes32, bytes32, bytes32, bytes32, uint256, bytes calldata
    ) external;
    function request(address, bytes32, uint256, uint256, uint256) external;
    function grant(address, address, bytes32, uint256, uint256, bytes32, bytes32) external;
    function grant_signed(
        address, address, bytes32, uint256, uint256, bytes32, bytes32, uint256, bytes calldata
    ) external;
    function revoke(address, address, bytes32) external;
    function revoke_signed(address, address, bytes32, uint256, bytes calldata) external;
    function revoke_all(address, uint256, bytes calldata) external;
    function publish_reading_key(address, bytes calldata, uint256, bytes calldata) external;
    function open_record(address, address, bytes32, uint256, uint256, bytes calldata) external;
    function batch(
        address, address, Version[] calldata, Revocation[] calldata, Grant[] calldata, uint256, bytes calldata
    ) external;
    function set_circle(address, uint256, address[] calldata, uint256, uint256, bytes calldata) external;
    function set_emergency_policy(address, uint256, uint256, uint256, bytes32, uint256, bytes calldata)
        external;
    function open_emergency(
        address, address, address, bytes32, uint256, bytes calldata, bytes calldata
    ) external;
    function end_emergency(address, address, address, uint256, bytes calldata) external;
    function release_share(address, address, address, bytes32, uint256, bytes calldata) external;
    function approve_recovery(address, address, address, uint256, bytes calldata) external;
    function veto_recovery(address, uint256, bytes calldata) external;
    function complete_recovery(address) external;
    function set_successor(address, address, uint256, bytes calldata) external;
    function has_access(address, address, bytes32, uint256) external view returns (bool);
    function terms(address, address, bytes32) external view returns (uint256, uint256, uint256, uint256);
    function heads(address) external view returns (bytes32);
    function roster_head() external view returns (bytes32);
    function records(address, bytes32) external view returns (bytes32);
    function reading_keys(address) external view returns (bytes32);
    function domain_separator() external view returns (bytes32);
    function recovery(address) external view returns (address, uint256);
    function successors(address) external view returns (address);
    function emergency_case(address, address) external view returns (uint256, uint256, uint256);
    function is_open(address, address) external view returns (bool);
    function membership(address, uint256, address) external view returns (bool, uint256);
    function standing(address) external view returns (address, uint256, uint256);
}

interface Credentials {
    function propose_regulator(address) external;
    function accept_regulator() external;
    function add_issuer(address) external;
    function remove_issuer(address) external;
    function license(address, uint256) external;
    function revoke_license(address) external;
    function is_licensed(address) external view returns (bool);
    function is_issuer(address) external view returns (bool);
    function issuer_of(address) external view returns (address);
    function licensed_until(address) external view returns (uint256);
    function regulator() external view returns (address);
    function head() external view returns (bytes32);
}

// Both contracts as they would be deployed, and people of fixed addresses. This test is the
// regulator.
abstract contract Base {
    Vm constant vm = Vm(0x7109709ECfa91a80626fF3989D68f67F5b1DD12D);

    address constant PATIENT = address(0x1111);
    address constant DOCTOR = address(0x2222);
    address constant GUARDIAN = address(0x3333);
    address constant CUSTODIAN = address(0x4444);
    address constant ISSUER = address(0x5555);
    address constant HEIR = address(0x6666);

    bytes32 constant RECORD = bytes32(uint256(7));
    bytes32 constant FIRST = bytes32(uint256(101));
    bytes32 constant SECOND = bytes32(uint256(102));
    bytes32 constant NONE = bytes32(0);

    uint256 constant START = 1_800_000_000;
    uint256 constant YEAR = 365 days;
    uint256 constant TREATMENT = 1;
    uint256 constant EMERGENCY_TREATMENT = 2;
    uint256 constant WRITE = 1 << 31;
    uint256 constant ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141;

    Consent consent;
    Credentials credentials;

    function setUp() public virtual {
        vm.warp(START);
        credentials = Credentials(create(abi.encodePacked(code("credentials.hex"), abi.encode(address(this)))));
        consent = Consent(create(abi.encodePacked(code("consent.hex"), abi.encode(address(credentials)))));
    }

    // Creation bytecode, read when the proof runs: a mutant needs no new compilation of this.
    function code(string memory file) internal returns (bytes memory) {
        string[] memory command = new string[](2);
        command[0] = "cat";
        command[1] = file;
        return vm.ffi(command);
    }

    function create(bytes memory creation) internal returns (address made) {
        assembly {
            made := create(0, add(creation, 0x20), mload(creation))
        }
        require(made != address(0), "not deployed");
    }

    // Whether `sender` may make this call of Consent. It takes effect if so.
    function can(address sender, bytes memory data) internal returns (bool done) {
        vm.prank(sender);
        (done,) = address(consent).call(data);
    }

    function canCredential(address sender, bytes memory data) internal returns (bool done) {
        vm.prank(sender);
        (done,) = address(credentials).call(data);
    }

    function grant(address grantee, bytes32 record, uint256 purposes, uint256 expiry) internal {
        vm.prank(PATIENT);
        consent.grant(PATIENT, grantee, record, purposes, expiry, NONE, NONE);
    }

    function seal(bytes32 record, bytes32 commitment, bytes32 previous) internal {
        vm.prank(PATIENT);
        consent.seal(PATIENT, record, commitment, previous, NONE);
    }

    function digest(bytes32 structHash) internal view returns (bytes32) {
        return keccak256(abi.encodePacked(hex"1901", consent.domain_separator(), structHash));
    }

    function sign(uint256 key, bytes32 structHash) internal returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest(structHash));
        return abi.encodePacked(r, s, v);
    }
}
