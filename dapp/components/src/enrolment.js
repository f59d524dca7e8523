// Making the reading key, and unlocking it again. The words are shown once and typed back in part.

import { fromBase64, toBase64 } from "./bytes.js";
import { button, h, save } from "./dom.js";
import { explain } from "./errors.js";
import { newRecoveryCode, wordsOf } from "./readingkey.js";
import { tabVault } from "./vault.js";
import { WRAPPED_SEED_BYTES } from "./wrappedseed.js";

const CHECKED_WORDS = 2;
const KEY_FILE = "reading-key.anamnesis";
const RETRIED = new Set(["words", "wrong words", "structure", "reading key"]);
const site = () => window.location.origin;

/** Ask for the key: two signatures, twelve words, two typed back. Returns what may leave the browser. */
export async function enrol(step, signer, place) {
  place.status.say("Your wallet asks twice for the same signature: that shows whether it can carry a key.", "busy");
  const signature = await tabVault().probe(place.wallet, signer, site());
  const code = newRecoveryCode();
  const { seed, key, wrapped } = await tabVault().make(signer, signature, code);
  const remember = await showWords(wordsOf(code), wrapped, place);
  tabVault().hold(signer, seed);
  if (remember) tabVault().remember(signer, wordsOf(code));
  else tabVault().forget(signer);
  code.fill(0);
  place.body.replaceChildren();
  place.status.say("Your reading key is ready. One more signature publishes its public half.", "busy");
  return { key: toBase64(key), wrapped_seed: wrapped ? toBase64(wrapped) : "" };
}

function showWords(words, wrapped, place) {
  place.status.say("Write the words down before you go on.");
  return new Promise((resolve) => {
    const list = h("ol", { class: "words", "data-testid": "recovery-words" }, ...words.map((word) => h("li", {}, word)));
    const warning = wrapped
      ? "Your wallet signs differently each time, so it cannot guard your key: whoever has these words and " +
        "the key file opens your records. This page keeps the file; save it too, for the day the page is gone."
      : "With your wallet, these words open your records on another device. Neither opens anything alone.";
    place.body.replaceChildren(
      h("h3", {}, "Your recovery words"),
      h("p", {}, "Write these twelve words on paper, in this order. They are shown this once. " + warning),
      list,
      h("div", { class: "bar" },
        button("I have written them down", () => confirmWords(words, wrapped, place, resolve), { testid: "words-written" }),
        wrapped && button("Save the key file", () => save(wrapped, KEY_FILE, "application/octet-stream"),
          { quiet: true, testid: "save-key-file" })),
    );
  });
}

function pickPlaces(count) {
  const places = new Set();
  while (places.size < CHECKED_WORDS) places.add(crypto.getRandomValues(new Uint32Array(1))[0] % count);
  return [...places].sort((left, right) => left - right);
}

function confirmWords(words, wrapped, place, resolve) {
  const fields = pickPlaces(words.length).map((at) => {
    const input = h("input", {
      type: "text", autocomplete: "off", autocapitalize: "none", spellcheck: "false",
      "data-testid": "confirm-word", "data-place": String(at + 1),
    });
    return { at, input, label: h("label", {}, `Word ${at + 1}`, input) };
  });
  const remember = h("input", { type: "checkbox", "data-testid": "remember-words" });
  const check = () => {
    const wrong = fields.find(({ at, input }) => input.value.trim().toLowerCase() !== words[at]);
    if (!wrong) return resolve(remember.checked);
    place.status.say(`Word ${wrong.at + 1} is not the one that was shown. Look at your note.`, "bad");
    wrong.input.focus();
    return undefined;
  };
  place.status.say("");
  place.body.replaceChildren(
    h("h3", {}, "Check your note"),
    ...fields.map(({ label }) => label),
    h("label", { class: "tick" }, remember,
      "Remember the words on this device. Only on a device that nobody else uses."),
    h("div", { class: "bar" },
      button("Confirm", check, { testid: "confirm-words" }),
      button("Show the words again", async () => resolve(await showWords(words, wrapped, place)), { quiet: true })),
  );
  fields[0].input.focus();
}

/** Make sure the account's reading key is open, asking for the words where needed. */
export async function unlock(step, signer, place) {
  const vault = tabVault();
  if (vault.isOpen(signer)) return;
  const kept = step.wrapped_seed ? fromBase64(step.wrapped_seed) : null;
  const attempt = async (words, file = null) => {
    const wrapped = file ?? kept;
    place.status.say(wrapped ? "Unlocking…" : "Sign in your wallet to unlock your reading key.", "busy");
    await vault.unlock({ wallet: place.wallet, account: signer, site: site(), words, keyHash: step.key_hash, wrapped });
    place.body.replaceChildren();
    place.status.say("Unlocked.", "busy");
  };
  const remembered = vault.remembered(signer);
  if (remembered !== null) {
    try {
      return await attempt(remembered);
    } catch (error) {
      if (explain(error).code !== "wrong words") throw error;
      vault.forget(signer);
    }
  }
  return askWords(signer, attempt, place);
}

async function keyFile({ files }) {
  if (!files.length) return null;
  return new Uint8Array(await files[0].slice(0, WRAPPED_SEED_BYTES + 1).arrayBuffer());
}

function askWords(signer, attempt, place) {
  return new Promise((resolve, reject) => {
    const words = h("textarea", {
      rows: "3", autocomplete: "off", autocapitalize: "none", spellcheck: "false", "data-testid": "unlock-words",
    });
    const remember = h("input", { type: "checkbox" });
    const file = h("input", { type: "file", "data-testid": "key-file" });
    const go = async () => {
      try {
        await attempt(words.value, await keyFile(file));
        if (remember.checked) tabVault().remember(signer, words.value.trim().toLowerCase().split(/[\s,]+/));
        words.value = "";
        resolve();
      } catch (error) {
        const { code, message } = explain(error);
        if (RETRIED.has(code)) place.status.say(message, "bad");
        else reject(error);
      }
    };
    place.status.say("");
    place.body.replaceChildren(
      h("h3", {}, "Unlock your reading key"),
      h("label", {}, "Your twelve recovery words", words),
      h("label", { class: "tick" }, remember,
        "Remember the words on this device. Only on a device that nobody else uses."),
      h("details", {}, h("summary", {}, "I have a key file"),
        h("label", {}, "The file that was saved when the key was made", file)),
      button("Unlock", go, { testid: "unlock" }),
    );
    words.focus();
  });
}
