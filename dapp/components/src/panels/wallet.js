// The wallet bar: which wallet, which account, which chain. The server learns the first two only.

import { button, h, shortAddress, statusLine } from "../dom.js";
import { explain } from "../errors.js";
import { offerPracticeWallet, PEOPLE, PRACTICE_CHAIN, PRACTICE_RDNS } from "../practice/wallet.js";
import { forgetReadings } from "../reading.js";
import { tabVault } from "../vault.js";
import { tabWallet } from "../wallet.js";

const GRACE_MS = 2_000;
let mounted = 0;
let watched = null;

/** Keys and readings belong to an account: they go when it changes, leaves, or the page closes. */
function guard(wallet) {
  const account = wallet.account?.toLowerCase() ?? null;
  if (watched !== account) {
    tabVault().lock();
    forgetReadings();
  }
  watched = account;
}

export class WalletPanel {
  constructor(root, send) {
    this.root = root;
    this.send = send;
    this.wallet = tabWallet();
    this.status = statusLine();
    this.told = undefined;
    mounted += 1;
    this.unsubscribe = this.wallet.subscribe(() => this.refresh());
  }

  update(data) {
    this.chain = data.chain;
    if (this.chain.id === PRACTICE_CHAIN) this.practice = offerPracticeWallet();
    this.refresh();
  }

  refresh() {
    guard(this.wallet);
    if (this.chain) this.root.replaceChildren(...this.draw(), this.status.element);
    this.tell();
  }

  /** Tell the server after the mount has settled, and only what changed. */
  tell() {
    const { account, chainId } = this.wallet;
    const session = account ? { account, chain_id: chainId } : null;
    const text = JSON.stringify(session);
    if (text === this.told || (session === null && this.told === undefined)) return;
    this.told = text;
    setTimeout(() => this.send.state("session", session), 0);
  }

  draw() {
    if (!this.wallet.account) return [this.drawConnect()];
    const { account, chainId, name } = this.wallet;
    const wrong = chainId !== this.chain.id;
    const who = h("span", { class: "account", title: account, "data-testid": "account", "data-account": account },
      h("span", { class: "dot", "aria-hidden": "true" }), `${name} · ${shortAddress(account)}`);
    const copy = button("Copy address", () => this.copy(account), { quiet: true, testid: "copy" });
    const leave = button("Disconnect", () => this.wallet.disconnect(), { quiet: true, testid: "disconnect" });
    const people = this.wallet.rdns === PRACTICE_RDNS ? this.drawPeople() : null;
    const bar = h("div", { class: "bar" }, who, people, copy, leave);
    return wrong ? [bar, this.drawWrongChain(chainId)] : [bar];
  }

  drawPeople() {
    const options = PEOPLE.map((name, index) => h("option", { value: String(index), selected: index === this.practice.person }, name));
    const choose = (event) => this.practice.become(Number(event.target.value));
    return h("select", { "aria-label": "Person in front of the screen", "data-testid": "person", onchange: choose }, ...options);
  }

  drawConnect() {
    const found = [...this.wallet.providers.values()];
    if (!found.length) {
      return h("p", { class: "note", "data-testid": "no-wallet" },
        "No wallet was found in this browser. Install one (any that speaks EIP-6963, such as Rabby, Frame or " +
          "MetaMask), then reload this page. Reading the audit needs no wallet.");
    }
    const connect = (detail) => button(`Connect ${detail.info.name}`,
      () => this.attempt("Look at your wallet…", () => this.wallet.connect(detail.info.uuid)),
      { testid: `connect-${detail.info.rdns}` });
    return h("div", { class: "bar" }, ...found.map(connect));
  }

  drawWrongChain(chainId) {
    const text = `Your wallet is on chain ${chainId}; your records are on ${this.chain.name} (${this.chain.id}).`;
    const change = button(`Switch to ${this.chain.name}`,
      () => this.attempt("Look at your wallet…", () => this.wallet.ensureChain(this.chain)), { testid: "switch" });
    return h("div", { class: "warning", role: "alert" }, h("p", {}, text), change);
  }

  async copy(account) {
    try {
      await navigator.clipboard.writeText(account);
      this.status.say("Address copied. Give it to whoever asks for access.", "good");
    } catch {
      this.status.say(account);
    }
  }

  async attempt(message, work) {
    this.status.say(message, "busy");
    try {
      await work();
      this.status.say("");
    } catch (error) {
      this.status.say(explain(error).message, "bad");
    }
  }

  close() {
    this.unsubscribe();
    mounted -= 1;
    // A change of page mounts the bar anew at once; only when none comes back the keys go.
    setTimeout(() => mounted || (tabVault().lock(), forgetReadings()), GRACE_MS);
  }
}
