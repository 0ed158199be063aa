// Names are offered below a field while one is typed in it: an ARIA combobox. What is typed stays until one
// is chosen; without this script it is a plain field.

const { root } = document.querySelector("script[data-root]").dataset;
const MOST = 12;
const PAUSE_MS = 80; // between keys that ask nothing
const FIELDS = ["metric", "parameter", "tag", "attribute"];
const VALUES = ["state", "experiment"];
const RESERVED = /^(?:and|or|not|in|like|is|null)$/i;
const OF_CONDITION = /[^\s()"'=<>!~,]+$/;
const OF_LIST = /[^",]+$/;
const IN_QUOTES = /[\w.]*"[^"]*$/;
const BEHIND_SIGN = /([^\s()"'=<>!~,]*["']?)\s*(?:[=<>!~]+|\b(?:in\s*\([^()]*|like))\s*$/i;
const TO_QUOTE = /^[^\s"]*"/;

// What is being typed in front of the cursor, and what it may be; null: nothing that has a name.
function partOf(input) {
  const before = input.value.slice(0, input.selectionStart);
  const isList = input.dataset.names === "list";
  const isQuoted = before.split('"').length % 2 === 0;
  const typed = before.match(isQuoted ? IN_QUOTES : isList ? OF_LIST : OF_CONDITION)?.[0].trimStart();
  if (!typed || (!isList && RESERVED.test(typed))) return null;
  const start = before.length - typed.length;
  const compared = isList ? null : before.slice(0, start).match(BEHIND_SIGN)?.[1];
  const isValue = typeof compared === "string";
  const kinds = isValue ? VALUES.filter((each) => each === compared) : isList ? FIELDS : [...FIELDS, ...VALUES];
  if (!kinds.length) return null;
  const closing = isQuoted ? input.value.slice(before.length).match(TO_QUOTE)?.[0].length ?? 0 : 0;
  return { start, end: before.length + closing, match: typed.replaceAll('"', ""), isValue, kinds };
}

function offer(input, number) {
  const list = document.createElement("ul");
  let part = null; // that the shown names are for
  let active = -1;
  let asking = null;
  let timer = 0;

  list.id = `names-${number}`;
  list.className = "names";
  list.hidden = true;
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", "Names");
  input.form.append(list);
  for (const [name, value] of Object.entries({
    role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": list.id,
  })) input.setAttribute(name, value);

  function close() {
    clearTimeout(timer);
    asking?.abort();
    list.hidden = true;
    active = -1;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  }

  function light(at) {
    active = at;
    [...list.children].forEach((each, place) => each.setAttribute("aria-selected", String(place === at)));
    if (at < 0) return input.removeAttribute("aria-activedescendant");
    input.setAttribute("aria-activedescendant", list.children[at].id);
    list.children[at].scrollIntoView({ block: "nearest" });
  }

  function choose(at) {
    const { text } = list.children[at].dataset;
    const now = partOf(input); // more may have been typed since the names came
    if (now?.start === part.start) {
      input.setRangeText(part.isValue ? text.replace(/^\w+ = /, "") : text, now.start, now.end, "end");
    }
    close();
    input.focus();
  }

  function show(names) {
    list.replaceChildren(...names.map(({ kind, name, text }, place) => {
      const item = document.createElement("li");
      const said = document.createElement("span");
      item.id = `${list.id}-${place}`;
      item.dataset.text = text;
      item.setAttribute("role", "option");
      item.setAttribute("aria-selected", "false");
      said.className = "cut";
      said.textContent = part.isValue ? name : text;
      item.append(said, ` ${kind}`);
      item.addEventListener("pointerdown", (event) => { event.preventDefault(); choose(place); });
      return item;
    }));
    list.hidden = !names.length;
    list.style.left = `${Math.max(0, Math.min(input.offsetLeft, input.form.clientWidth - list.offsetWidth))}px`;
    list.style.top = `${input.offsetTop + input.offsetHeight + 2}px`;
    input.setAttribute("aria-expanded", String(!list.hidden));
    light(-1);
  }

  async function ask() {
    const wanted = partOf(input);
    if (!wanted) return close();
    asking?.abort();
    asking = new AbortController();
    const { signal } = asking;
    const query = new URLSearchParams([["match", wanted.match], ["limit", MOST], ...wanted.kinds.map((each) => ["kind", each])]);
    try {
      const answer = await fetch(`${root}api/v1/names?${query}`, { signal });
      if (!answer.ok) return close();
      const { names } = await answer.json();
      if (signal.aborted || document.activeElement !== input) return;
      part = wanted;
      show(names);
    } catch { // another key came, or there is no connection: what is typed is as good
    }
  }

  input.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(ask, PAUSE_MS); });
  input.addEventListener("blur", close);
  input.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    const last = list.children.length - 1;
    if (event.key === "ArrowDown" && list.hidden) ask();
    else if (list.hidden) return; // the keys of any field: Enter sends the form
    else if (event.key === "ArrowDown") light(active < last ? active + 1 : 0);
    else if (event.key === "ArrowUp") light(active > 0 ? active - 1 : last);
    else if (event.key === "Escape") close();
    else if (event.key === "Enter" && active >= 0) choose(active);
    else if (event.key === "Tab" && active >= 0) return choose(active); // and on to the next field
    else return;
    event.preventDefault();
  });
}

document.querySelectorAll("input[data-names]").forEach(offer);
