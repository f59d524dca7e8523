// Small pieces of page, all through properties and text nodes: no markup is ever parsed here.

/** An element; properties that start with "on" are listeners, the others attributes. */
export function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name in element && name !== "list" && typeof value !== "string") element[name] = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

/** A push button that is disabled while its work goes on. */
export function button(label, onPress, { quiet = false, testid, disabled = false } = {}) {
  const element = h("button", { type: "button", class: quiet ? "quiet" : "main", "data-testid": testid, disabled }, label);
  element.addEventListener("click", async () => {
    element.disabled = true;
    try {
      await onPress();
    } finally {
      element.disabled = disabled;
    }
  });
  return element;
}

/** One line that screen readers announce; the tone is "", "busy", "good" or "bad". */
export function statusLine() {
  const element = h("p", { class: "status", role: "status", "aria-live": "polite" });
  const say = (text, tone = "") => {
    element.textContent = text;
    element.dataset.tone = tone;
  };
  return { element, say };
}

/**
 * A history in a frame that can run nothing and reach nothing. Its links to places on the same page
 * would resolve against the outer page's address, so the frame is told its own.
 */
export function historyFrame(html, title) {
  const frame = h("iframe", { sandbox: "", title, class: "history", "data-testid": "history", referrerpolicy: "no-referrer" });
  frame.setAttribute("srcdoc", html.replace(/<head[^>]*>/i, '$&<base href="about:srcdoc">'));
  return frame;
}

/** Hand bytes to the person as a file. */
export function save(bytes, name, type) {
  const url = URL.createObjectURL(new Blob([bytes], { type }));
  h("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

export const shortAddress = (account) => `${account.slice(0, 6)}…${account.slice(-4)}`;
