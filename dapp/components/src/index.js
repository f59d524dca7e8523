// The component that Streamlit mounts: once for the wallet bar, once for each task on the page.
// Streamlit calls this on every change of its data; what must last is kept per mounted element.

import { TaskPanel } from "./panels/task.js";
import { WalletPanel } from "./panels/wallet.js";

const panels = new WeakMap();
const kinds = { wallet: WalletPanel, task: TaskPanel };

export default function ({ data, parentElement, setStateValue, setTriggerValue }) {
  const root = parentElement.querySelector(".anamnesis");
  let panel = panels.get(root);
  if (!panel) {
    panel = new kinds[data.panel](root, {});
    panels.set(root, panel);
  }
  Object.assign(panel.send, { state: setStateValue, trigger: setTriggerValue });
  panel.update(data);
  return () => {
    panels.delete(root);
    panel.close();
  };
}
