// The person's wallet: EIP-6963 discovery, EIP-1193 requests, one per browser tab.

import { BrowserError } from "./errors.js";

const REMEMBERED = "anamnesis.wallet";
// Our practice wallet is announced under this, and says nothing about what the browser has.
const OWN = "anamnesis.";
const LEGACY_WAIT_MS = 400;
const CHAIN_WAIT_MS = 20_000;
const ANSWER_WAIT_MS = 300_000;
const UNKNOWN_CHAIN = 4902;

function within(milliseconds, promise, message) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new BrowserError("timeout", message)), milliseconds);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

const same = (left, right) => String(left).toLowerCase() === String(right).toLowerCase();

/** `page` is the window; tests hand in a small stand-in. */
export class Wallet {
  #page;
  #listeners = new Set();
  #wired = new WeakSet();
  #chosen = null;

  constructor(page, { legacyWaitMs = LEGACY_WAIT_MS, chainWaitMs = CHAIN_WAIT_MS } = {}) {
    this.#page = page;
    this.chainWaitMs = chainWaitMs;
    this.providers = new Map();
    this.account = null;
    this.chainId = null;
    page.addEventListener("eip6963:announceProvider", (event) => this.#found(event.detail));
    page.dispatchEvent(new Event("eip6963:requestProvider"));
    setTimeout(() => this.#fallBack(), legacyWaitMs);
  }

  get name() {
    return this.#chosen?.info.name ?? null;
  }

  get rdns() {
    return this.#chosen?.info.rdns ?? null;
  }

  /** Called on every change; returns the function that ends it. */
  subscribe(listener) {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #changed() {
    for (const listener of this.#listeners) listener();
  }

  #found(detail) {
    if (!detail?.info?.uuid || !detail.provider || this.providers.has(detail.info.uuid)) return;
    this.providers.set(detail.info.uuid, detail);
    this.#changed();
    if (!this.#chosen && this.#page.sessionStorage?.getItem(REMEMBERED) === detail.info.rdns) {
      this.connect(detail.info.uuid, { silent: true }).catch(() => {}); // the button remains
    }
  }

  #fallBack() {
    const announced = [...this.providers.values()].some(({ info }) => !info.rdns?.startsWith(OWN));
    if (announced || !this.#page.ethereum) return;
    this.#found({ info: { uuid: "legacy", name: "Browser wallet", rdns: "legacy" }, provider: this.#page.ethereum });
  }

  /** Ask the wallet for its account; `silent` only looks for one it already gave. */
  async connect(uuid, { silent = false } = {}) {
    const chosen = this.providers.get(uuid);
    if (!chosen) throw new BrowserError("wallet", "This wallet is no longer there. Reload the page.");
    const method = silent ? "eth_accounts" : "eth_requestAccounts";
    const ask = chosen.provider.request({ method });
    const accounts = await within(ANSWER_WAIT_MS, ask, "The wallet did not answer. Open it and try again.");
    if (!accounts?.length) {
      if (silent) return;
      throw new BrowserError("no account", "The wallet gave no account. Create or unlock one there.");
    }
    const chainId = Number(await chosen.provider.request({ method: "eth_chainId" }));
    this.#chosen = chosen;
    this.account = accounts[0];
    this.chainId = chainId;
    this.#wire(chosen);
    this.#page.sessionStorage?.setItem(REMEMBERED, chosen.info.rdns);
    this.#changed();
  }

  #wire(chosen) {
    const { provider } = chosen;
    if (this.#wired.has(provider) || !provider.on) return;
    this.#wired.add(provider);
    const whileChosen = (apply) => (value) => {
      if (this.#chosen !== chosen) return;
      apply(value);
      this.#changed();
    };
    provider.on("accountsChanged", whileChosen((accounts) => (this.account = accounts?.[0] ?? null)));
    provider.on("chainChanged", whileChosen((chainId) => (this.chainId = Number(chainId))));
    // Losing the chain is not losing the account, but keys must not outlive a wallet that left.
    provider.on("disconnect", whileChosen(() => (this.account = null)));
  }

  disconnect() {
    this.#page.sessionStorage?.removeItem(REMEMBERED);
    this.#chosen = null;
    this.account = null;
    this.chainId = null;
    this.#changed();
  }

  #request(method, params) {
    if (!this.#chosen || !this.account) throw new BrowserError("not connected", "Connect your wallet first.");
    return this.#chosen.provider.request({ method, params });
  }

  /** Move the wallet to the chain, adding it when unknown. `chain` = {id, name, rpc}. */
  async ensureChain(chain) {
    const current = Number(await this.#request("eth_chainId", []));
    if (current !== chain.id) {
      const late = `The wallet did not switch. Choose the chain "${chain.name}" in it by hand.`;
      await within(this.chainWaitMs, this.#switch(chain), late);
    }
    this.chainId = Number(await this.#request("eth_chainId", []));
    this.#changed();
    if (this.chainId !== chain.id) {
      throw new BrowserError("wrong chain", `The wallet is on chain ${this.chainId}, this page uses ${chain.id}.`);
    }
  }

  async #switch(chain) {
    const chainId = "0x" + chain.id.toString(16);
    try {
      await this.#request("wallet_switchEthereumChain", [{ chainId }]);
    } catch (error) {
      if (error?.code !== UNKNOWN_CHAIN) throw error;
      const nativeCurrency = { name: "Ether", symbol: "ETH", decimals: 18 };
      const details = { chainId, chainName: chain.name, rpcUrls: [chain.rpc], nativeCurrency };
      await this.#request("wallet_addEthereumChain", [details]);
    }
  }

  /** Sign typed data as `signer`. The account is asked for each time: wallets change it in silence. */
  async signTyped(signer, typed) {
    await this.#mustBe(signer);
    const asked = this.#request("eth_signTypedData_v4", [this.account, JSON.stringify(typed)]);
    const signature = await within(ANSWER_WAIT_MS, asked, "The wallet did not answer. Try again.");
    await this.#mustBe(signer);
    if (typeof signature !== "string" || !/^0x([0-9a-fA-F]{2})+$/.test(signature)) {
      throw new BrowserError("signature", "The wallet answered with something that is no signature.");
    }
    return signature;
  }

  async #mustBe(signer) {
    const accounts = await this.#request("eth_accounts", []);
    if (same(accounts?.[0], signer) && same(this.account, signer)) return;
    this.account = accounts?.[0] ?? null;
    this.#changed();
    throw new BrowserError("wrong account", `The wallet uses another account now. Choose ${signer} in it.`);
  }
}

let shared = null;

/** The one wallet of this tab. */
export function tabWallet() {
  shared ??= new Wallet(window);
  return shared;
}
