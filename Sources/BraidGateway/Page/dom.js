// Elements, made so that nothing that a model, a user or a server wrote is ever read as markup.

const svgNames = "http://www.w3.org/2000/svg";

/** An element; strings among the children become text. Attributes that are null or false are left out. */
export function make(name, attributes = {}, ...children) {
  return filled(document.createElement(name), attributes, children);
}

/** The same for a drawing. */
export function draw(name, attributes = {}, ...children) {
  return filled(document.createElementNS(svgNames, name), attributes, children);
}

function filled(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children);
  return element;
}

/** The element of the page with this id. */
export function find(id) {
  return document.getElementById(id);
}

/** Sets an element's text, but only when it differs, so that nothing is laid out or announced again. */
export function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Fills a select with [value, label] pairs, keeping what was chosen where it is still there. */
export function offer(select, options, preferred = select.value) {
  select.replaceChildren(...options.map(([value, label]) => make("option", { value }, label)));
  if (options.some(([value]) => value === preferred)) select.value = preferred;
}
