// Sign messages with the wallets' own libraries: `viem`, which dapps use, and MetaMask's
// `@metamask/eth-sig-util`, which the wallet uses.
//
//     node tests/vectors/sign_elsewhere.mjs < [{"message": {...}, "key": "0x..."}, ...]
//
// `message` is what `eth_signTypedData_v4` takes. Writes, for each library, a list of
// {digest, signature, signer}, where the signer is what the library itself recovers.

import { text } from "node:stream/consumers";

import { SignTypedDataVersion, TypedDataUtils, recoverTypedSignature, signTypedData } from "@metamask/eth-sig-util";
import { getAddress, hashTypedData, recoverTypedDataAddress } from "viem";
import { privateKeyToAccount } from "viem/accounts";

const version = SignTypedDataVersion.V4;

async function byViem({ message, key }) {
  const signature = await privateKeyToAccount(key).signTypedData(message);
  const signer = await recoverTypedDataAddress({ ...message, signature });
  return { digest: hashTypedData(message), signature, signer };
}

function byMetaMask({ message: data, key }) {
  const privateKey = Buffer.from(key.slice(2), "hex");
  const signature = signTypedData({ privateKey, data, version });
  const signer = getAddress(recoverTypedSignature({ data, signature, version }));
  const digest = "0x" + Buffer.from(TypedDataUtils.eip712Hash(data, version)).toString("hex");
  return { digest, signature, signer };
}

const asked = JSON.parse(await text(process.stdin));
const answers = { viem: await Promise.all(asked.map(byViem)), metamask: asked.map(byMetaMask) };
process.stdout.write(JSON.stringify(answers));
