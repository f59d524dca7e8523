// The reading key: a seed from a wallet signature and a recovery code, so that neither alone opens.

import { entropyToMnemonic, mnemonicToEntropy } from "@scure/bip39";
import { wordlist } from "@scure/bip39/wordlists/english.js";
import { concat, equal, fromHex, utf8 } from "./bytes.js";
import { BrowserError } from "./errors.js";
import { hkdf, keccak256, publicKeyOf } from "./sealing.js";

const SALT = "anamnesis/reading-key/v1";
const WARNING =
  "Signing this helps unlock your medical records. Sign it only on the site named below.";
const CODE_BYTES = 16;

/** The EIP-712 message for the wallet, bound to the page's own origin. */
export function readingKeyMessage(site) {
  const text = (name) => ({ name, type: "string" });
  return {
    types: {
      EIP712Domain: [text("name"), text("version")],
      ReadingKey: [text("warning"), text("site")],
    },
    primaryType: "ReadingKey",
    domain: { name: "Anamnesis reading key", version: "1" },
    message: { warning: WARNING, site },
  };
}

export const newRecoveryCode = () => crypto.getRandomValues(new Uint8Array(CODE_BYTES));
export const wordsOf = (code) => entropyToMnemonic(code, wordlist).split(" ");

/** The 16 bytes behind twelve words. Throws BrowserError naming what is wrong with them. */
export function codeOf(text) {
  const words = text.trim().toLowerCase().split(/[\s,]+/).filter(Boolean);
  if (words.length !== 12) throw new BrowserError("words", `A recovery code has 12 words; these are ${words.length}.`);
  const unknown = words.findIndex((word) => !wordlist.includes(word));
  if (unknown >= 0) {
    throw new BrowserError("words", `Word ${unknown + 1} is not one of the words in use. Check its spelling.`);
  }
  try {
    return mnemonicToEntropy(words.join(" "), wordlist);
  } catch {
    throw new BrowserError("words", "These words do not belong together. One is wrong or in the wrong place.");
  }
}

/** Whether a wallet's two answers to the same message can carry a key. */
export const repeats = (first, second) => first === second && /^0x[0-9a-fA-F]{130}$/.test(first);

/** The seed from r and s of the signature (v dropped) and the recovery code. */
export function seedFromSignature(signature, code, account) {
  const bytes = fromHex(signature, 65);
  return hkdf(concat(bytes.slice(0, 64), code), utf8(SALT), fromHex(account, 20));
}

/** The seed, if it is the one whose public key is published. Throws BrowserError. */
export async function derivedSeed({ signature, code, account, keyHash }) {
  if (/^0x[0-9a-fA-F]{130}$/.test(signature)) {
    const seed = await seedFromSignature(signature, code, account);
    if (equal(keccak256(await publicKeyOf(seed)), keyHash)) return seed;
    seed.fill(0);
  }
  throw new BrowserError(
    "wrong words",
    "These words do not give the reading key that this account published. Check the words, and that " +
      "you are on the site address where you created the key.",
  );
}
