// EIP-712 digests: fields, arrays, and structs in arrays. All that this project's messages are.

import { keccak_256 } from "@noble/hashes/sha3.js";
import { bigEndian, concat, fromHex, utf8 } from "../bytes.js";

const element = (type) => type.replace(/\[\]$/, "");

function word(types, type, value) {
  if (type.endsWith("[]")) {
    return keccak_256(concat(...value.map((each) => word(types, element(type), each))));
  }
  if (types[type]) return structHash(types, type, value);
  if (type === "string") return keccak_256(utf8(value));
  if (type === "bytes32") return fromHex(value, 32);
  if (type === "address") return concat(new Uint8Array(12), fromHex(value, 20));
  if (/^uint\d+$/.test(type)) {
    bigEndian(value, Number(type.slice(4)) / 8); // must fit its own width
    return bigEndian(value, 32);
  }
  throw new TypeError(`cannot sign a field of type ${type}`);
}

// encodeType: the struct itself, then those in its arrays by name. None of ours goes deeper.
function encodeType(types, name) {
  const inner = types[name].map(({ type }) => element(type)).filter((type) => types[type]);
  return [name, ...new Set(inner.sort())]
    .map((each) => `${each}(${types[each].map(({ name: n, type }) => `${type} ${n}`).join(",")})`)
    .join("");
}

function structHash(types, name, values) {
  const words = types[name].map(({ name: field, type }) => word(types, type, values[field]));
  return keccak_256(concat(keccak_256(utf8(encodeType(types, name))), ...words));
}

/** The 32 bytes to sign for an `eth_signTypedData_v4` object. */
export function typedDigest({ types, primaryType, domain, message }) {
  return keccak_256(
    concat(
      fromHex("0x1901"),
      structHash(types, "EIP712Domain", domain),
      structHash(types, primaryType, message),
    ),
  );
}
