// A wallet for trying things out, where there is no other: EIP-1193 over keys that lie in this
// browser. It serves the local practice chain alone, and says so in its name.

import { secp256k1 } from "@noble/curves/secp256k1.js";
import { keccak_256 } from "@noble/hashes/sha3.js";
import { concat, fromHex, toHex } from "../bytes.js";
import { askToSign } from "./confirm.js";
import { typedDigest } from "./typed.js";

export const PRACTICE_RDNS = "anamnesis.practice";
export const PRACTICE_CHAIN = 31337;
export const PEOPLE = ["Person 1", "Person 2", "Person 3"];
const STORED = "anamnesis.practice";
const KEY_BYTES = 32;

class RpcError extends Error {
  constructor(code, message) {
    super(message);
    this.code = code;
  }
}

/** The account of a private key, lower case. */
export function accountOf(key) {
  const point = secp256k1.getPublicKey(key, false).subarray(1);
  return toHex(keccak_256(point).subarray(12));
}

/** r, s, v of a digest, as wallets give it: 65 bytes, v 27 or 28. */
export function signDigest(key, digest) {
  const recovered = secp256k1.sign(digest, key, { prehash: false, format: "recovered" });
  return toHex(concat(recovered.subarray(1), Uint8Array.of(27 + recovered[0])));
}

/** One provider for a few people, one of whom is in front of the screen at a time. */
export class PracticeWallet {
  #storage;
  #ask;
  #listeners = new Map();

  constructor({ storage, ask = askToSign }) {
    this.#storage = storage;
    this.#ask = ask;
  }

  get person() {
    return this.#state().person;
  }

  /** Put another person in front of the screen. */
  become(person) {
    if (!(person in PEOPLE)) throw new RangeError("no such person");
    this.#store({ ...this.#state(), person });
    this.#emit("accountsChanged", [this.#account()]);
  }

  on(event, listener) {
    const listeners = this.#listeners.get(event) ?? new Set();
    this.#listeners.set(event, listeners.add(listener));
    return this;
  }

  removeListener(event, listener) {
    this.#listeners.get(event)?.delete(listener);
    return this;
  }

  async request({ method, params = [] }) {
    switch (method) {
      case "eth_requestAccounts":
      case "eth_accounts":
        return [this.#account()];
      case "eth_chainId":
        return "0x" + PRACTICE_CHAIN.toString(16);
      case "wallet_switchEthereumChain":
        if (Number(params[0]?.chainId) === PRACTICE_CHAIN) return null;
        throw new RpcError(4902, "The practice wallet knows the local chain only.");
      case "eth_signTypedData_v4":
        return this.#sign(params[0], JSON.parse(params[1]));
      default:
        throw new RpcError(4200, "The practice wallet cannot do this.");
    }
  }

  async #sign(account, typed) {
    if (String(account).toLowerCase() !== this.#account()) throw new RpcError(4100, "Another person is in front of the screen.");
    const chain = typed.domain.chainId;
    if (chain !== undefined && Number(chain) !== PRACTICE_CHAIN) throw new RpcError(-32603, "This message is for another chain.");
    const digest = typedDigest(typed);
    if (!(await this.#ask(typed, PEOPLE[this.person]))) throw new RpcError(4001, "Declined.");
    return signDigest(this.#key(), digest);
  }

  #key() {
    const { keys, person } = this.#state();
    return fromHex(keys[person], KEY_BYTES);
  }

  #account() {
    return accountOf(this.#key());
  }

  #state() {
    const stored = JSON.parse(this.#storage.getItem(STORED) ?? "null");
    if (stored) return stored;
    const keys = PEOPLE.map(() => toHex(secp256k1.utils.randomSecretKey()));
    return this.#store({ keys, person: 0 });
  }

  #store(state) {
    this.#storage.setItem(STORED, JSON.stringify(state));
    return state;
  }

  #emit(event, value) {
    for (const listener of this.#listeners.get(event) ?? []) listener(value);
  }
}

let announced = null;

/** Offer the practice wallet to this tab as any wallet would be (EIP-6963), once. */
export function offerPracticeWallet(page = window) {
  if (announced) return announced;
  announced = new PracticeWallet({ storage: page.localStorage });
  const info = Object.freeze({
    uuid: "b9a7a1fe-2f0c-4c3b-9a4a-6f5b1d2c7e10",
    name: "Practice wallet (local chain only)",
    rdns: PRACTICE_RDNS,
    icon: "data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg'/>",
  });
  const detail = Object.freeze({ info, provider: announced });
  const announce = () => page.dispatchEvent(new CustomEvent("eip6963:announceProvider", { detail }));
  page.addEventListener("eip6963:requestProvider", announce);
  announce();
  return announced;
}
