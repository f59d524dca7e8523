// Wrapped seed, version 1: a random reading seed under the recovery code, for wallets that never
// sign the same twice. The same bytes as the Python side makes and opens.

import { concat, equal, fromHex, utf8 } from "./bytes.js";
import { BrowserError } from "./errors.js";
import { hkdf, keccak256, publicKeyOf } from "./sealing.js";

const HEADER = concat(utf8("ANSD"), Uint8Array.of(1, 1)); // magic, version, suite
const NONCE_BYTES = 12;
const BODY_PLACE = HEADER.length + NONCE_BYTES;
export const WRAPPED_SEED_BYTES = BODY_PLACE + 32 + 16;
const SALT = utf8("anamnesis/wrapped-seed/v1");

async function cipher(code, account, use) {
  const raw = await hkdf(code, SALT, fromHex(account, 20));
  return crypto.subtle.importKey("raw", raw, "AES-GCM", false, [use]);
}

const parameters = (nonce, account, keyHash) =>
  ({ name: "AES-GCM", iv: nonce, additionalData: concat(HEADER, fromHex(account, 20), keyHash) });

/** The seed of an account for keeping: it opens with the code alone. `nonce` is given only by tests. */
export async function wrapSeed({ seed, code, account, nonce = crypto.getRandomValues(new Uint8Array(NONCE_BYTES)) }) {
  const keyHash = keccak256(await publicKeyOf(seed));
  const key = await cipher(code, account, "encrypt");
  const body = await crypto.subtle.encrypt(parameters(nonce, account, keyHash), key, seed);
  return concat(HEADER, nonce, new Uint8Array(body));
}

/** The seed whose public key is published. Throws BrowserError naming what does not fit. */
export async function unwrapSeed({ wrapped, code, account, keyHash }) {
  if (wrapped.length !== WRAPPED_SEED_BYTES || !equal(wrapped.subarray(0, 4), HEADER.subarray(0, 4))) {
    throw new BrowserError("structure", "This is not the key file of a reading key.");
  }
  if (!equal(wrapped.subarray(4, 6), HEADER.subarray(4, 6))) {
    throw new BrowserError("structure", "The wrapped key has a version this page does not know.");
  }
  const nonce = wrapped.slice(HEADER.length, BODY_PLACE);
  const seed = await decrypt(parameters(nonce, account, keyHash), await cipher(code, account, "decrypt"), wrapped);
  // AES-GCM does not commit to its key: one wrapped seed could open to two under two codes.
  if (!equal(keccak256(await publicKeyOf(seed)), keyHash)) {
    seed.fill(0);
    throw new BrowserError("reading key", "The wrapped key is not the one that this account published.");
  }
  return seed;
}

async function decrypt(parameters, key, wrapped) {
  try {
    return new Uint8Array(await crypto.subtle.decrypt(parameters, key, wrapped.subarray(BODY_PLACE)));
  } catch {
    throw new BrowserError(
      "wrong words", "These words do not give the reading key that this account published. Check the words.");
  }
}
