// Everything that is done to a record, by a client that is not ours. Reads one JSON object from
// standard input: { url, user, password }. Writes one with what it found.
import { create } from "kubo-rpc-client";

async function text(stream) {
  let whole = "";
  for await (const chunk of stream) whole += chunk;
  return whole;
}

async function joined(chunks) {
  const pieces = [];
  for await (const piece of chunks) pieces.push(piece);
  return Buffer.concat(pieces);
}

async function refusal(attempt) {
  try {
    await attempt();
    return "";
  } catch (error) {
    return error.message;
  }
}

const { url, user, password } = JSON.parse(await text(process.stdin));
const authorization = "Basic " + Buffer.from(`${user}:${password}`).toString("base64");
const client = create({ url, headers: { authorization } });

const sealed = Buffer.from(Uint8Array.from({ length: 600_000 }, (_, place) => (place * 31) % 251));
const { cid, size } = await client.add(sealed);

async function isPinned() {
  for await (const pin of client.pin.ls({ type: "recursive" })) if (pin.cid.equals(cid)) return true;
  return false;
}

const found = {
  cid: cid.toString(),
  size,
  version: (await client.version()).version,
  id: (await client.id()).id.toString(),
  read: (await joined(client.cat(cid))).equals(sealed),
  range: (await joined(client.cat(cid, { offset: 299_990, length: 20 }))).equals(
    sealed.subarray(299_990, 300_010),
  ),
  pinnedByAdding: await isPinned(),
  stat: await client.files.stat(`/ipfs/${cid}`),
  block: (await client.block.get(cid)).length,
  blockStat: (await client.block.stat(cid)).size,
  blocks: await count(client.refs.local()),
  archive: (await joined(client.dag.export(cid))).toString("base64"),
  peers: (await client.swarm.peers()).length,
};
found.removed = (await client.pin.rm(cid)).equals(cid);
found.pinnedAfterRemoving = await isPinned();
found.pinnedAgain = (await client.pin.add(cid)).equals(cid) && (await isPinned());
await client.pin.rm(cid);
for await (const each of client.repo.gc()) void each;
found.afterCollecting = await refusal(() => joined(client.cat(cid)));
found.wrongPassword = await refusal(() =>
  create({ url, headers: { authorization: authorization + "AA" } }).id(),
);
found.noPassword = await refusal(() => create({ url }).id());
console.log(JSON.stringify(found));

async function count(things) {
  let number = 0;
  for await (const each of things) number += 1;
  return number;
}
