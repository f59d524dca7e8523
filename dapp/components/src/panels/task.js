// One task between a person, the wallet and the server: the server hands over one step at a time,
// the browser answers it. Answers name the task and the step, so a late one matches nothing else.

import { button, h, statusLine } from "../dom.js";
import { explain } from "../errors.js";
import { steps } from "../steps.js";
import { tabWallet } from "../wallet.js";

const same = (left, right) => left?.toLowerCase() === right?.toLowerCase();

export class TaskPanel {
  constructor(root, send) {
    this.root = root;
    this.send = send;
    this.wallet = tabWallet();
    this.task = null;
    this.step = null;
    this.end = null;
  }

  /** Runs again on every change the server makes; the same step is never begun twice. */
  update(data) {
    if (data.task !== this.task) this.begin(data);
    this.data = data;
    if (data.step && data.step.number !== this.step) this.perform(data.step);
  }

  begin(data) {
    this.clear();
    this.task = data.task;
    this.step = null;
    this.status = statusLine();
    this.body = h("div", { class: "body" });
    this.start = data.label ? button(data.label, () => this.press(), { testid: data.testid, quiet: data.quiet }) : null;
    this.root.replaceChildren(...[this.start, this.status.element, this.body].filter(Boolean));
  }

  press() {
    if (!same(this.wallet.account, this.data.signer)) {
      this.status.say("The wallet uses another account now. Reload the page or choose the account again.", "bad");
      return;
    }
    this.waiting("Getting ready…");
    this.answer(0, { ok: true });
  }

  waiting(text) {
    if (this.start) this.start.hidden = true;
    this.status.say(text, "busy");
  }

  async perform(step) {
    const task = this.task;
    this.step = step.number;
    this.clear();
    this.waiting(step.waiting ?? "Working…");
    const place = { body: this.body, status: this.status, wallet: this.wallet, onEnd: (end) => (this.end = end) };
    try {
      const value = await steps[step.kind](step, this.data.signer, place, (extra) => this.answer(step.number, extra));
      if (task === this.task) this.answer(step.number, { ok: true, ...value });
    } catch (error) {
      if (task !== this.task) return;
      const { code, message } = explain(error);
      this.status.say(message, "bad");
      this.answer(step.number, { ok: false, code, message });
    }
  }

  answer(number, value) {
    this.send.trigger("answer", { task: this.task, step: number, account: this.wallet.account, ...value });
  }

  /** Take what a step showed off the page, plaintext included. */
  clear() {
    this.end?.();
    this.end = null;
    this.body?.replaceChildren();
  }

  close() {
    this.clear();
    this.root.replaceChildren();
    this.task = null;
  }
}
