// What a wallet shows before it signs: every field of the message, by name.
// The dialog stands in the page's top layer, outside of any component, so it brings its own looks.

import { h } from "../dom.js";

const DIALOG = "max-width:34rem;width:calc(100vw - 2rem);box-sizing:border-box;padding:1.25rem;border:1px solid #45525e;border-radius:12px;font:1rem/1.5 sans-serif;color:#14202b;background:#fff";
const NAME = "font-size:.85rem;color:#45525e";
const VALUE = "margin:0 0 .5rem;overflow-wrap:anywhere;font-family:monospace";
const CHOICES = "display:flex;gap:.5rem;justify-content:flex-end;margin-top:1rem";
const CHOICE = "font:inherit;min-height:44px;padding:.45rem 1.2rem;border-radius:8px;border:1px solid #0b5d5e;cursor:pointer";
const DECLINE = `${CHOICE};background:#fff;color:#0b5d5e`;
const SIGN = `${CHOICE};background:#0b5d5e;color:#fff;font-weight:600`;

const inWords = (name) => name.replace(/([a-z])([A-Z])/g, (_, left, right) => `${left} ${right.toLowerCase()}`);

const label = (name) => h("dt", { style: NAME }, name.replaceAll("_", " "));
const value = (text) => h("dd", { style: VALUE }, text);

/** Every field of a struct by name; structs in arrays one after the other, numbered. */
export function rowsOf(types, type, message) {
  return types[type].flatMap(({ name, type: kind }) => {
    const element = kind.replace(/\[\]$/, "");
    if (element === kind) return [[name, String(message[name])]];
    if (!message[name].length) return [[name, "none"]];
    return message[name].flatMap((each, at) => {
      const numbered = `${name} ${at + 1}`;
      if (!types[element]) return [[numbered, String(each)]];
      return rowsOf(types, element, each).map(([inner, text]) => [`${numbered}, ${inner}`, text]);
    });
  });
}

/** Resolves to whether the person agreed. Closing the dialog is declining. */
export function askToSign({ primaryType, types, message }, person) {
  const rows = rowsOf(types, primaryType, message).flatMap(([name, text]) => [label(name), value(text)]);
  const dialog = h(
    "dialog",
    { style: DIALOG, "aria-label": "Practice wallet", "data-testid": "practice-dialog" },
    h("h2", { style: "margin:0;font-size:1.25rem" }, inWords(primaryType)),
    h("p", { style: "margin:.25rem 0 1rem" }, `${person}, your practice wallet asks you to sign this:`),
    h("dl", { style: "margin:0;max-height:45vh;overflow:auto" }, ...rows),
    h(
      "form",
      { method: "dialog", style: CHOICES },
      h("button", { value: "decline", style: DECLINE }, "Decline"),
      h("button", { value: "sign", style: SIGN, autofocus: true, "data-testid": "practice-sign" }, "Sign"),
    ),
  );
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "sign");
    });
  });
}
