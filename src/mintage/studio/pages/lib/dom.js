// Makes elements from data, so that no text of a file or a server is ever read as HTML.

const SVG = "http://www.w3.org/2000/svg";
const AS_PROPERTY = new Set(["value", "checked", "disabled", "selected", "hidden", "indeterminate", "srcObject", "open"]);

/** An element with attributes (`on*` listeners, `class`, `dataset`, `style` as objects) and children; null is left out. */
export function h(tag, attributes = {}, ...children) {
  return dress(document.createElement(tag), attributes, children);
}

/** The same for a drawing: `svg("svg", {viewBox: ..}, svg("path", {d: ..}))`. */
export function svg(tag, attributes = {}, ...children) {
  return dress(document.createElementNS(SVG, tag), attributes, children);
}

/** Put these children where others were. */
export function replace(node, ...children) {
  node.replaceChildren(...flat(children));
  return node;
}

/** Texts and nodes out of nested children, without what is null or false. */
function flat(children) {
  return children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false);
}

/** Give an element its attributes and children. */
function dress(element, attributes, children) {
  const late = [];
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === null || value === undefined) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2).toLowerCase(), value);
    else if (name === "class") element.setAttribute("class", flat([value]).join(" "));
    else if (name === "dataset") Object.assign(element.dataset, value);
    else if (name === "style" && typeof value === "object") {
      for (const [key, what] of Object.entries(value)) element.style.setProperty(key, what);
    } else if (AS_PROPERTY.has(name) && name in element) late.push([name, value]);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false) element.setAttribute(name, String(value));
    else if (name.startsWith("aria-")) element.setAttribute(name, "false");
  }
  element.append(...flat(children));
  for (const [name, value] of late) element[name] = value; // a select takes its value after its options
  return element;
}
