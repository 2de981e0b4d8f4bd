import { find } from "./dom.js";

const interval = 1000;
const said = [];
let timer = null;

/** Says a change of state to those who listen to the page; what comes close together is said together. */
export function announce(text) {
  said.push(text);
  timer ??= setTimeout(() => {
    timer = null;
    find("announcements").textContent = said.splice(0).join(". ");
  }, interval);
}
