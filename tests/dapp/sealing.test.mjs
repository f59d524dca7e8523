// The shared vectors, read and made by the browser's code. With ANAMNESIS_VECTORS_OUT set, sealed
// records made here are written there for the Python side to open.

import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { fromHex, toHex } from "../../dapp/components/src/bytes.js";
import { codeOf, derivedSeed, readingKeyMessage, seedFromSignature, wordsOf } from "../../dapp/components/src/readingkey.js";
import * as sealing from "../../dapp/components/src/sealing.js";
import { unwrapSeed, wrapSeed, WRAPPED_SEED_BYTES } from "../../dapp/components/src/wrappedseed.js";
import { cidDigest } from "../../dapp/components/src/unixfs.js";

const vectors = JSON.parse(readFileSync(new URL("../vectors/sealing.json", import.meta.url)));
const bare = (bytes) => toHex(bytes).slice(2);
const contextOf = ({ context }) => ({ ...context, chainId: context.chain_id });

const claimOf = (vector) => ({
  sealed: fromHex(vector.sealed),
  envelope: fromHex(vector.envelope),
  envelopeDigest: fromHex(vector.envelope_digest),
  commitment: fromHex(vector.commitment),
  context: contextOf(vector),
  reader: vector.reader,
  seed: fromHex(vector.seed),
});

function base58Digest(cid) {
  const alphabet = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
  const number = [...cid].reduce((sum, char) => sum * 58n + BigInt(alphabet.indexOf(char)), 0n);
  return number.toString(16).padStart(68, "0").slice(4);
}

for (const vector of vectors.records) {
  test(`openSealed returns the payload of "${vector.name}"`, async () => {
    assert.equal(bare(sealing.contextBytes(contextOf(vector))), vector.context_bytes);
    assert.equal(bare(await sealing.publicKeyOf(fromHex(vector.seed))), vector.public_key);
    assert.equal(bare(await sealing.openSealed(claimOf(vector))), vector.payload);
  });

  test(`rewrap of "${vector.name}" opens for the doctor and for nobody else`, async () => {
    const doctor = "0x" + "d0".repeat(20);
    const seed = new Uint8Array(32).fill(7);
    const { envelope, envelopeDigest, context, reader: owner, seed: ownerSeed } = claimOf(vector);
    const readerKey = await sealing.publicKeyOf(seed);
    const wrapped = await sealing.rewrap({ envelope, envelopeDigest, context, owner, seed: ownerSeed, reader: doctor, readerKey });
    const claim = { ...claimOf(vector), envelope: wrapped, envelopeDigest: sealing.keccak256(wrapped), reader: doctor, seed };
    assert.equal(bare(await sealing.openSealed(claim)), vector.payload);
    await assert.rejects(sealing.openSealed({ ...claim, seed: ownerSeed }), { code: "envelope" });
  });
}

for (const vector of vectors.refused) {
  test(`openSealed refuses "${vector.name}" at the check "${vector.check}"`, async () => {
    await assert.rejects(sealing.openSealed(claimOf(vector)), { name: "BrowserError", code: vector.check });
  });
}

test("openSealed refuses a record that unpacks beyond the limit", async () => {
  const claim = claimOf(vectors.records.find((vector) => vector.name === "compressible payload"));
  await assert.rejects(sealing.openSealed({ ...claim, limit: 1000 }), { code: "frame" });
});

test("seal takes a payload at the limit, however badly it packs, and refuses one byte more", async () => {
  const context = contextOf(vectors.records[0]);
  const noise = crypto.getRandomValues(new Uint8Array(5000));
  const { sealed } = await sealing.seal(noise, context, { limit: 5000 });
  assert.ok(sealed.length > 5000);
  await assert.rejects(sealing.seal(noise, context, { limit: 4999 }), { name: "BrowserError", code: "payload" });
  await assert.rejects(sealing.seal(new Uint8Array(5001), context, { limit: 5000 }), { code: "payload" });
});

test("the limit is Python's: 64 MiB of payload", () => {
  assert.equal(sealing.MAX_PAYLOAD_BYTES, 67_108_864);
});

test("seal makes records that Python opens too", async () => {
  const made = [];
  for (const vector of vectors.records) {
    const context = contextOf(vector);
    const { sealed, secret, commitment } = await sealing.seal(fromHex(vector.payload), context);
    const envelope = await sealing.wrap(secret, context, vector.reader, fromHex(vector.public_key));
    const envelopeDigest = sealing.keccak256(envelope);
    const opened = await sealing.openSealed({ ...claimOf(vector), sealed, envelope, envelopeDigest, commitment });
    assert.equal(bare(opened), vector.payload);
    made.push({ ...vector, sealed: bare(sealed), envelope: bare(envelope), envelope_digest: bare(envelopeDigest), commitment: bare(commitment) });
  }
  if (process.env.ANAMNESIS_VECTORS_OUT) writeFileSync(process.env.ANAMNESIS_VECTORS_OUT, JSON.stringify(made));
});

test("padme gives the padded size of every vector", () => {
  for (const { length, padded } of vectors.padme) assert.equal(sealing.padme(length), padded);
});

for (const { length, cid } of vectors.cids) {
  test(`cidDigest gives the CID of ${length} bytes`, () => {
    const bytes = Uint8Array.from({ length }, (_, at) => at % 251);
    assert.equal(bare(cidDigest(bytes)), base58Digest(cid));
  });
}

for (const vector of vectors.reading_keys) {
  test(`seedFromSignature gives the reading key of ${vector.account}`, async () => {
    assert.deepEqual(readingKeyMessage(vector.site), vector.message);
    assert.equal(bare(codeOf(vector.recovery_words)), vector.recovery_code);
    assert.equal(wordsOf(fromHex(vector.recovery_code)).join(" "), vector.recovery_words);
    const seed = await seedFromSignature(vector.signature, fromHex(vector.recovery_code), vector.account);
    assert.equal(bare(seed), vector.seed);
    assert.equal(bare(await sealing.publicKeyOf(seed)), vector.public_key);
  });
}

test("derivedSeed gives the published key and refuses any other", async () => {
  const [vector] = vectors.reading_keys;
  const { account } = vector;
  const signature = "0x" + vector.signature;
  const code = fromHex(vector.recovery_code);
  const keyHash = sealing.keccak256(fromHex(vector.public_key));
  assert.equal(bare(await derivedSeed({ signature, code, account, keyHash })), vector.seed);
  for (const change of [{ code: new Uint8Array(16) }, { signature: "0x" + "11".repeat(65) }, { signature: "0x11" }]) {
    await assert.rejects(derivedSeed({ signature, code, account, keyHash, ...change }), { code: "wrong words" });
  }
});

for (const vector of vectors.wrapped_seeds) {
  test(`wrapSeed and unwrapSeed agree with the vector of the words "${vector.recovery_words.slice(0, 12)}…"`, async () => {
    const { account } = vector;
    const [seed, keyHash, wrapped] = [fromHex(vector.seed), fromHex(vector.key_hash), fromHex(vector.wrapped)];
    const code = codeOf(vector.recovery_words);
    assert.equal(bare(await wrapSeed({ seed, code, account, nonce: fromHex(vector.nonce) })), vector.wrapped);
    assert.equal(bare(await unwrapSeed({ wrapped, code, account, keyHash })), vector.seed);
    const fresh = await wrapSeed({ seed, code, account });
    assert.equal(fresh.length, WRAPPED_SEED_BYTES);
    assert.notEqual(bare(fresh), vector.wrapped);
    assert.equal(bare(await unwrapSeed({ wrapped: fresh, code, account, keyHash })), vector.seed);
  });
}

const refusals = { structure: "structure", words: "wrong words", "reading key": "reading key" };
for (const vector of vectors.refused_wrapped_seeds) {
  test(`unwrapSeed refuses a wrapped seed: ${vector.name}`, async () => {
    const given = {
      wrapped: fromHex(vector.wrapped), code: codeOf(vector.recovery_words),
      account: vector.account, keyHash: fromHex(vector.key_hash),
    };
    await assert.rejects(unwrapSeed(given), { name: "BrowserError", code: refusals[vector.check] });
  });
}

test("codeOf names what is wrong with the words", () => {
  const words = vectors.reading_keys[0].recovery_words.split(" ");
  assert.throws(() => codeOf(words.slice(1).join(" ")), { message: /12 words; these are 11/ });
  assert.throws(() => codeOf(["xylophon", ...words.slice(1)].join(" ")), { message: /Word 1/ });
  assert.throws(() => codeOf([words[1], words[0], ...words.slice(2)].join(" ")), { message: /do not belong together/ });
});
