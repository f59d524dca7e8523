// The wallet core against providers that behave as wallets do, and as they should not.

import assert from "node:assert/strict";
import { test } from "node:test";
import { explain } from "../../dapp/components/src/errors.js";
import { Wallet } from "../../dapp/components/src/wallet.js";

const ACCOUNT = "0x" + "a1".repeat(20);
const OTHER = "0x" + "b2".repeat(20);
const CHAIN = { id: 31337, name: "Test chain", rpc: "http://127.0.0.1:1" };
const SIGNATURE = "0x" + "11".repeat(65);

const refusal = (code) => Object.assign(new Error("no"), { code });

class Provider {
  constructor(overrides = {}) {
    this.listeners = {};
    this.asked = [];
    this.account = ACCOUNT;
    this.chain = "0x7a69";
    this.overrides = overrides;
  }

  on(name, listener) {
    this.listeners[name] = listener;
  }

  async request({ method, params }) {
    this.asked.push(method);
    if (this.overrides[method]) return this.overrides[method](params, this);
    const answers = {
      eth_requestAccounts: () => [this.account],
      eth_accounts: () => [this.account],
      eth_chainId: () => this.chain,
      eth_signTypedData_v4: () => SIGNATURE,
      wallet_switchEthereumChain: () => ((this.chain = params[0].chainId), null),
    };
    return answers[method]();
  }
}

class Page extends EventTarget {
  constructor(remembered = {}) {
    super();
    const kept = new Map(Object.entries(remembered));
    this.sessionStorage = {
      getItem: (name) => kept.get(name) ?? null,
      setItem: (name, value) => kept.set(name, value),
      removeItem: (name) => kept.delete(name),
    };
  }

  announce(provider, rdns = "example.wallet") {
    const detail = Object.freeze({ info: Object.freeze({ uuid: rdns, name: "Example", rdns }), provider });
    this.dispatchEvent(Object.assign(new Event("eip6963:announceProvider"), { detail }));
  }
}

const settle = (milliseconds = 20) => new Promise((resolve) => setTimeout(resolve, milliseconds));

async function connected(overrides) {
  const page = new Page();
  const provider = new Provider(overrides);
  const wallet = new Wallet(page, { chainWaitMs: 30 });
  page.announce(provider);
  await wallet.connect("example.wallet");
  return { page, provider, wallet };
}

test("discovery asks for providers and lists each announced one once", () => {
  const page = new Page();
  let asked = 0;
  page.addEventListener("eip6963:requestProvider", () => (asked += 1));
  const wallet = new Wallet(page);
  page.announce(new Provider());
  page.announce(new Provider());
  page.dispatchEvent(Object.assign(new Event("eip6963:announceProvider"), { detail: { info: {} } }));
  assert.equal(asked, 1);
  assert.deepEqual([...wallet.providers.keys()], ["example.wallet"]);
});

test("window.ethereum is offered only when nothing announced itself", async () => {
  const alone = Object.assign(new Page(), { ethereum: new Provider() });
  const both = Object.assign(new Page(), { ethereum: new Provider() });
  const wallets = [alone, both].map((page) => new Wallet(page, { legacyWaitMs: 5 }));
  both.announce(new Provider());
  await settle();
  assert.deepEqual(wallets.map((wallet) => [...wallet.providers.keys()]), [["legacy"], ["example.wallet"]]);
});

test("the practice wallet does not hide window.ethereum", async () => {
  const page = Object.assign(new Page(), { ethereum: new Provider() });
  const wallet = new Wallet(page, { legacyWaitMs: 5 });
  page.announce(new Provider(), "anamnesis.practice");
  await settle();
  assert.deepEqual([...wallet.providers.keys()], ["anamnesis.practice", "legacy"]);
});

test("a remembered wallet reconnects in silence, and asks nothing when it gives no account", async () => {
  for (const [accounts, expected] of [[[ACCOUNT], ACCOUNT], [[], null]]) {
    const page = new Page({ "anamnesis.wallet": "example.wallet" });
    const provider = new Provider({ eth_accounts: () => accounts });
    const wallet = new Wallet(page);
    page.announce(provider);
    await settle();
    assert.equal(wallet.account, expected);
    assert.ok(!provider.asked.includes("eth_requestAccounts"));
  }
});

test("declining is said as declining", async () => {
  const { wallet } = await connected({ eth_signTypedData_v4: () => Promise.reject(refusal(4001)) });
  await assert.rejects(wallet.signTyped(ACCOUNT, {}), (error) => explain(error).code === "declined");
});

test("signTyped asks for the account each time and refuses another one", async () => {
  const { provider, wallet } = await connected();
  assert.equal(await wallet.signTyped(ACCOUNT.toUpperCase().replace("0X", "0x"), {}), SIGNATURE);
  provider.account = OTHER; // no accountsChanged, as wallets do
  await assert.rejects(wallet.signTyped(ACCOUNT, {}), { code: "wrong account" });
  assert.equal(provider.asked.filter((method) => method === "eth_signTypedData_v4").length, 1);
  assert.equal(wallet.account, OTHER);
});

test("signTyped drops a signature when the account changed while it was made", async () => {
  const { wallet } = await connected({
    eth_signTypedData_v4: (_, provider) => ((provider.account = OTHER), SIGNATURE),
  });
  await assert.rejects(wallet.signTyped(ACCOUNT, {}), { code: "wrong account" });
});

for (const answer of [null, "", "0x", "0x123", "0xzz", { signature: SIGNATURE }]) {
  test(`signTyped refuses ${JSON.stringify(answer)} as a signature`, async () => {
    const { wallet } = await connected({ eth_signTypedData_v4: () => answer });
    await assert.rejects(wallet.signTyped(ACCOUNT, {}), { code: "signature" });
  });
}

test("ensureChain switches, and adds a chain that the wallet does not know", async () => {
  const added = [];
  const { provider, wallet } = await connected({
    wallet_switchEthereumChain: () => Promise.reject(refusal(4902)),
    wallet_addEthereumChain: ([chain], self) => (added.push(chain), (self.chain = chain.chainId), null),
  });
  provider.chain = "0x1";
  await wallet.ensureChain(CHAIN);
  assert.equal(wallet.chainId, 31337);
  assert.deepEqual(added[0].rpcUrls, [CHAIN.rpc]);
});

test("ensureChain gives up when the wallet hangs", async () => {
  const { provider, wallet } = await connected({ wallet_switchEthereumChain: () => new Promise(() => {}) });
  provider.chain = "0x1";
  await assert.rejects(wallet.ensureChain(CHAIN), { code: "timeout" });
});

test("ensureChain does not believe a switch that did not happen", async () => {
  const { provider, wallet } = await connected({ wallet_switchEthereumChain: () => null });
  provider.chain = "0x1";
  await assert.rejects(wallet.ensureChain(CHAIN), { code: "wrong chain" });
});

test("changes in the wallet reach the page; those of a wallet left behind do not", async () => {
  const { provider, wallet } = await connected();
  let changes = 0;
  wallet.subscribe(() => (changes += 1));
  provider.listeners.chainChanged("0x1");
  provider.listeners.accountsChanged([OTHER]);
  assert.deepEqual([wallet.chainId, wallet.account, changes], [1, OTHER, 2]);
  provider.listeners.disconnect();
  assert.equal(wallet.account, null);
  wallet.disconnect();
  provider.listeners.accountsChanged([ACCOUNT]);
  assert.equal(wallet.account, null);
});

test("explain passes no foreign text on", () => {
  const { message } = explain(new Error("cannot sign: penicillin"));
  assert.ok(!message.includes("penicillin"));
});
