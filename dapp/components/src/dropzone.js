// Choosing paper: by file picker or by dropping it.

import { button, h } from "./dom.js";

const ACCEPTED =
  ".pdf,.png,.jpg,.jpeg,.webp,.heic,.heif,.tif,.tiff,.dcm,application/pdf,image/png,image/jpeg,image/webp,image/heic,image/tiff,application/dicom";

const megabytes = (bytes) => `${(bytes / 1e6).toFixed(1)} MB`;

/** A field for several files with its two ways on: read them, or read the sample paper. */
export function dropZone({ onRead, onSample }) {
  let files = [];
  const list = h("ul", { class: "files", "aria-label": "Chosen files" });
  const input = h("input", { type: "file", multiple: true, accept: ACCEPTED, id: "paper", "data-testid": "paper" });
  const read = button("Read this paper", () => onRead(files), { testid: "read-paper" });
  const sample = button("Try it with sample paper", onSample, { quiet: true, testid: "sample-paper" });
  const zone = h("div", { class: "drop" },
    h("label", { for: "paper" }, h("strong", {}, "Choose your paper"), " or drop it here"),
    input,
    h("p", { class: "note" }, "PDF, JPEG, PNG or TIFF; several at once. It goes only to the reading service on this machine."));

  const choose = (added) => {
    files = [...files, ...added];
    list.replaceChildren(...files.map((file, at) => h("li", {}, `${file.name}, ${megabytes(file.size)} `,
      button("Remove", () => { files.splice(at, 1); choose([]); }, { quiet: true }))));
    read.hidden = !files.length;
  };
  const lit = (on) => (event) => {
    event.preventDefault();
    zone.classList.toggle("over", on);
  };
  input.addEventListener("change", () => { choose(input.files); input.value = ""; });
  zone.addEventListener("dragover", lit(true));
  zone.addEventListener("dragleave", lit(false));
  zone.addEventListener("drop", (event) => { lit(false)(event); choose(event.dataTransfer.files); });
  choose([]);
  return h("div", {}, zone, list, h("div", { class: "bar" }, read, sample));
}
