// The sha2-256 digest inside the CIDv0 that Kubo gives a file: UnixFS v1, dag-pb, 256 KiB chunks,
// balanced tree of at most 174 links a node. Source: IPFS UnixFS and DAG-PB specifications.

import { sha256 } from "@noble/hashes/sha2.js";
import { concat } from "./bytes.js";

const CHUNK_BYTES = 262_144;
const LINKS_PER_NODE = 174;
const FILE_TYPE = 2;

function varint(value) {
  const bytes = [];
  let rest = value;
  while (rest >= 0x80) {
    bytes.push((rest % 0x80) | 0x80);
    rest = Math.floor(rest / 0x80);
  }
  return Uint8Array.from([...bytes, rest]);
}

const tagged = (field, bytes) => concat(Uint8Array.of((field << 3) | 2), varint(bytes.length), bytes);
const counted = (field, value) => concat(Uint8Array.of(field << 3), varint(value));

function leaf(chunk) {
  const data = chunk.length ? tagged(2, chunk) : new Uint8Array();
  const file = concat(counted(1, FILE_TYPE), data, counted(3, chunk.length));
  const block = tagged(1, file);
  return { digest: sha256(block), size: chunk.length, total: block.length };
}

function parent(children) {
  const links = children.map(({ digest, total }) => {
    const cid = concat(Uint8Array.of(0x12, 0x20), digest);
    return tagged(2, concat(tagged(1, cid), tagged(2, new Uint8Array()), counted(3, total)));
  });
  const size = children.reduce((sum, child) => sum + child.size, 0);
  const sizes = children.map((child) => counted(4, child.size));
  const file = concat(counted(1, FILE_TYPE), counted(3, size), ...sizes);
  const block = concat(...links, tagged(1, file));
  const total = children.reduce((sum, child) => sum + child.total, block.length);
  return { digest: sha256(block), size, total };
}

/** The 32 bytes that a CIDv0 of these bytes carries. */
export function cidDigest(bytes) {
  let level = [];
  for (let at = 0; at === 0 || at < bytes.length; at += CHUNK_BYTES) {
    level.push(leaf(bytes.subarray(at, at + CHUNK_BYTES)));
  }
  while (level.length > 1) {
    const above = [];
    for (let at = 0; at < level.length; at += LINKS_PER_NODE) {
      above.push(parent(level.slice(at, at + LINKS_PER_NODE)));
    }
    level = above;
  }
  return level[0].digest;
}
