// The practice wallet signs what any wallet would, and nothing for another chain or person.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { fromHex, toHex } from "../../dapp/components/src/bytes.js";
import { rowsOf } from "../../dapp/components/src/practice/confirm.js";
import { typedDigest } from "../../dapp/components/src/practice/typed.js";
import { accountOf, PEOPLE, PRACTICE_CHAIN, PracticeWallet, signDigest } from "../../dapp/components/src/practice/wallet.js";

const vectors = JSON.parse(readFileSync(new URL("../vectors/typed_data.json", import.meta.url)));

function memory() {
  const kept = new Map();
  return { getItem: (name) => kept.get(name) ?? null, setItem: (name, value) => kept.set(name, value) };
}

const typed = (chainId = PRACTICE_CHAIN) => ({
  types: {
    EIP712Domain: [{ name: "name", type: "string" }, { name: "chainId", type: "uint256" }],
    Note: [{ name: "who", type: "address" }, { name: "count", type: "uint32" }],
  },
  primaryType: "Note",
  domain: { name: "Test", chainId },
  message: { who: "0x" + "ab".repeat(20), count: "7" },
});

test("digests and signatures equal the shared vectors", () => {
  const keys = new Map(Object.values(vectors.keys).map((key) => [accountOf(fromHex(key, 32)), fromHex(key, 32)]));
  assert.ok(vectors.vectors.length >= 7);
  for (const { message, digest, signer, signature } of vectors.vectors) {
    assert.equal(toHex(typedDigest(message)), digest, message.primaryType);
    assert.equal(signDigest(keys.get(signer.toLowerCase()), fromHex(digest, 32)), signature);
  }
});

test("signs the same twice and keeps its people across reloads", async () => {
  const storage = memory();
  const wallet = new PracticeWallet({ storage, ask: async () => true });
  const [account] = await wallet.request({ method: "eth_requestAccounts" });
  const sign = () => wallet.request({ method: "eth_signTypedData_v4", params: [account, JSON.stringify(typed())] });
  assert.equal(await sign(), await sign());
  const again = new PracticeWallet({ storage });
  assert.deepEqual(await again.request({ method: "eth_accounts" }), [account]);
});

test("each person has an account of their own, and changing is announced", async () => {
  const wallet = new PracticeWallet({ storage: memory() });
  const seen = [];
  wallet.on("accountsChanged", ([account]) => seen.push(account));
  PEOPLE.forEach((_, person) => wallet.become(person));
  assert.equal(new Set(seen).size, PEOPLE.length);
  assert.throws(() => wallet.become(PEOPLE.length), RangeError);
});

test("declining, another account, another chain and other methods are refused", async () => {
  const wallet = new PracticeWallet({ storage: memory(), ask: async () => false });
  const [account] = await wallet.request({ method: "eth_accounts" });
  const sign = (who, message) =>
    wallet.request({ method: "eth_signTypedData_v4", params: [who, JSON.stringify(message)] });
  await assert.rejects(sign(account, typed()), { code: 4001 });
  await assert.rejects(sign("0x" + "11".repeat(20), typed()), { code: 4100 });
  await assert.rejects(sign(account, typed(1)), { code: -32603 });
  await assert.rejects(wallet.request({ method: "eth_sendTransaction", params: [{}] }), { code: 4200 });
  await assert.rejects(wallet.request({ method: "wallet_switchEthereumChain", params: [{ chainId: "0x1" }] }), { code: 4902 });
  assert.equal(await wallet.request({ method: "wallet_switchEthereumChain", params: [{ chainId: "0x7a69" }] }), null);
});

test("a field that does not fit its type is not signed", () => {
  const message = typed();
  message.message.count = String(2 ** 32);
  assert.throws(() => typedDigest(message), RangeError);
});

test("the dialog shows every field of a batch, structs in arrays included", () => {
  const { message } = vectors.vectors.find((vector) => vector.message.primaryType === "Batch");
  const rows = rowsOf(message.types, "Batch", message.message);
  const shown = new Map(rows);
  const [version, revocation, grant] = ["versions", "revocations", "grants"].map((name) => message.message[name][0]);
  assert.equal(shown.size, rows.length, "no name twice");
  assert.equal(shown.get("patient"), message.message.patient);
  assert.equal(shown.get("versions 1, commitment"), version.commitment);
  assert.equal(shown.get("revocations 1, grantee"), revocation.grantee);
  assert.equal(shown.get("grants 1, expiry"), grant.expiry);
  assert.ok(rows.every(([, text]) => typeof text === "string" && !text.includes("[object")));
  assert.deepEqual(rowsOf(message.types, "Batch", { ...message.message, grants: [] }).find(([name]) => name === "grants"), ["grants", "none"]);
});
