// Keys of tables of runs, and the list of all keys. Links, boxes and buttons do the same.
const dialog = document.getElementById("keys");
const opener = document.getElementById("show-keys");
let last = ""; // the row that was chosen last

const rows = () => [...document.querySelectorAll("#runs tbody tr")];
const boxOf = (row) => row.querySelector("input[type=checkbox]");
const linkOf = (row) => row.querySelector("th a:not(.fold)") || row.querySelector("a");

function step(by) {
  const all = rows();
  const now = all.findIndex((row) => row.contains(document.activeElement));
  const next = all[Math.min(all.length - 1, Math.max(0, now < 0 ? (by > 0 ? 0 : all.length - 1) : now + by))];
  if (next) linkOf(next)?.focus();
}

// All rows from the one that was chosen last to this one become as that one is.
function chooseTo(row) {
  const all = rows();
  const from = all.findIndex((each) => each.id && each.id === last);
  const to = all.indexOf(row);
  const isChosen = from < 0 || boxOf(all[from]).checked;
  const between = from < 0 ? [row] : all.slice(Math.min(from, to), Math.max(from, to) + 1);
  for (const each of between) boxOf(each).checked = isChosen;
  last = row.id;
}

document.addEventListener("click", (event) => {
  const row = event.target.closest("#runs tbody input[type=checkbox]")?.closest("tr");
  if (!row) return;
  if (event.shiftKey) chooseTo(row);
  last = row.id;
});

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || dialog.open) return;
  const typing = event.target.closest("input:not([type=checkbox]), textarea, select");
  if (typing) {
    if (event.key === "Escape" && !event.defaultPrevented) typing.blur();
    return;
  }
  const filter = document.querySelector("form.filter input");
  const chosen = document.getElementById("chosen");
  const row = document.activeElement?.closest("#runs tbody tr");
  const box = row && boxOf(row);
  if (event.key === "/" && filter) { event.preventDefault(); filter.focus(); filter.select(); }
  else if (event.key === "j") step(1);
  else if (event.key === "k") step(-1);
  else if (event.key === "x" && box) box.click();
  else if (event.key === "X" && box) chooseTo(row);
  else if (event.key === "c" && chosen) chosen.requestSubmit();
  else if (event.key === "?") dialog.showModal();
});

opener.hidden = false;
opener.addEventListener("click", () => dialog.showModal());
