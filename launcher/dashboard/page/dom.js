// Elements from values. Words from the cluster only ever become text, never markup.

const kSvg = "http://www.w3.org/2000/svg";

function fill(element, attributes, children) {
  for (const [key, value] of Object.entries(attributes ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    element.setAttribute(key, value === true ? "" : String(value));
  }
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false) continue;
    element.append(child instanceof Node ? child : document.createTextNode(String(child)));
  }
  return element;
}

export function h(tag, attributes, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

export function s(tag, attributes, ...children) {
  return fill(document.createElementNS(kSvg, tag), attributes, children);
}

function sameKind(a, b) {
  return a.nodeType === b.nodeType && a.nodeName === b.nodeName && a.id === b.id;
}

// Makes `old` like `fresh` in place, so that focus, selection and what is open stay as they are.
function update(old, fresh) {
  if (old.nodeType === Node.TEXT_NODE) {
    if (old.data !== fresh.data) old.data = fresh.data;
    return;
  }
  for (const {name} of [...old.attributes]) {
    // What a person opened stays open.
    if (!fresh.hasAttribute(name) && !(name === "open" && old.nodeName === "DETAILS")) old.removeAttribute(name);
  }
  for (const {name, value} of fresh.attributes) {
    if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  }
  put(old, [...fresh.childNodes]);
}

// The children of `parent` become these.
export function put(parent, children) {
  children = children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false);
  children.forEach((child, i) => {
    const fresh = child instanceof Node ? child : document.createTextNode(String(child));
    const old = parent.childNodes[i];
    if (old === undefined)
      parent.append(fresh);
    else if (sameKind(old, fresh))
      update(old, fresh);
    else
      old.replaceWith(fresh);
  });
  while (parent.childNodes.length > children.length) parent.lastChild.remove();
}
