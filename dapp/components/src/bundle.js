// From an opened FHIR document bundle to the page a person reads.

import { fromBase64 } from "./bytes.js";
import { BrowserError } from "./errors.js";

const HISTORY = "history-page";

function named(bundle, name, type) {
  const found = bundle.entry
    ?.map((entry) => entry.resource)
    .find((resource) => resource?.resourceType === "DocumentReference" && resource.id === name);
  return found?.content
    ?.map((content) => content.attachment)
    .find((attachment) => attachment?.contentType?.startsWith(type) && attachment.data);
}

/** The history page with its page images inside, so that it needs nothing from outside. */
export function historyPage(payload) {
  let bundle;
  try {
    bundle = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(payload));
  } catch {
    throw new BrowserError("bundle", "The record opened, but it is not a health document.");
  }
  const page = named(bundle, HISTORY, "text/html");
  if (bundle.resourceType !== "Bundle" || !page) {
    throw new BrowserError("bundle", "The record opened, but it holds no history page.");
  }
  const html = new TextDecoder().decode(fromBase64(page.data));
  return html.replace(/(\ssrc=["'])cid:(page-\d+)(["'])/g, (whole, before, name, after) => {
    const image = named(bundle, name, "image/jpeg");
    return image && /^[A-Za-z0-9+/=\s]*$/.test(image.data)
      ? `${before}data:image/jpeg;base64,${image.data.replace(/\s/g, "")}${after}`
      : whole;
  });
}
