// Seeds live here and nowhere else: in this module's memory, for one account, until it is locked.

import { fromHex } from "./bytes.js";
import { BrowserError } from "./errors.js";
import * as readingKey from "./readingkey.js";
import { publicKeyOf } from "./sealing.js";
import { unwrapSeed, wrapSeed } from "./wrappedseed.js";

const SEED_BYTES = 32;
const REMEMBERED = "anamnesis.recovery.";

/** The open reading key of at most one account. */
export class Vault {
  #account = null;
  #seed = null;

  constructor(storage) {
    this.storage = storage;
  }

  #key = (account) => REMEMBERED + account.toLowerCase();

  isOpen(account) {
    return this.#seed !== null && this.#account === account.toLowerCase();
  }

  /** Forget the seed; what the person asked this device to remember stays. */
  lock() {
    this.#seed?.fill(0);
    this.#seed = null;
    this.#account = null;
  }

  /** A copy of the seed for one computation. Throws BrowserError when locked. */
  seed(account) {
    if (!this.isOpen(account)) throw new BrowserError("locked", "Unlock your reading key first.");
    return this.#seed.slice();
  }

  /** Take over an account's seed, in place of any before it. */
  hold(account, seed) {
    this.lock();
    this.#account = account.toLowerCase();
    this.#seed = seed;
  }

  remembered(account) {
    return this.storage?.getItem(this.#key(account)) ?? null;
  }

  remember(account, words) {
    this.storage?.setItem(this.#key(account), words.join(" "));
  }

  forget(account) {
    this.storage?.removeItem(this.#key(account));
  }

  /** Two signatures over the same message; null when the wallet does not repeat itself. */
  async probe(wallet, account, site) {
    const message = readingKey.readingKeyMessage(site);
    const first = await wallet.signTyped(account, message);
    const second = await wallet.signTyped(account, message);
    return readingKey.repeats(first, second) ? first : null;
  }

  /**
   * A new reading key: derived where the wallet can carry one, else random and wrapped by the code.
   * `wrapped` is null for the first kind. Nothing is held yet.
   */
  async make(account, signature, code) {
    if (signature) {
      const seed = await readingKey.seedFromSignature(signature, code, account);
      return { seed, key: await publicKeyOf(seed), wrapped: null };
    }
    const seed = crypto.getRandomValues(new Uint8Array(SEED_BYTES));
    return { seed, key: await publicKeyOf(seed), wrapped: await wrapSeed({ seed, code, account }) };
  }

  /** Open the published key with the words; `keyHash` is what the chain holds for the account. */
  async unlock({ wallet, account, site, words, keyHash, wrapped = null }) {
    const wanted = { code: readingKey.codeOf(words), account, keyHash: fromHex(keyHash, 32) };
    this.hold(account, await (wrapped
      ? unwrapSeed({ ...wanted, wrapped })
      : this.#derive({ ...wanted, wallet, site })));
  }

  async #derive({ wallet, site, ...wanted }) {
    const signature = await wallet.signTyped(wanted.account, readingKey.readingKeyMessage(site));
    return readingKey.derivedSeed({ ...wanted, signature });
  }
}

let shared = null;

/** The one vault of this tab. */
export function tabVault() {
  shared ??= new Vault(globalThis.localStorage);
  return shared;
}
