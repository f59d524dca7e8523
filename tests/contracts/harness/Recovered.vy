# pragma version 0.4.3
"""
@title Recovered
@license Apache-2.0
@author the Anamnesis authors
@notice For tests only: the whole contract, and a way to move a patient's controller.
"""

import Consent

initializes: Consent

exports: Consent.__interface__

@deploy
def __init__():
    Consent.__init__()

@external
def move(patient: address, controller: address):
    word: uint256 = Consent.patients.words[patient]
    Consent.patients.words[patient] = (word >> 160 << 160) | convert(controller, uint256)
