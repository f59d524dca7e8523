// One task between a person, the wallet and the server: the server hands over one step at a time,
// the browser answers it. Answers name the task and the step, so a late one matches nothing else.

import { button, h, statusLine } from "../dom.js";
import { explain } from "../errors.js";
import { steps } from "../steps.js";
import { tabWallet } from "../wallet.js";
import { claim, followPointer, hear, remember } from "./press.js";

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
    hear(data);
    if (untaken.get(data.task)?.step <= data.taken) untaken.delete(data.task);
    if (fresh && untaken.has(data.task)) this.resume(untaken.get(data.task));
    else if (data.step && data.step.number !== this.step) this.perform(data.step);
    else if (fresh && this.start) this.takeOver();
  }

  /** A press that this task's forerunner got, and nobody heard. */
  takeOver() {
    const found = claim(this.data, this.wallet.account);
    if (found === "yes") this.go();
    if (found === "changed") this.status.say("The page changed while you pressed. Look at it, then press again.", "bad");
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
    // The same offer keeps its button: a press that has begun on it would be lost with it.
    const stays = this.start && data.label && this.data.offer === data.offer;
    const before = [this.status?.element, this.body];
    this.status = statusLine();
    this.body = h("div", { class: "body" });
    if (stays) {
      this.start.hidden = false;
      before[0].replaceWith(this.status.element);
      before[1].replaceWith(this.body);
    } else {
      this.start = data.label ? this.startButton(data) : null;
      this.root.replaceChildren(...[this.start, this.status.element, this.body].filter(Boolean));
    }
  }

  startButton({ label, testid, quiet }) {
    const start = button(label, () => this.press(), { testid, quiet });
    followPointer(start, () => this.data.offer, () => this.wallet.account, () => this.press());
    return start;
  }

  press() {
    remember(this.data, this.wallet.account);
    this.go();
  }

  go() {
    if (same(this.wallet.account, this.data.signer)) {
      this.waiting("Getting ready…");
      this.answer(0, { ok: true });
    } else {
      this.status.say("This page still shows another account. It is being drawn for yours; if it stays, reload it.", "busy");
    }
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
