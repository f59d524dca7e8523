"""What the browser's code seals opens here: the formats agree in this direction too.

The other direction is `tests/dapp/sealing.test.mjs` over the checked-in vectors.
"""

import hashlib
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from core.hashing import keccak256
from core.records import SealContext
from ipfs.cid import cid_digest
from ipfs.envelope import Opened, envelope_digest
from ipfs.opening import Claim, open_record
from ipfs.reading_key import RecoveryCode
from ipfs.sealing import commitment_of, seal
from ipfs.wrapped_seed import unwrap_seed
from tests.ipfs.conftest import ContextFactory, Person

ROOT = Path(__file__).parents[2]
PROGRAM = """
import { readFileSync } from "node:fs";
import { seal, wrap } from "./dapp/components/src/sealing.js";
const hex = (bytes) => Buffer.from(bytes).toString("hex");
const unhex = (text) => new Uint8Array(Buffer.from(text, "hex"));
const given = JSON.parse(readFileSync(0, "utf8"));
const made = await seal(unhex(given.payload), given.context);
const envelope = await wrap(made.secret, given.context, given.reader, unhex(given.publicKey));
console.log(JSON.stringify({
  sealed: hex(made.sealed), commitment: hex(made.commitment), envelope: hex(envelope),
}));
"""

pytestmark = pytest.mark.skipif(
    shutil.which("node") is None or not (ROOT / "node_modules" / "@hpke").is_dir(),
    reason="needs node and the npm packages",
)


def run_javascript(program: str, given: dict[str, Any]) -> str:
    done = subprocess.run(
        ["node", "--input-type=module", "-e", program],
        input=json.dumps(given).encode(),
        capture_output=True,
        cwd=ROOT,
        check=True,
    )
    return done.stdout.decode().strip()


def context_json(context: SealContext) -> dict[str, Any]:
    return {
        "chainId": str(context.domain.chain_id),
        "contract": context.domain.verifying_contract,
        "patient": context.patient,
        "record": "0x" + context.record.hex(),
        "version": context.version,
    }


def seal_in_javascript(payload: bytes, context: SealContext, reader: Person) -> dict[str, bytes]:
    given: dict[str, Any] = {
        "payload": payload.hex(),
        "context": context_json(context),
        "reader": reader.account,
        "publicKey": reader.reading_key.hex(),
    }
    made = json.loads(run_javascript(PROGRAM, given))
    return {name: bytes.fromhex(text) for name, text in made.items()}


@pytest.mark.parametrize(
    "payload",
    [b"", b"Lisinopril 10 mg", hashlib.shake_256(b"noise").digest(600_000)],
    ids=["empty", "short", "several blocks"],
)
def test_open_record_opens_what_the_browser_sealed(
    make_context: ContextFactory, doctor: Person, payload: bytes
) -> None:
    context = make_context(version=3)
    made = seal_in_javascript(payload, context, doctor)
    claim = Claim(
        context=context,
        reader=doctor.account,
        commitment=made["commitment"],
        envelope=envelope_digest(made["envelope"]),
    )
    assert open_record(doctor.identity, claim, made["sealed"], made["envelope"]) == payload


OPENING = """
import { readFileSync } from "node:fs";
import { openSealed } from "./dapp/components/src/sealing.js";
const unhex = (text) => new Uint8Array(Buffer.from(text, "hex"));
const { context, reader, ...hexadecimal } = JSON.parse(readFileSync(0, "utf8"));
const pairs = Object.entries(hexadecimal).map(([name, text]) => [name, unhex(text)]);
const raw = Object.fromEntries(pairs);
console.log(Buffer.from(await openSealed({ ...raw, context, reader })).toString("hex"));
"""


def test_the_browser_opens_what_was_stored_and_not_packed(
    make_context: ContextFactory, doctor: Person
) -> None:
    context, payload = make_context(version=3), hashlib.shake_256(b"noise").digest(300_000)
    sealed, salt = seal(payload, context), bytes(32)
    assert len(sealed.record) > len(payload)
    digest = cid_digest(sealed.record)
    opened = Opened(key=sealed.key, salt=salt, cid_digest=digest)
    envelope = doctor.identity.recipient().wrap(opened, context, doctor.account)
    given: dict[str, Any] = {
        "sealed": sealed.record.hex(),
        "envelope": envelope.hex(),
        "envelopeDigest": envelope_digest(envelope).hex(),
        "commitment": commitment_of(salt, digest, sealed.key_commitment).hex(),
        "seed": doctor.identity.seed.hex(),
        "context": context_json(context),
        "reader": doctor.account,
    }
    assert bytes.fromhex(run_javascript(OPENING, given)) == payload


WRAPPING = """
import { readFileSync } from "node:fs";
import { wrapSeed } from "./dapp/components/src/wrappedseed.js";
import { codeOf } from "./dapp/components/src/readingkey.js";
const { seed, words, account } = JSON.parse(readFileSync(0, "utf8"));
const raw = new Uint8Array(Buffer.from(seed, "hex"));
const wrapped = await wrapSeed({ seed: raw, code: codeOf(words), account });
console.log(Buffer.from(wrapped).toString("hex"));
"""


def test_unwrap_seed_opens_what_the_browser_wrapped(doctor: Person) -> None:
    code = RecoveryCode.generate()
    given = {
        "seed": doctor.identity.seed.hex(),
        "words": code.words(),
        "account": doctor.account,
    }
    wrapped = bytes.fromhex(run_javascript(WRAPPING, given))
    key_hash = keccak256(doctor.reading_key)
    assert unwrap_seed(wrapped, code, doctor.account, key_hash) == doctor.identity
