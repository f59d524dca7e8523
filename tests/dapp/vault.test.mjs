// The vault's memory, and the page inside an opened bundle.

import assert from "node:assert/strict";
import { test } from "node:test";
import { historyPage } from "../../dapp/components/src/bundle.js";
import { toBase64, toHex, utf8 } from "../../dapp/components/src/bytes.js";
import { newRecoveryCode, wordsOf } from "../../dapp/components/src/readingkey.js";
import { keccak256 } from "../../dapp/components/src/sealing.js";
import { Vault } from "../../dapp/components/src/vault.js";

const ACCOUNT = "0x" + "a1".repeat(20);
const SITE = "https://anamnesis.example";
const steady = { signTyped: async (_, message) => toHex(keccak256(utf8(JSON.stringify(message)))) + "ab".repeat(33) };

function restless() {
  let count = 0;
  return { signTyped: async () => "0x" + (count += 1).toString(16).padStart(130, "0") };
}

function memory() {
  const kept = new Map();
  return {
    kept,
    getItem: (name) => kept.get(name) ?? null,
    setItem: (name, value) => kept.set(name, value),
    removeItem: (name) => kept.delete(name),
  };
}

async function enrolled(wallet, storage = memory()) {
  const vault = new Vault(storage);
  const code = newRecoveryCode();
  const signature = await vault.probe(wallet, ACCOUNT, SITE);
  const { seed, key, wrapped } = await vault.make(ACCOUNT, signature, code);
  vault.hold(ACCOUNT, seed);
  return { vault, words: wordsOf(code).join(" "), keyHash: toHex(keccak256(key)), signature, wrapped };
}

test("a new device opens the published key with wallet and words, of either kind of wallet", async () => {
  for (const wallet of [steady, restless()]) {
    const { vault, words, keyHash, wrapped } = await enrolled(wallet);
    const seed = vault.seed(ACCOUNT);
    const fresh = new Vault(memory());
    await fresh.unlock({ wallet, account: ACCOUNT, site: SITE, words: words.toUpperCase(), keyHash, wrapped });
    assert.deepEqual(fresh.seed(ACCOUNT), seed);
  }
});

test("a restless wallet's key is random: the words without the wrapped seed open nothing", async () => {
  const wallet = restless();
  const { words, keyHash, wrapped } = await enrolled(wallet);
  const other = await enrolled(wallet);
  const vault = new Vault(memory());
  const attempt = { wallet, account: ACCOUNT, site: SITE, words, keyHash, wrapped };
  for (const change of [{ wrapped: null }, { wrapped: other.wrapped }, { words: other.words }, { account: "0x" + "b2".repeat(20) }]) {
    await assert.rejects(vault.unlock({ ...attempt, ...change }), { code: "wrong words" });
    assert.ok(!vault.isOpen(ACCOUNT));
  }
});

test("a restless wallet is not asked again to unlock: it has nothing to add", async () => {
  const { words, keyHash, wrapped } = await enrolled(restless());
  const wallet = { signTyped: () => assert.fail("the wallet was asked") };
  await new Vault(memory()).unlock({ wallet, account: ACCOUNT, site: SITE, words, keyHash, wrapped });
});

test("a wallet that does not repeat itself is found out", async () => {
  assert.equal((await enrolled(restless())).signature, null);
  assert.notEqual((await enrolled(steady)).signature, null);
});

test("neither words of another person, nor another site, nor a phished signature open", async () => {
  const { words, keyHash } = await enrolled(steady);
  const other = await enrolled(steady);
  const vault = new Vault(memory());
  const attempt = { wallet: steady, account: ACCOUNT, site: SITE, words, keyHash };
  for (const change of [{ words: other.words }, { site: "https://phish.example" }, { wallet: restless() }]) {
    await assert.rejects(vault.unlock({ ...attempt, ...change }), { code: "wrong words" });
    assert.ok(!vault.isOpen(ACCOUNT));
  }
});

test("the seed is for one account, and gone after locking", async () => {
  const { vault } = await enrolled(steady);
  assert.ok(vault.isOpen(ACCOUNT.toUpperCase().replace("0X", "0x")));
  assert.throws(() => vault.seed("0x" + "b2".repeat(20)), { code: "locked" });
  vault.lock();
  assert.throws(() => vault.seed(ACCOUNT), { code: "locked" });
});

test("a caller's copy of the seed can be wiped without harm", async () => {
  const { vault } = await enrolled(steady);
  vault.seed(ACCOUNT).fill(0);
  assert.ok(vault.seed(ACCOUNT).some((byte) => byte !== 0));
});

test("the device keeps nothing unless told to, and forgets when told to", async () => {
  const storage = memory();
  const { vault, words } = await enrolled(steady, storage);
  assert.equal(storage.kept.size, 0);
  vault.remember(ACCOUNT, words.split(" "));
  assert.equal(vault.remembered(ACCOUNT), words);
  vault.forget(ACCOUNT);
  assert.equal(storage.kept.size, 0);
});

const reference = (id, contentType, data) => ({
  resource: { resourceType: "DocumentReference", id, content: [{ attachment: { contentType, data } }] },
});
const bundle = (...entry) => utf8(JSON.stringify({ resourceType: "Bundle", entry }));
const page = (html) => reference("history-page", "text/html", toBase64(utf8(html)));

test("historyPage puts the page images in, and only where an image is due", () => {
  const html = historyPage(
    bundle(page('<p>é cid:page-1</p><img src="cid:page-1"><img src="cid:page-2">'), reference("page-1", "image/jpeg", "/9j/")),
  );
  assert.equal(html, '<p>é cid:page-1</p><img src="data:image/jpeg;base64,/9j/"><img src="cid:page-2">');
});

test("historyPage does not let image data break out of its attribute", () => {
  const html = historyPage(bundle(page('<img src="cid:page-1">'), reference("page-1", "image/jpeg", '"><script>')));
  assert.equal(html, '<img src="cid:page-1">');
});

for (const [name, payload] of [
  ["no JSON", utf8("penicillin")],
  ["no text", Uint8Array.of(0xff, 0xfe)],
  ["no page", bundle(reference("page-1", "image/jpeg", "/9j/"))],
  ["another resource", utf8(JSON.stringify({ resourceType: "Patient" }))],
]) {
  test(`historyPage refuses a payload with ${name}`, () => {
    assert.throws(() => historyPage(payload), { code: "bundle" });
  });
}
