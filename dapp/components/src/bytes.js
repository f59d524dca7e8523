// Bytes and their spellings. Every function takes and returns Uint8Array, never a view to write to.

export const utf8 = (text) => new TextEncoder().encode(text);

export function concat(...parts) {
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

export function toHex(bytes) {
  return "0x" + Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Hex with or without 0x to bytes; `length` is checked when given. Throws TypeError. */
export function fromHex(text, length) {
  const digits = String(text).replace(/^0x/, "");
  if (digits.length % 2 || !/^[0-9a-fA-F]*$/.test(digits)) throw new TypeError("not hexadecimal");
  const bytes = Uint8Array.from(digits.match(/../g) ?? [], (pair) => parseInt(pair, 16));
  if (length !== undefined && bytes.length !== length) {
    throw new TypeError(`${bytes.length} bytes where ${length} are due`);
  }
  return bytes;
}

export function toBase64(bytes) {
  let text = "";
  for (let at = 0; at < bytes.length; at += 0x8000) {
    text += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  }
  return btoa(text);
}

export const fromBase64 = (text) => Uint8Array.from(atob(text), (char) => char.charCodeAt(0));

/** A number as big-endian bytes of a fixed width. Throws RangeError when it does not fit. */
export function bigEndian(value, width) {
  let rest = BigInt(value);
  if (rest < 0n || rest >= 1n << BigInt(8 * width)) throw new RangeError(`${width} bytes cannot hold it`);
  const bytes = new Uint8Array(width);
  for (let at = width - 1; at >= 0; at -= 1) {
    bytes[at] = Number(rest & 0xffn);
    rest >>= 8n;
  }
  return bytes;
}

export function equal(left, right) {
  if (left.length !== right.length) return false;
  let difference = 0;
  for (let at = 0; at < left.length; at += 1) difference |= left[at] ^ right[at];
  return difference === 0;
}
