// A press on a task's button, until the server has heard of it. The page may be drawn anew between
// the mouse going down and up, or between a press and the answer that it was heard: what is drawn
// then takes the press over, once, if it offers the same thing to the account that pressed.

const WAIT_MS = 15_000;

const same = (left, right) => left?.toLowerCase() === right?.toLowerCase();

let pressed = null;
let held = null;

const letGo = () => (held = null);
const listen = (event, listener) => globalThis.window?.addEventListener(event, listener, { capture: true });
listen("pointerdown", letGo);
listen("pointercancel", letGo);
listen("pointerup", () => setTimeout(letGo, 0));

/** Have `onPress` called when `element` is pressed, also if the press began on one that it replaced. */
export function followPointer(element, offer, account, onPress) {
  element.addEventListener("pointerdown", () => (held = { element, offer: offer(), account: account() }));
  element.addEventListener("pointerup", () => {
    const begun = held;
    held = null;
    if (!begun || begun.element === element || begun.offer !== offer() || !same(begun.account, account())) return;
    onPress();
  });
}

/** Somebody pressed: `data` is what the server drew, `account` who the wallet says it was. */
export function remember({ task, offer, testid }, account) {
  pressed = { task, offer, testid, account, at: Date.now() };
}

/** The server's word on what it has heard. */
export function hear({ task, taken, heard }) {
  if (pressed && (heard === pressed.task || (task === pressed.task && taken >= 0))) pressed = null;
}

/** Whether a press waits for a task that was just drawn: "yes", "no", or "changed" if for other terms. */
export function claim({ task, offer, testid, signer }, account) {
  const press = pressed;
  if (!press || press.testid !== testid || press.task === task) return "no";
  pressed = null;
  if (Date.now() - press.at > WAIT_MS) return "no";
  const mine = same(press.account, signer) && same(account, signer);
  return mine && press.offer === offer ? "yes" : "changed";
}
