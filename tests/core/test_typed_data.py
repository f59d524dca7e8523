"""The messages people sign: one definition in Python, one in Vyper, one file of vectors."""

import json
import re
from dataclasses import FrozenInstanceError, replace
from pathlib import Path

import pytest
from eth_account import Account
from eth_account.messages import encode_typed_data

from core.eip712 import DOMAIN_NAME, DOMAIN_VERSION, PARTS
from core.hashing import address, keccak256
from core.typed_data import STRUCTS
from tests.vectors.make_typed_data import (
    DOMAIN,
    MESSAGES,
    SIGNERS,
    TARGET,
    key_of,
    vectors,
)

MODULES = Path(__file__).resolve().parents[2] / "contracts" / "modules"
TYPE_STRING = re.compile(r'"(\w+\([^"]*\))"')

by_name = pytest.mark.parametrize("message", MESSAGES, ids=lambda each: type(each).__name__)


def with_numbers(message):
    """The message's values with integers as numbers, which eth-account takes as well."""

    def numbered(kind, value):
        if kind.endswith("[]"):
            return [numbered(kind.removesuffix("[]"), each) for each in value]
        if kind in message["types"]:
            members = message["types"][kind]
            return {each["name"]: numbered(each["type"], value[each["name"]]) for each in members}
        return int(value) if "uint" in kind else value

    return numbered(message["primaryType"], message["message"])


def leaves(shown):
    """Every value in a message that is neither a list nor a struct."""
    if isinstance(shown, dict):
        return [leaf for each in shown.values() for leaf in leaves(each)]
    return [leaf for each in shown for leaf in leaves(each)] if isinstance(shown, list) else [shown]


def test_type_strings_equal_when_read_from_the_vyper_source():
    source = (MODULES / "typed_data.vy").read_text()
    known = [struct.type_string() for struct in (*STRUCTS, *PARTS.values())]
    assert sorted(TYPE_STRING.findall(source)) == sorted(known)


def test_type_strings_stand_nowhere_else_when_contracts_are_searched():
    for path in MODULES.parent.rglob("*.vy*"):
        if path.name != "typed_data.vy":
            text = path.read_text()
            assert not any(f'"{struct.__name__}(' in text for struct in STRUCTS)


def test_domain_fields_equal_when_read_from_the_vyper_source():
    source = (MODULES / "signatures.vy").read_text()
    found = re.findall(r'(\w+): constant\(bytes32\) = keccak256\(\s*"([^"]*)"', source)
    members = "string name,string version,uint256 chainId,address verifyingContract"
    assert dict(found) == {
        "DOMAIN_TYPE": f"EIP712Domain({members})",
        "NAME": DOMAIN_NAME,
        "VERSION": DOMAIN_VERSION,
    }


def test_messages_cover_every_struct_when_counted():
    assert tuple(type(message) for message in MESSAGES) == STRUCTS


@by_name
def test_digest_equals_eth_account_when_message_is_encoded(message):
    signable = encode_typed_data(full_message=message.message(DOMAIN))
    assert signable.header == DOMAIN.separator()
    assert signable.body == message.struct_hash()
    assert message.digest(DOMAIN) == keccak256(b"\x19\x01" + signable.header + signable.body)


@by_name
def test_message_shows_integers_as_decimal_strings_when_given_to_a_wallet(message):
    shown = message.message(DOMAIN)["message"]
    assert all(isinstance(value, str) for value in leaves(shown))
    as_numbers = {**message.message(DOMAIN), "message": with_numbers(message.message(DOMAIN))}
    assert encode_typed_data(full_message=as_numbers).body == message.struct_hash()


@by_name
def test_digest_differs_when_the_domain_does(message):
    others = (
        replace(DOMAIN, chain_id=DOMAIN.chain_id + 1),
        replace(DOMAIN, verifying_contract=address("0x" + "11" * 20)),
    )
    assert len({message.digest(domain) for domain in (DOMAIN, *others)}) == 3


def test_vectors_equal_when_made_again():
    assert json.loads(TARGET.read_text()) == vectors()


@pytest.mark.parametrize("index", range(len(MESSAGES)))
def test_vector_signature_is_the_signers_when_eth_account_recovers(index):
    vector = json.loads(TARGET.read_text())["vectors"][index]
    signable = encode_typed_data(full_message=vector["message"])
    assert Account.recover_message(signable, signature=vector["signature"]) == vector["signer"]
    signed = Account.sign_message(signable, key_of(SIGNERS[type(MESSAGES[index])]))
    assert bytes(signed.signature) == bytes.fromhex(vector["signature"].removeprefix("0x"))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"seq": 2**256}, "uint256 cannot hold"),
        ({"purposes": -1}, "uint256 cannot hold"),
        ({"record": b"short"}, "bytes32 field holds 5 bytes"),
    ],
)
def test_struct_hash_raises_when_a_value_does_not_fit(change, reason):
    grant = MESSAGES[2]
    with pytest.raises(ValueError, match=reason):
        replace(grant, **change).struct_hash()


def test_message_is_frozen_when_made():
    with pytest.raises(FrozenInstanceError):
        MESSAGES[4].cutoff = 0
