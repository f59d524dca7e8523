// Sealed records and envelopes, version 1: the same bytes as the Python side makes and opens.
// Sources: RFC 5869 (HKDF), RFC 9180 (HPKE), X-Wing (MLKEM768-X25519, 0x647A), PURBs (Padmé).

import { Aes256Gcm, CipherSuite, HkdfSha256 } from "@hpke/core";
import { XWing } from "@hpke/hybridkem-x-wing";
import { keccak_256 } from "@noble/hashes/sha3.js";
import { bigEndian, concat, equal, fromHex, utf8 } from "./bytes.js";
import { BrowserError } from "./errors.js";
import { cidDigest } from "./unixfs.js";

const suite = new CipherSuite({ kem: new XWing(), kdf: new HkdfSha256(), aead: new Aes256Gcm() });

const MAGIC = utf8("ANAM");
const VERSION = 1;
const SUITE = 1;
const HEADER_BYTES = 38;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const ENCAPSULATED_BYTES = 1120;
export const ENVELOPE_BYTES = 2 + ENCAPSULATED_BYTES + 96 + TAG_BYTES;
export const READING_KEY_BYTES = 1216;

/** Largest payload that is sealed or opened: 64 MiB. */
export const MAX_PAYLOAD_BYTES = 64 * 1024 * 1024;

export const keccak256 = (bytes) => keccak_256(bytes);

/** What a ciphertext is bound to; fixed widths, so that no two contexts share their bytes. */
export function contextBytes({ chainId, contract, patient, record, version }) {
  return concat(
    utf8("anamnesis/context/v1"),
    bigEndian(chainId, 32),
    fromHex(contract, 20),
    fromHex(patient, 20),
    fromHex(record, 32),
    bigEndian(version, 8),
  );
}

export async function hkdf(material, salt, info) {
  const key = await crypto.subtle.importKey("raw", material, "HKDF", false, ["deriveBits"]);
  const bits = await crypto.subtle.deriveBits({ name: "HKDF", hash: "SHA-256", salt, info }, key, 256);
  return new Uint8Array(bits);
}

const none = new Uint8Array();
const encryptionKey = (key, context) => hkdf(key, none, concat(utf8("anamnesis/seal/v1/encrypt"), context));
const keyCommitment = (key, context) => hkdf(key, none, concat(utf8("anamnesis/seal/v1/commit"), context));

/** Padmé: a padded length that says at most O(log log n) about the length. */
export function padme(length) {
  if (length < 2) return length;
  const bits = (value) => 32 - Math.clz32(value); // lengths stay far below 2^32
  const exponent = bits(length) - 1;
  const unit = 2 ** (exponent - bits(exponent));
  return Math.ceil(length / unit) * unit;
}

async function pump(bytes, stream, limit) {
  const writer = stream.writable.getWriter();
  const writing = writer.write(bytes).then(() => writer.close());
  writing.catch(() => {}); // the reader reports the same failure
  const reader = stream.readable.getReader();
  const parts = [];
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    size += value.length;
    if (size > limit) {
      await reader.cancel();
      throw new BrowserError("frame", "The record unpacks to more than a browser should hold.");
    }
    parts.push(value);
  }
  await writing;
  return concat(...parts);
}

/** What gzip adds to bytes it cannot compress: 5 bytes a stored block of 16 KiB, and its ends. */
const GZIP_OVERHEAD_BYTES = 64 + Math.floor(MAX_PAYLOAD_BYTES / 1000);

async function frame(payload, limit) {
  if (payload.length > limit) {
    throw new BrowserError("payload", "The history is larger than what can be sealed: leave out page images.");
  }
  const packed = await pump(payload, new CompressionStream("gzip"), limit + GZIP_OVERHEAD_BYTES);
  const content = concat(bigEndian(packed.length, 8), packed);
  return concat(content, new Uint8Array(padme(content.length) - content.length));
}

async function unframe(framed, limit) {
  const broken = () => new BrowserError("frame", "The opened record is not framed as it should be.");
  if (framed.length < 8) throw broken();
  const length = Number(new DataView(framed.buffer, framed.byteOffset).getBigUint64(0));
  if (length > framed.length - 8 || padme(length + 8) !== framed.length) throw broken();
  if (framed.subarray(8 + length).some((byte) => byte !== 0)) throw broken();
  try {
    return await pump(framed.subarray(8, 8 + length), new DecompressionStream("gzip"), limit);
  } catch (error) {
    throw error instanceof BrowserError ? error : broken();
  }
}

const gcm = (raw, use) => crypto.subtle.importKey("raw", raw, "AES-GCM", false, [use]);

const random = (length) => crypto.getRandomValues(new Uint8Array(length));

/** Seal a payload with a fresh key. `entropy` and `limit` are replaced only by tests. */
export async function seal(payload, context, { entropy = random, limit = MAX_PAYLOAD_BYTES } = {}) {
  const framed = await frame(payload, limit);
  const bound = contextBytes(context);
  const key = entropy(32);
  const salt = entropy(32);
  const nonce = entropy(NONCE_BYTES);
  const commitmentToKey = await keyCommitment(key, bound);
  const header = concat(MAGIC, Uint8Array.of(VERSION, SUITE), commitmentToKey);
  const cipher = await gcm(await encryptionKey(key, bound), "encrypt");
  const body = await crypto.subtle.encrypt(
    { name: "AES-GCM", iv: nonce, additionalData: concat(header, bound) },
    cipher,
    framed,
  );
  const sealed = concat(header, nonce, new Uint8Array(body));
  const digest = cidDigest(sealed);
  return { sealed, secret: concat(key, salt, digest), commitment: keccak256(concat(salt, digest, commitmentToKey)) };
}

const envelopeInfo = (context, reader) =>
  concat(utf8("anamnesis/envelope/v1"), contextBytes(context), fromHex(reader, 20));

/** Wrap the 96-byte secret of a sealed record for one reader's public key. */
export async function wrap(secret, context, reader, publicKey) {
  const recipientPublicKey = await suite.kem.deserializePublicKey(publicKey);
  const sender = await suite.createSenderContext({ recipientPublicKey, info: envelopeInfo(context, reader) });
  const body = new Uint8Array(await sender.seal(secret));
  return concat(Uint8Array.of(VERSION, SUITE), new Uint8Array(sender.enc), body);
}

/** The secret in an envelope. Throws BrowserError unless it is for this reader and context. */
export async function unwrap(envelope, context, reader, seed) {
  checkEnvelope(envelope);
  try {
    const recipientKey = await suite.kem.deserializePrivateKey(seed);
    const enc = envelope.slice(2, 2 + ENCAPSULATED_BYTES);
    const opener = await suite.createRecipientContext({ recipientKey, enc, info: envelopeInfo(context, reader) });
    return new Uint8Array(await opener.open(envelope.slice(2 + ENCAPSULATED_BYTES)));
  } catch {
    throw new BrowserError("envelope", "This record was not sealed for your reading key.");
  }
}

/** The public key that belongs to a 32-byte seed, 1,216 bytes. */
export async function publicKeyOf(seed) {
  const pair = await suite.kem.generateKeyPairDerand(seed);
  return new Uint8Array(await suite.kem.serializePublicKey(pair.publicKey));
}

function checkEnvelope(envelope) {
  if (envelope.length !== ENVELOPE_BYTES) throw new BrowserError("structure", "The envelope has a wrong length.");
  if (envelope[0] !== VERSION || envelope[1] !== SUITE) {
    throw new BrowserError("structure", "The envelope has a version this page does not know.");
  }
}

function checkSealed(sealed) {
  const least = HEADER_BYTES + NONCE_BYTES + TAG_BYTES + 8;
  if (sealed.length < least || !equal(sealed.subarray(0, 4), MAGIC)) {
    throw new BrowserError("structure", "What the store handed over is not a sealed record.");
  }
  if (sealed[4] !== VERSION || sealed[5] !== SUITE) {
    throw new BrowserError("structure", "The sealed record has a version this page does not know.");
  }
}

/** The envelope must be the one the chain names. */
export function verifyEnvelopeDigest(envelope, digest) {
  checkEnvelope(envelope);
  if (!equal(keccak256(envelope), digest)) {
    throw new BrowserError("envelope digest", "The envelope is not the one that the chain names.");
  }
}

/** Open a sealed record with every check, in the order of the format. Returns the payload. */
export async function openSealed({ sealed, envelope, envelopeDigest, commitment, context, reader, seed, limit = MAX_PAYLOAD_BYTES }) {
  checkSealed(sealed);
  verifyEnvelopeDigest(envelope, envelopeDigest);
  const secret = await unwrap(envelope, context, reader, seed);
  const [key, salt, digest] = [secret.slice(0, 32), secret.slice(32, 64), secret.slice(64, 96)];
  secret.fill(0);
  try {
    if (!equal(cidDigest(sealed), digest)) throw new BrowserError("content identifier", "The sealed bytes were altered.");
    const bound = contextBytes(context);
    const header = sealed.slice(0, HEADER_BYTES);
    const toKey = await keyCommitment(key, bound);
    if (!equal(toKey, header.subarray(6))) {
      throw new BrowserError("key commitment", "The sealed bytes belong to another key.");
    }
    if (!equal(keccak256(concat(salt, digest, toKey)), commitment)) {
      throw new BrowserError("commitment", "The chain commits to another record.");
    }
    return await unframe(await decrypt(sealed, header, key, bound), limit);
  } finally {
    key.fill(0);
  }
}

async function decrypt(sealed, header, key, bound) {
  const iv = sealed.slice(HEADER_BYTES, HEADER_BYTES + NONCE_BYTES);
  try {
    const cipher = await gcm(await encryptionKey(key, bound), "decrypt");
    const additionalData = concat(header, bound);
    const body = sealed.subarray(HEADER_BYTES + NONCE_BYTES);
    return new Uint8Array(await crypto.subtle.decrypt({ name: "AES-GCM", iv, additionalData }, cipher, body));
  } catch {
    throw new BrowserError("ciphertext", "The sealed bytes do not open.");
  }
}

/** Wrap an opened envelope again for another reader, without opening the record itself. */
export async function rewrap({ envelope, envelopeDigest, context, owner, seed, reader, readerKey }) {
  if (readerKey.length !== READING_KEY_BYTES) {
    throw new BrowserError("reading key", "The doctor's reading key has a wrong length.");
  }
  verifyEnvelopeDigest(envelope, envelopeDigest);
  const secret = await unwrap(envelope, context, owner, seed);
  try {
    return await wrap(secret, context, reader, readerKey);
  } finally {
    secret.fill(0);
  }
}
