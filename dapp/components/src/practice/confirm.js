// What a wallet shows before it signs: every field of the message, by name.

import { h } from "../dom.js";

const title = (primaryType) => primaryType.replace(/([a-z])([A-Z])/g, "$1 $2");

/** Resolves to whether the person agreed. Closing the dialog is declining. */
export function askToSign({ primaryType, types, message }, person) {
  const rows = types[primaryType].flatMap(({ name }) => [h("dt", {}, name), h("dd", {}, String(message[name]))]);
  const dialog = h(
    "dialog",
    { class: "anamnesis-practice", "aria-label": "Practice wallet", "data-testid": "practice-dialog" },
    h("h2", {}, title(primaryType)),
    h("p", {}, `${person}, your practice wallet asks you to sign this:`),
    h("dl", {}, ...rows),
    h(
      "form",
      { method: "dialog" },
      h("button", { value: "decline", class: "quiet" }, "Decline"),
      h("button", { value: "sign", class: "main", "data-testid": "practice-sign" }, "Sign"),
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
