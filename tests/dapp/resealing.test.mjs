// A record sealed anew in the browser: who can open it, what leaves, and what stops it.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { afterEach, test } from "node:test";
import { fromHex, toHex } from "../../dapp/components/src/bytes.js";
import { reseal } from "../../dapp/components/src/resealing.js";
import { keccak256, openSealed, publicKeyOf } from "../../dapp/components/src/sealing.js";
import { fetchSealed, handIn } from "../../dapp/components/src/store.js";

const vectors = JSON.parse(readFileSync(new URL("../vectors/sealing.json", import.meta.url)));
const vector = vectors.records.find(({ name }) => name === "compressible payload");
const [doctor, nurse] = ["0x" + "d0".repeat(20), "0x" + "e0".repeat(20)];
const [doctorSeed, nurseSeed] = [new Uint8Array(32).fill(7), new Uint8Array(32).fill(8)];

const present = () => ({
  sealed: fromHex(vector.sealed),
  envelope: fromHex(vector.envelope),
  envelopeDigest: fromHex(vector.envelope_digest),
  commitment: fromHex(vector.commitment),
  context: { ...vector.context, chainId: vector.context.chain_id },
  reader: vector.reader,
  seed: fromHex(vector.seed),
});

const readers = async () => [
  { reader: doctor, readerKey: await publicKeyOf(doctorSeed) },
  { reader: nurse, readerKey: await publicKeyOf(nurseSeed) },
];

async function resealed(overrides = {}) {
  let made;
  const keep = async (all) => (made = all).sealed;
  await reseal({ present: present(), readers: await readers(), keep, ...overrides });
  return made;
}

const claim = ({ sealed, commitment, envelopes }, place, reader, seed) => ({
  sealed,
  commitment,
  envelope: envelopes[place],
  envelopeDigest: keccak256(envelopes[place]),
  context: { ...present().context, version: vector.context.version + 1 },
  reader,
  seed,
});

test("the next version opens to the same payload for the owner and each who remains", async () => {
  const made = await resealed();
  const people = [[vector.reader, fromHex(vector.seed)], [doctor, doctorSeed], [nurse, nurseSeed]];
  for (const [place, [reader, seed]] of people.entries()) {
    assert.equal(toHex(await openSealed(claim(made, place, reader, seed))).slice(2), vector.payload);
    const others = people.filter(([, other]) => other !== seed);
    for (const [, other] of others) await assert.rejects(openSealed(claim(made, place, reader, other)), { code: "envelope" });
  }
  assert.notDeepEqual(made.commitment, present().commitment);
});

test("an envelope of the old version opens nothing of the new one", async () => {
  const made = await resealed();
  const kept = { ...claim(made, 0, vector.reader, fromHex(vector.seed)), envelope: fromHex(vector.envelope), envelopeDigest: fromHex(vector.envelope_digest) };
  await assert.rejects(openSealed(kept), { code: "envelope" });
  await assert.rejects(openSealed({ ...kept, context: present().context }), { code: "content identifier" });
});

test("no two resealings share a byte of key, salt or nonce", async () => {
  const [first, second] = [await resealed(), await resealed()];
  assert.notDeepEqual(first.commitment, second.commitment);
  assert.notDeepEqual(first.sealed.subarray(38, 50), second.sealed.subarray(38, 50));
});

test("what does not open is not sealed anew", async () => {
  const keep = () => assert.fail("nothing may be handed in");
  const altered = present();
  altered.sealed[60] ^= 1;
  await assert.rejects(reseal({ present: altered, readers: [], keep }), { code: "content identifier" });
  await assert.rejects(reseal({ present: { ...present(), seed: nurseSeed }, readers: [], keep }), { code: "envelope" });
});

test("a reading key of a wrong length stops it before anything is opened", async () => {
  const keep = () => assert.fail("nothing may be handed in");
  const wrong = [{ reader: doctor, readerKey: new Uint8Array(12) }];
  await assert.rejects(reseal({ present: present(), readers: wrong, keep }), { code: "reading key" });
});

test("bytes that the store gives back otherwise are noticed before anybody signs", async () => {
  const flip = async ({ sealed }) => sealed.map((byte, at) => (at === 70 ? byte ^ 1 : byte));
  await assert.rejects(resealed({ keep: flip }), { code: "content identifier" });
  await assert.rejects(resealed({ keep: async () => fromHex(vector.sealed) }), { code: "content identifier" });
});

const real = globalThis.fetch;
afterEach(() => (globalThis.fetch = real));

test("handing in sends commitment, envelopes and record under the ticket and nothing else", async () => {
  let seen;
  globalThis.fetch = async (path, options) => {
    seen = { path, ...options, body: new Uint8Array(await options.body.arrayBuffer()) };
    return new Response(null, { status: 204 });
  };
  const made = await resealed();
  await handIn("ticket", made);
  assert.deepEqual([seen.path, seen.method, seen.credentials], ["/sealed", "PUT", "omit"]);
  assert.equal(seen.headers.authorization, "Bearer ticket");
  assert.equal(seen.body.length, 32 + 3 * 1234 + made.sealed.length);
  assert.deepEqual(seen.body.subarray(32, 32 + 1234), made.envelopes[0]);
});

test("what the server refuses is passed on in its own words, an outage in ours", async () => {
  globalThis.fetch = async () => Response.json({ error: "Nothing is expected.", remedy: "Begin anew." }, { status: 400 });
  await assert.rejects(handIn("t", await resealed()), { code: "store", message: "Nothing is expected. Begin anew." });
  await assert.rejects(fetchSealed("0x00"), { code: "store" });
  globalThis.fetch = async () => {
    throw new TypeError("network");
  };
  await assert.rejects(handIn("t", await resealed()), { code: "store", message: /could not be stored/ });
});
