# pragma version 0.4.3
"""
@title Head chain
@license Apache-2.0
@author the Anamnesis authors
@notice Hash chains that make the logs complete: whoever replays them and reaches the same heads
        has seen every event, whoever served them.
@dev H1 Every event of a patient is in that patient's head, in order, except AccessRequested:
        a stranger could send those without end.
     H2 Every patient with a head is in the roster head, once, in order of first appearance.
     H3 The last bit of a head is zero until the patient's first RecoveryCompleted, one after it.
     A leaf is keccak256(topic0, then every argument as a 32-byte word, indexed ones included); an
     argument that is an array counts as keccak256 of its words.
     A head is read with every write, so its last bit can say for nothing that a controller was
     moved. Otherwise every sealing and revocation would read a second slot to find that it wasn't.
"""

# CONSTANTS

# Last bit of a head, and all others.
MOVED: constant(uint256) = 1
REST: constant(uint256) = max_value(uint256) - MOVED

# STORAGE

# patient -> keccak256(head before, leaf), its last bit kept for MOVED; zero before the first event.
heads: public(HashMap[address, bytes32])

# keccak256(roster head before, patient as a word) over the patients that have a head.
roster_head: public(bytes32)

# INTERNAL

@internal
@pure
def _link(before: bytes32, leaf: bytes32) -> bytes32:
    link: uint256 = convert(keccak256(abi_encode(before, leaf)), uint256)
    return convert(link & REST | convert(before, uint256) & MOVED, bytes32)

@internal
def _advance(patient: address, before: bytes32, head: bytes32):
    """
    @dev The caller has read the present head `before` and linked `head` to it.
    """
    if before == empty(bytes32):
        self.roster_head = keccak256(abi_encode(self.roster_head, patient))
    self.heads[patient] = head

@internal
def _extend(patient: address, before: bytes32, leaf: bytes32):
    """
    @dev The caller has read the present head `before`.
    """
    if before == empty(bytes32):
        self.roster_head = keccak256(abi_encode(self.roster_head, patient))
    link: uint256 = convert(keccak256(abi_encode(before, leaf)), uint256)
    self.heads[patient] = convert(link & REST | convert(before, uint256) & MOVED, bytes32)

@internal
def _append(patient: address, leaf: bytes32):
    """
    @dev For writes that have not read the head.
    """
    self._extend(patient, self.heads[patient], leaf)

@internal
def _tell(topic: bytes32, patient: address, account: address):
    """
    @dev Logs an event that names a patient and one account and nothing else, and takes it in. One
         place, because each `log` of its own costs 90 bytes of code.
    """
    self._append(patient, keccak256(abi_encode(topic, patient, account)))
    raw_log([topic, convert(patient, bytes32), convert(account, bytes32)], b"")

@internal
def _tell_by(topic: bytes32, patient: address, account: address, by: address):
    """
    @dev The same for an event that also names who did it.
    """
    self._append(patient, keccak256(abi_encode(topic, patient, account, by)))
    raw_log(
        [topic, convert(patient, bytes32), convert(account, bytes32), convert(by, bytes32)], b""
    )

@internal
def _mark_moved(patient: address):
    self.heads[patient] = convert(convert(self.heads[patient], uint256) | MOVED, bytes32)
