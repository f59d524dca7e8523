// Paper goes from this browser straight to the machine that reads it; the page's server sees none.

import { button, h, historyFrame } from "./dom.js";
import { BrowserError } from "./errors.js";
import { dropZone } from "./dropzone.js";

const POLL_MS = 700;
const HASH = /^0x[0-9a-f]{64}$/;

// One reading at a time; it outlives a change of page, not a change of account.
let current = null;

/** Tell the reading service to drop what it holds for this tab. */
export function forgetReadings() {
  if (!current) return;
  const { service, id } = current;
  current = null;
  call(service, `/readings/${id}`, { method: "DELETE", keepalive: true }).catch(() => {});
}

async function call(service, path, options = {}) {
  let response;
  const headers = { ...options.headers, authorization: `Bearer ${service.token}` };
  try {
    response = await fetch(service.url + path, { ...options, headers, cache: "no-store", credentials: "omit" });
  } catch {
    throw new BrowserError("reader", "The reading service does not answer. Start it with `anamnesis up`, then try again.");
  }
  if (response.ok) return response;
  const problem = await response.json().catch(() => ({}));
  const text = [problem.error, problem.remedy].filter(Boolean).join(" ");
  throw new BrowserError("reader", text || "The reading service refused this. Try again.");
}

/** The whole step: choose paper, read it, look at the history, seal it. Returns the sealing. */
export function readPaper(step, signer, place) {
  return new Promise((resolve, reject) => new PaperReader(step, signer, place, resolve, reject).begin());
}

class PaperReader {
  constructor(step, signer, place, resolve) {
    this.service = { url: step.service.url, token: step.service.token };
    this.signer = signer;
    this.place = place;
    this.resolve = resolve;
    this.ended = false;
    place.onEnd(() => (this.ended = true));
    // What the chain holds by now needs no second sealing.
    if (current?.commitment === step.present) forgetReadings();
  }

  show(...children) {
    if (!this.ended) this.place.body.replaceChildren(...children.filter(Boolean));
  }

  begin() {
    if (current) this.follow();
    else this.choose();
  }

  /** Run work; a failure is named and the way back is offered. */
  async attempt(work) {
    try {
      await work();
    } catch (error) {
      const message = error instanceof BrowserError ? error.message : "This did not work. Try again.";
      this.choose();
      this.place.status.say(message, "bad");
    }
  }

  choose() {
    this.place.status.say("");
    this.show(dropZone({
      onRead: (files) => this.attempt(() => this.send(files)),
      onSample: () => this.attempt(() => this.started(call(this.service, "/readings/sample", { method: "POST" }))),
    }));
  }

  send(files) {
    const form = new FormData();
    for (const file of files) form.append("files", file, file.name);
    this.place.status.say("Sending the paper to the reading service on this machine…", "busy");
    return this.started(call(this.service, "/readings", { method: "POST", body: form }));
  }

  async started(request) {
    const { id } = await (await request).json();
    current = { service: this.service, id };
    await this.follow();
  }

  follow() {
    const bar = h("progress", { "aria-label": "Pages read" });
    this.show(bar, button("Stop", () => this.restart(), { quiet: true, testid: "stop-reading" }));
    this.place.status.say("Reading the paper…", "busy");
    return this.attempt(() => this.poll(bar));
  }

  async poll(bar) {
    while (!this.ended && current) {
      const { id } = current;
      const status = await (await call(this.service, `/readings/${id}`)).json().catch((error) => {
        throw error;
      });
      if (this.ended || current?.id !== id) return;
      if (status.state === "done") return void (await this.review(status));
      if (status.state === "failed") {
        current = null;
        throw new BrowserError("reader", status.message || "The paper could not be read.");
      }
      this.progress(bar, status);
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  progress(bar, { done, total, message }) {
    if (total > 0) Object.assign(bar, { max: total, value: done });
    const pages = total > 0 ? `${done} of ${total} pages read.` : "Opening the files…";
    this.place.status.say([pages, message].filter(Boolean).join(" "), "busy");
  }

  async review(status) {
    const html = await (await call(this.service, `/readings/${current.id}/history`)).text();
    const counts = Object.entries(status.facts).filter(([, count]) => count > 0).map(([name, count]) => `${name} ${count}`);
    const found = counts.length ? `Found: ${counts.join(", ")}.` : "Nothing clinical was found on this paper.";
    this.place.status.say(`${found} Compare it with your paper, then seal it.`, "good");
    this.show(
      refusals(status.refusals),
      h("div", { class: "bar" },
        button("Seal it", () => this.seal(), { testid: "seal" }),
        button("Start over", () => this.restart(), { quiet: true, testid: "start-over" })),
      historyFrame(html, "Preview of your history, not sealed yet"),
    );
  }

  restart() {
    forgetReadings();
    this.choose();
  }

  seal() {
    return this.attempt(async () => {
      this.place.status.say("Sealing for your reading key…", "busy");
      const body = JSON.stringify({ patient: this.signer });
      const headers = { "content-type": "application/json" };
      const response = await call(this.service, `/readings/${current.id}/seal`, { method: "POST", headers, body });
      const sealing = sealingOf(await response.json());
      current.commitment = sealing.commitment;
      this.resolve({ sealing });
      this.place.status.say("Sealed. Your signature puts it on the chain.", "busy");
    });
  }
}

/** The five public facts about a sealing; anything else the service sent stays here. */
function sealingOf({ record, commitment, previous, envelope, version }) {
  const hashes = [record, commitment, previous, envelope];
  if (!hashes.every((hash) => HASH.test(hash)) || !Number.isSafeInteger(version)) {
    throw new BrowserError("reader", "The reading service answered something unexpected. Restart it.");
  }
  return { record, commitment, previous, envelope, version };
}

function refusals(list) {
  if (!list.length) return null;
  const items = list.map(({ name, reason }) => h("li", {}, h("strong", {}, name), `: ${reason}`));
  return h("div", { class: "warning", "data-testid": "refusals" },
    h("p", {}, list.length === 1 ? "One file was not read:" : `${list.length} files were not read:`),
    h("ul", {}, ...items));
}
