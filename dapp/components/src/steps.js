// What the server may ask of the browser. Each step returns what may leave the browser, no more:
// a signature meant for the chain, a public key, a wrapped key, hashes of a sealing.

import { fromBase64, fromHex, toBase64 } from "./bytes.js";
import { historyPage } from "./bundle.js";
import { button, h, historyFrame, save } from "./dom.js";
import { enrol, unlock } from "./enrolment.js";
import { BrowserError } from "./errors.js";
import { readPaper } from "./reading.js";
import { MAX_PAYLOAD_BYTES, openSealed, rewrap } from "./sealing.js";
import { tabVault } from "./vault.js";

const MAX_SEALED_BYTES = 2 * MAX_PAYLOAD_BYTES;

const contextOf = ({ context }) => ({
  chainId: context.chain_id,
  contract: context.contract,
  patient: context.patient,
  record: context.record,
  version: context.version,
});

async function sign(step, signer, { wallet, status }) {
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

async function fetchSealed(commitment) {
  let response;
  try {
    response = await fetch(`/sealed/${commitment}`, { cache: "no-store", credentials: "omit" });
  } catch {
    throw new BrowserError("store", "The sealed record could not be fetched. Check that the page's server runs.");
  }
  if (!response.ok) {
    throw new BrowserError("store", "The store did not hand over the sealed record. Try again in a moment.");
  }
  if (Number(response.headers.get("content-length") ?? 0) > MAX_SEALED_BYTES) {
    throw new BrowserError("structure", "The sealed record is larger than any that this page opens.");
  }
  return new Uint8Array(await response.arrayBuffer());
}

async function open(step, signer, place, answer) {
  const payload = await withSeed(step, signer, place, async (seed) => {
    place.status.say("Fetching and checking the sealed record…", "busy");
    return openSealed({
      sealed: await fetchSealed(step.commitment),
      envelope: fromBase64(step.envelope),
      envelopeDigest: fromHex(step.envelope_digest, 32),
      commitment: fromHex(step.commitment, 32),
      context: contextOf(step),
      reader: signer,
      seed,
    });
  });
  showHistory(payload, step, place, answer);
  place.status.say("Opened and checked in this browser. Nobody else saw it.", "good");
  return {};
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
export const steps = { sign, open, wrap: wrapFor, enrol, read: readPaper };
