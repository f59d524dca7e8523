// One task between a person, the wallet and the server: the server hands over one step at a time,
// the browser answers it. Answers name the task and the step, so a late one matches nothing else.

import { button, h, statusLine } from "../dom.js";
import { explain } from "../errors.js";
import { steps } from "../steps.js";
import { tabWallet } from "../wallet.js";

const REPEAT_MS = 4_000;
const REPEATS = 8;

// Answers that the server has not taken yet, by task. Streamlit may mount a panel anew at any
// moment, and what was on its way from the old one can be lost; the server takes each answer once.
const untaken = new Map();

// A signature asked for is asked for once, however often the panel is mounted meanwhile.
const signing = new Map();

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
    const fresh = data.task !== this.task;
    if (fresh) this.begin(data);
    this.data = data;
    if (untaken.get(data.task)?.step <= data.taken) untaken.delete(data.task);
    if (fresh && untaken.has(data.task)) this.resume(untaken.get(data.task));
    else if (data.step && data.step.number !== this.step) this.perform(data.step);
  }

  /** A new mount finds an answer of the old one: it goes on waiting, it does not ask again. */
  resume(message) {
    this.step = message.step;
    this.waiting("Working…");
    this.deliver(message);
  }

  begin(data) {
    this.clear();
    untaken.delete(this.task);
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
      const value = await this.run(step, place);
      if (task === this.task) this.answer(step.number, { ok: true, ...value });
    } catch (error) {
      if (task !== this.task) return;
      const { code, message } = explain(error);
      this.status.say(message, "bad");
      this.answer(step.number, { ok: false, code, message });
    }
  }

  run(step, place) {
    const work = () => steps[step.kind](step, this.data.signer, place, (extra) => this.answer(step.number, extra));
    if (step.kind !== "sign") return work();
    const name = `${this.task}.${step.number}`;
    if (!signing.has(name)) signing.set(name, work().finally(() => signing.delete(name)));
    return signing.get(name);
  }

  answer(number, value) {
    const message = { task: this.task, step: number, account: this.wallet.account, ...value };
    if (!value.closed) untaken.set(this.task, message);
    this.deliver(message);
  }

  deliver(message, repeats = REPEATS) {
    if (this.task !== message.task) return;
    this.send.trigger("answer", message);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      if (repeats > 0 && untaken.get(message.task) === message) this.deliver(message, repeats - 1);
    }, REPEAT_MS);
  }

  /** Take what a step showed off the page, plaintext included. */
  clear() {
    this.end?.();
    this.end = null;
    this.body?.replaceChildren();
  }

  close() {
    clearTimeout(this.timer);
    this.clear();
    this.root.replaceChildren();
    this.task = null;
  }
}
