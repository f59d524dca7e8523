"""The vectors of the messages, as eth-account, viem and MetaMask's library compute them."""

import json

import pytest

from core.typed_data import STRUCTS
from tests.vectors.elsewhere import signed_elsewhere
from tests.vectors.make_typed_data import MESSAGES, SIGNERS, TARGET, key_of

LIBRARIES = ("eth-account", "viem", "metamask")


@pytest.fixture(scope="module")
def vectors():
    return json.loads(TARGET.read_text())["vectors"]


@pytest.fixture(scope="module")
def answers(vectors):
    keys = [key_of(SIGNERS[type(message)]) for message in MESSAGES]
    return signed_elsewhere([vector["message"] for vector in vectors], keys)


def test_vectors_cover_every_struct_when_counted(vectors, answers):
    assert [vector["message"]["primaryType"] for vector in vectors] == [s.__name__ for s in STRUCTS]
    assert set(answers) == set(LIBRARIES)


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize("index", range(len(STRUCTS)), ids=[each.__name__ for each in STRUCTS])
def test_vector_is_anothers_too_when_signed_elsewhere(vectors, answers, library, index):
    answer, vector = answers[library][index], vectors[index]
    assert "0x" + answer.digest.hex() == vector["digest"]
    assert "0x" + answer.signature.hex() == vector["signature"]
    assert answer.signer == vector["signer"]
