// Keeps what is on the page up to date: one stream says that something changed, the page is then asked for
// anew, and only what differs is changed in place, so that scroll, selection, focus and open folds stay.
// A page without script works as well; it is then reloaded by hand.
import "./keys.js";
import { listen } from "./stream.js";

const { root } = document.querySelector("script[data-root]").dataset;
const line = document.getElementById("live");
const parts = () => [...document.querySelectorAll("[data-live][id]")];
let rest = null; // ends listening
let shown = document.body.dataset.cursor; // of what is on the page
let asking = false;
let wanted = false; // something changed while the page was being asked for

const say = (text) => { if (line.textContent !== text) line.textContent = text; };

function wake() {
  if (rest || document.hidden || !parts().length) return;
  rest = listen(`${root}api/v1/changes`, ({ cursor, isLost }) => {
    say(isLost ? "not connected; trying again" : "live");
    if (!cursor) return;
    if (shown && cursor !== shown) refresh();
    shown = cursor;
  });
}

function sleep() {
  rest?.();
  rest = null;
}

async function refresh() {
  wanted = true;
  if (asking) return;
  asking = true;
  try {
    while (wanted && !document.hidden) {
      wanted = false;
      const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
      if (answer.status >= 500) break; // a mistake in a condition is a page, too
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
      const focused = document.activeElement;
      const keepInPlace = holdRows();
      for (const part of parts()) {
        const other = fresh.getElementById(part.id);
        if (other) follow(part, other);
      }
      if (focused !== document.activeElement && focused?.isConnected) focused.focus({ preventScroll: true });
      keepInPlace();
      document.dispatchEvent(new Event("fresh")); // for what draws by itself
    }
  } catch {
    say("not connected; trying again");
  } finally {
    asking = false;
  }
}

// Rows that are seen stay where they are on the screen when others come or go above them. A browser does that
// for what a page scrolls, but not for what stands in a box that scrolls itself, as wide tables do.
function holdRows() {
  if (!scrollY) return () => {}; // who is at the top sees what comes
  const awayFrom = (box, row) => row.getBoundingClientRect().top - box.getBoundingClientRect().top;
  const held = [];
  for (const box of document.querySelectorAll("[data-live] .scroll")) {
    for (const row of box.querySelectorAll("tr[id]")) {
      const { top, bottom } = row.getBoundingClientRect();
      if (bottom > 0 && top < innerHeight) held.push({ box, row, away: awayFrom(box, row) });
    }
  }
  return () => {
    const moved = held.filter(({ box, row }) => box.contains(row)).map(({ box, row, away }) => awayFrom(box, row) - away);
    moved.sort((one, other) => one - other);
    const by = moved[moved.length >> 1]; // of most of them: one that is sorted elsewhere is not followed
    if (by) scrollBy({ top: by, behavior: "instant" });
  };
}

// A log stays at its end while its reader is there, and does not move under who has scrolled up.
function follow(part, other) {
  const follows = part.hasAttribute("data-follow");
  const atEnd = part.scrollHeight - part.scrollTop - part.clientHeight < 8;
  const selection = document.getSelection();
  const selects = follows && selection && !selection.isCollapsed && part.contains(selection.anchorNode);
  if (selects) return;
  if (follows && !atEnd) return;
  morph(part, other);
  if (follows) part.scrollTop = part.scrollHeight;
}

function morph(old, fresh) {
  if (old.isEqualNode(fresh)) return;
  if (old.nodeType !== fresh.nodeType || old.nodeName !== fresh.nodeName) {
    old.replaceWith(document.importNode(fresh, true));
    return;
  }
  if (old.nodeType !== Node.ELEMENT_NODE) {
    old.nodeValue = fresh.nodeValue;
    return;
  }
  for (const { name } of [...old.attributes]) {
    if (!fresh.hasAttribute(name) && !(name === "open" && old.nodeName === "DETAILS")) old.removeAttribute(name);
  }
  for (const { name, value } of [...fresh.attributes]) {
    if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  }
  children(old, fresh);
}

const keyOf = (node) => node.id || node.dataset?.key || "";

// Rows that have an id or a key are moved, not rewritten: what is chosen or selected in them stays so.
function children(old, fresh) {
  const known = new Map([...old.children].filter(keyOf).map((each) => [keyOf(each), each]));
  let at = old.firstChild;
  for (const other of [...fresh.childNodes]) {
    const same = keyOf(other) && known.get(keyOf(other));
    if (same) {
      if (same === at) at = at.nextSibling;
      else if (old.moveBefore) old.moveBefore(same, at); // keeps focus, scroll and selection in it
      else old.insertBefore(same, at);
      morph(same, other);
    } else if (at && !(keyOf(at) && known.has(keyOf(at)))) {
      const next = at.nextSibling;
      morph(at, other);
      at = next;
    } else {
      old.insertBefore(document.importNode(other, true), at);
    }
  }
  while (at) {
    const next = at.nextSibling;
    at.remove();
    at = next;
  }
}

// -- the log begins at its end, and so does the table of a page that comes back -----------------------------

for (const part of document.querySelectorAll("[data-follow]")) part.scrollTop = part.scrollHeight;
document.addEventListener("visibilitychange", () => (document.hidden ? sleep() : wake()));
window.addEventListener("pagehide", sleep);
window.addEventListener("pageshow", wake);
wake();
