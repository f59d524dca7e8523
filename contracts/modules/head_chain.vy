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
     A leaf is keccak256(topic0, then every argument as a 32-byte word, indexed ones included).
"""

# STORAGE

# patient -> keccak256(head before, leaf) over the patient's events; zero before the first.
heads: public(HashMap[address, bytes32])

# keccak256(roster head before, patient as a word) over the patients that have a head.
roster_head: public(bytes32)

# INTERNAL

@internal
def _extend(patient: address, leaf: bytes32):
    head: bytes32 = self.heads[patient]
    if head == empty(bytes32):
        self.roster_head = keccak256(abi_encode(self.roster_head, patient))
    self.heads[patient] = keccak256(abi_encode(head, leaf))
