// A record sealed anew under a fresh key, for its owner and those who remain. The payload lives in
// this module while `reseal` runs, and nowhere else.

import { equal } from "./bytes.js";
import { BrowserError } from "./errors.js";
import { keccak256, openSealed, READING_KEY_BYTES, seal, publicKeyOf, wrap } from "./sealing.js";

/**
 * Open the present version, seal it as the next one, have that kept, and open what was kept.
 *
 * `present` is what `openSealed` takes, owner and seed as its `reader` and `seed`; `readers` are
 * {reader, readerKey}. `keep` takes {commitment, envelopes, sealed}, the owner's envelope first,
 * and returns the sealed bytes as the store has them. Throws BrowserError; nothing is changed then.
 */
export async function reseal({ present, readers, keep }) {
  for (const { readerKey } of readers) {
    if (readerKey.length !== READING_KEY_BYTES) {
      throw new BrowserError("reading key", "A reader's reading key has a wrong length.");
    }
  }
  const payload = await openSealed(present);
  try {
    const context = { ...present.context, version: present.context.version + 1 };
    const made = await sealFor(payload, context, present, readers);
    const kept = await keep(made);
    await mustOpen(kept, made, context, present, payload);
  } finally {
    payload.fill(0);
  }
}

async function sealFor(payload, context, { reader: owner, seed }, readers) {
  const { sealed, secret, commitment } = await seal(payload, context);
  try {
    const envelopes = [await wrap(secret, context, owner, await publicKeyOf(seed))];
    for (const { reader, readerKey } of readers) envelopes.push(await wrap(secret, context, reader, readerKey));
    return { sealed, commitment, envelopes };
  } finally {
    secret.fill(0);
  }
}

async function mustOpen(sealed, { commitment, envelopes }, context, { reader, seed }, payload) {
  const [envelope] = envelopes;
  const claim = { sealed, envelope, envelopeDigest: keccak256(envelope), commitment, context, reader, seed };
  const opened = await openSealed(claim);
  try {
    if (!equal(opened, payload)) throw new BrowserError("payload", "The new version does not hold what the old one did.");
  } finally {
    opened.fill(0);
  }
}
