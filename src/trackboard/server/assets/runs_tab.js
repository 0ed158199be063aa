// The tab "Runs" of TensorBoard: its page is a frame, in which TensorBoard calls render().

const POLL_MS = 3000;
const shown = { where: "", order: [], after: "" };
let last = "";

function make(tag, text, of = {}) {
  const made = Object.assign(document.createElement(tag), of);
  if (text !== undefined) made.textContent = text;
  return made;
}

function link(text, href) {
  return make("a", text, { href, target: "_blank", rel: "noopener" });
}

export function render() {
  document.documentElement.lang = "en";
  document.head.append(make("link", undefined, { rel: "stylesheet", href: "./style.css" }));
  const form = make("form");
  const label = make("label", "Condition ");
  const where = make("input", undefined, { type: "search", name: "where", placeholder: "loss < 0.1 and lr = 0.01", spellcheck: false });
  label.append(where);
  form.append(label, make("button", "Show"));
  const said = make("p", "", { id: "said" });
  said.setAttribute("role", "status");
  const region = make("div", undefined, { id: "runs", tabIndex: 0 });
  region.setAttribute("role", "region");
  region.setAttribute("aria-label", "Runs");
  const more = make("p", "", { id: "more" });
  document.body.append(form, said, region, more);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    show({ where: where.value, after: "" });
  });
  follow();
  setInterval(() => {
    const isSeen = !document.hidden && document.documentElement.clientWidth > 0; // other tabs are not
    if (isSeen) show({});
  }, POLL_MS);
  return show({});
}

// TensorBoard's page says whether it is dark by a class of its body.
function follow() {
  const outer = window.parent.document.body;
  const copy = () => document.body.classList.toggle("dark", outer.classList.contains("dark-mode"));
  new MutationObserver(copy).observe(outer, { attributes: true, attributeFilter: ["class"] });
  copy();
}

async function show(change) {
  Object.assign(shown, change);
  const query = new URLSearchParams();
  if (shown.where) query.set("where", shown.where);
  if (shown.after) query.set("after", shown.after);
  for (const each of shown.order) query.append("order", each);
  const asked = query.toString();
  try {
    const answer = await fetch("./runs?" + asked);
    const text = await answer.text();
    if (asked + text === last) return;
    last = asked + text;
    draw(JSON.parse(text));
  } catch {
    last = "";
    document.getElementById("said").textContent = "TensorBoard does not answer; trying again.";
  }
}

function draw(found) {
  const said = document.getElementById("said");
  if (found.error) {
    said.replaceChildren(make("span", found.error.message, { className: "problem" }), make("span", found.error.hint));
    return;
  }
  said.replaceChildren(make("span", found.count + (found.count === 1 ? " run" : " runs")));
  if (found.pages) said.append(link("All pages", found.pages));
  else said.append(make("span", "Logs, files and notes are on the pages of: "), make("code", "trackboard up " + quoted(found.folder)));
  const table = make("table");
  const head = make("tr");
  for (const each of found.columns) {
    const cell = make("th", undefined, { scope: "col", className: each.number ? "number" : "" });
    const button = make("button", each.title, { type: "button" });
    if (each.sort) cell.setAttribute("aria-sort", each.sort);
    button.addEventListener("click", () => show({ order: [(each.sort === "descending" ? "-" : "") + each.order], after: "" }));
    cell.append(button);
    head.append(cell);
  }
  head.append(make("th", "Note", { scope: "col" }));
  if (found.pages) head.append(make("th", "Log", { scope: "col" }));
  const body = make("tbody");
  for (const row of found.rows) body.append(drawRow(row, found));
  const top = make("thead");
  top.append(head);
  table.append(top, body);
  const focused = [...document.querySelectorAll("#runs button, #runs a")].indexOf(document.activeElement);
  document.getElementById("runs").replaceChildren(table);
  if (focused >= 0) document.querySelectorAll("#runs button, #runs a")[focused]?.focus();
  const more = document.getElementById("more");
  more.replaceChildren();
  if (shown.after) more.append(turn("First runs", ""));
  if (found.next) more.append(turn("Next runs", found.next));
}

function turn(text, after) {
  const button = make("button", text, { type: "button" });
  button.addEventListener("click", () => show({ after }));
  return button;
}

function drawRow(row, found) {
  const made = make("tr");
  const page = found.pages && found.pages + "runs/" + encodeURIComponent(row.id);
  row.cells.forEach((text, index) => {
    const cell = make(index ? "td" : "th", undefined, { className: found.columns[index].number ? "number" : "" });
    if (!index) cell.scope = "row";
    if (index === 1) cell.className = "state state-" + row.state;
    cell.append(!index && page ? link(text, page) : make("span", text));
    made.append(cell);
  });
  made.append(make("td", row.note, { className: "note" }));
  if (page) {
    const cell = make("td");
    cell.append(link("log", page + "/log"));
    made.append(cell);
  }
  return made;
}

const quoted = (text) => (/^[\w@%+=:,./-]+$/.test(text) ? text : "'" + text.replaceAll("'", "'\\''") + "'");
