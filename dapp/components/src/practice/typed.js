// EIP-712 digests of flat structs: all that this project's messages are.

import { keccak_256 } from "@noble/hashes/sha3.js";
import { bigEndian, concat, fromHex, utf8 } from "../bytes.js";

function word(type, value) {
  if (type === "string") return keccak_256(utf8(value));
  if (type === "bytes32") return fromHex(value, 32);
  if (type === "address") return concat(new Uint8Array(12), fromHex(value, 20));
  if (/^uint\d+$/.test(type)) {
    bigEndian(value, Number(type.slice(4)) / 8); // must fit its own width
    return bigEndian(value, 32);
  }
  throw new TypeError(`cannot sign a field of type ${type}`);
}

function structHash(name, members, values) {
  const declared = `${name}(${members.map(({ name: field, type }) => `${type} ${field}`).join(",")})`;
  const words = members.map(({ name: field, type }) => word(type, values[field]));
  return keccak_256(concat(keccak_256(utf8(declared)), ...words));
}

/** The 32 bytes to sign for an `eth_signTypedData_v4` object. */
export function typedDigest({ types, primaryType, domain, message }) {
  return keccak_256(
    concat(
      fromHex("0x1901"),
      structHash("EIP712Domain", types.EIP712Domain, domain),
      structHash(primaryType, types[primaryType], message),
    ),
  );
}
