// Sealed bytes to and from the page's own server, which keeps them on IPFS. Ciphertext only.

import { toHex } from "./bytes.js";
import { BrowserError } from "./errors.js";
import { MAX_PAYLOAD_BYTES } from "./sealing.js";

const MAX_SEALED_BYTES = 2 * MAX_PAYLOAD_BYTES;

async function ask(path, options, unreachable) {
  try {
    return await fetch(path, { ...options, cache: "no-store", credentials: "omit" });
  } catch {
    throw new BrowserError("store", unreachable);
  }
}

/** The sealed record that a commitment stands for, as the store has it; nothing of it is checked. */
export async function fetchSealed(commitment) {
  const response = await ask(`/sealed/${commitment}`, {},
    "The sealed record could not be fetched. Check that the page's server runs.");
  if (!response.ok) {
    throw new BrowserError("store", "The store did not hand over the sealed record. Try again in a moment.");
  }
  if (Number(response.headers.get("content-length") ?? 0) > MAX_SEALED_BYTES) {
    throw new BrowserError("structure", "The sealed record is larger than any that this page opens.");
  }
  return new Uint8Array(await response.arrayBuffer());
}

/** Hand in a fresh sealing under its ticket: kept whole, pinned and read back, or not at all. */
export async function handIn(ticket, { commitment, envelopes, sealed }) {
  const body = new Blob([commitment, ...envelopes, sealed]);
  const headers = { authorization: `Bearer ${ticket}`, "content-type": "application/octet-stream" };
  const response = await ask("/sealed", { method: "PUT", headers, body },
    "The sealed record could not be stored. Check that the page's server runs.");
  if (response.ok) return;
  const problem = await response.json().catch(() => ({}));
  const text = [problem.error, problem.remedy].filter(Boolean).join(" ");
  throw new BrowserError("store", text || "The store did not keep the sealed record. Try again in a moment.");
}

/** What the store kept, fetched under its commitment. */
export const fetchBack = ({ commitment }) => fetchSealed(toHex(commitment));
