// What the server may ask of the browser. Each step returns what may leave the browser, no more:
// a signature meant for the chain, a public key, a wrapped key, hashes of a sealing.

import { fromBase64, fromHex, toBase64 } from "./bytes.js";
import { historyPage } from "./bundle.js";
import { button, h, historyFrame, save } from "./dom.js";
import { enrol, unlock } from "./enrolment.js";
import { readPaper } from "./reading.js";
import { reseal } from "./resealing.js";
import { openSealed, rewrap } from "./sealing.js";
import { fetchBack, fetchSealed, handIn } from "./store.js";
import { tabVault } from "./vault.js";

const contextOf = ({ context }) => ({
  chainId: context.chain_id,
  contract: context.contract,
  patient: context.patient,
  record: context.record,
  version: context.version,
});

async function sign(step, signer, { wallet, status, body }) {
  if (step.told) body.replaceChildren(h("p", { class: "note", "data-testid": "told" }, step.told));
  if (step.chain) await wallet.ensureChain(step.chain);
  status.say("Read the message in your wallet, then sign or decline it there.", "busy");
  const signature = await wallet.signTyped(signer, step.typed);
  status.say("Signed. Waiting for the chain…", "busy");
  return { signature };
}

async function withSeed(step, signer, place, work) {
  await unlock(step, signer, place);
  const seed = tabVault().seed(signer);
  try {
    return await work(seed);
  } finally {
    seed.fill(0);
  }
}

async function wrapFor(step, signer, place) {
  const envelope = await withSeed(step, signer, place, (seed) => rewrap({
    envelope: fromBase64(step.envelope),
    envelopeDigest: fromHex(step.envelope_digest, 32),
    context: contextOf(step),
    owner: signer,
    seed,
    reader: step.reader,
    readerKey: fromBase64(step.reader_key),
  }));
  place.status.say("The key is wrapped for the reader.", "busy");
  return { envelope: toBase64(envelope) };
}

const presentOf = (step, signer, seed, sealed) => ({
  sealed,
  envelope: fromBase64(step.envelope),
  envelopeDigest: fromHex(step.envelope_digest, 32),
  commitment: fromHex(step.commitment, 32),
  context: contextOf(step),
  reader: signer,
  seed,
});

async function open(step, signer, place, answer) {
  const payload = await withSeed(step, signer, place, async (seed) => {
    place.status.say("Fetching and checking the sealed record…", "busy");
    return openSealed(presentOf(step, signer, seed, await fetchSealed(step.commitment)));
  });
  showHistory(payload, step, place, answer);
  place.status.say("Opened and checked in this browser. Nobody else saw it.", "good");
  return {};
}

// A ticket takes one sealing; a panel that is mounted anew meanwhile waits for the same one.
const resealing = new Map();

async function resealFor(step, signer, place) {
  await unlock(step, signer, place);
  if (!resealing.has(step.ticket)) {
    resealing.set(step.ticket, resealOnce(step, signer, place).finally(() => resealing.delete(step.ticket)));
  }
  place.status.say("Sealing your history anew in this browser…", "busy");
  await resealing.get(step.ticket);
  place.status.say("Sealed anew, stored and read back. Your signature puts it on the chain.", "busy");
  return {};
}

function resealOnce(step, signer, place) {
  return withSeed(step, signer, place, async (seed) => reseal({
    present: presentOf(step, signer, seed, await fetchSealed(step.commitment)),
    readers: step.readers.map(({ reader, reader_key }) => ({ reader, readerKey: fromBase64(reader_key) })),
    keep: async (made) => {
      await handIn(step.ticket, made);
      return fetchBack(made);
    },
  }));
}

function showHistory(payload, step, place, answer) {
  const html = historyPage(payload);
  place.onEnd(() => payload.fill(0));
  place.body.replaceChildren(
    h("div", { class: "bar" },
      button("Close", () => answer({ ok: true, closed: true }), { testid: "close-history" }),
      button("Save history.html", () => save(html, "history.html", "text/html"), { quiet: true, testid: "save-html" }),
      button("Save history.json", () => save(payload, "history.json", "application/fhir+json"), { quiet: true, testid: "save-json" })),
    historyFrame(html, step.title),
  );
}

/** By the `kind` that the server names. */
export const steps = { sign, open, wrap: wrapFor, reseal: resealFor, enrol, read: readPaper };
