(() => {
  "use strict";
  const ASK_EVERY_MS = 2000;
  const ASK_AGAIN_MS = 50; // while much is unread: each question has a piece of it stored
  const ADDRESS_EVERY_MS = 250;
  const ANSWER_WITHIN_MS = 15000;
  const STOPPED_AFTER_FAILURES = 2;
  const SAID_FROM_BYTES = 1e6;

  const frame = document.getElementById("frame");
  const line = document.getElementById("line");
  const said = document.getElementById("said");
  const doing = new Doing(frame);
  const selecting = new Selecting(frame);

  // -- the address: queries and fragments belong to TensorBoard, and are seen and kept out here ----

  let shown = location.search + location.hash;

  function frameUrl() {
    return new URL("-/" + shown, location.href.replace(/[?#].*/, "")).href;
  }

  function copyOut() {
    const inside = frame.contentWindow.location;
    if (!inside.pathname.endsWith("/-/")) return; // not there yet
    if (inside.search + inside.hash !== shown) {
      shown = inside.search + inside.hash;
      history.replaceState(null, "", location.pathname + shown);
    }
    const title = frame.contentDocument.title;
    if (title && title !== document.title) document.title = title;
    const icon = frame.contentDocument.querySelector("link[rel~=icon]")?.href;
    const ours = document.querySelector("link[rel=icon]");
    if (icon && icon !== ours.href) ours.href = icon;
  }

  function copyIn() {
    if (location.search + location.hash === shown) return;
    shown = location.search + location.hash;
    frame.contentWindow.location.replace(frameUrl());
  }

  // -- news: ask for a token; when it is another one, press TensorBoard's own reload button ---------

  let token = null;
  let wanted = false; // TensorBoard shows less than there is
  let failures = 0;
  let timer = 0;
  let behind = false; // much is still unread
  let pressedAtMs = -Infinity;

  function button() {
    return frame.contentDocument?.querySelector("app-header-reload button") ?? null;
  }

  function press() {
    const reload = button();
    // Disabled: this dashboard does not want it. Loading: the last one is still under way.
    if (!reload || reload.disabled || reload.classList.contains("loading")) return;
    const inTheWay = doing.describe();
    waits = inTheWay && `New data waits ${inTheWay}; the reload button at the top shows it now.`;
    if (inTheWay) return;
    wanted = false;
    doing.guard();
    pressedAtMs = performance.now();
    reload.click();
  }

  // -- the line at the bottom --------------------------------------------------------------------

  const dismissed = new Set();
  let stopped = "";
  let reading = "";
  let waits = "";
  let leftOut = {}; // plugin -> a sentence

  // What there is to say about the tab that is open; Time Series shows several kinds.
  function describe() {
    const tab = /^#(\w+)/.exec(frame.contentWindow.location.hash)?.[1] ?? "timeseries";
    const plugins = tab === "timeseries" ? ["scalars", "histograms", "images"] : [tab];
    return [waits, selecting.describe(), ...plugins.map((plugin) => leftOut[plugin])].filter(Boolean);
  }

  function say() {
    const notes = describe().filter((note) => !dismissed.has(note));
    const text = stopped || reading || notes.join(" ");
    line.className = frame.contentDocument?.body?.classList.contains("dark-mode") ? "dark" : "";
    if (said.textContent !== text) said.textContent = text;
    line.hidden = !text;
  }

  document.getElementById("dismiss").addEventListener("click", () => {
    for (const note of describe()) dismissed.add(note);
    say();
  });

  class Refused extends Error {}

  async function ask() {
    const answer = await fetch("-/changes", {
      cache: "no-store", signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
    });
    if (answer.status === 403) throw new Refused();
    if (!answer.ok) throw new Error(`status ${answer.status}`);
    const news = await answer.json();
    // The first token is what TensorBoard shows, unless TensorBoard was quicker than the answer.
    if (token === null ? button() : news.token !== token) wanted = true;
    if (failures >= STOPPED_AFTER_FAILURES) wanted = true; // it is back
    token = news.token;
    failures = 0;
    const unread = news.unread_bytes;
    behind = unread >= SAID_FROM_BYTES;
    leftOut = news.left_out;
    stopped = "";
    reading = behind ? `Still reading ${Math.round(unread / 1e6)} MB …` : "";
  }

  async function turn() {
    clearTimeout(timer);
    try {
      await ask();
      if (!wanted) waits = "";
      else if (performance.now() - pressedAtMs >= ASK_EVERY_MS - ASK_AGAIN_MS) press();
    } catch (error) {
      failures += 1;
      if (error instanceof Refused) {
        stopped = "This TensorBoard has been started anew: open the address that it says now, with its key.";
      } else if (failures >= STOPPED_AFTER_FAILURES) {
        stopped = "TensorBoard has stopped. When it runs again, this page goes on by itself.";
      }
    }
    say();
    schedule();
  }

  function schedule() {
    clearTimeout(timer);
    const pauseMs = behind ? ASK_AGAIN_MS : ASK_EVERY_MS;
    if (document.visibilityState === "visible") timer = setTimeout(turn, pauseMs);
  }

  addEventListener("hashchange", copyIn);
  addEventListener("popstate", copyIn);
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") turn();
  });
  turn();
  frame.src = frameUrl();
  setInterval(copyOut, ADDRESS_EVERY_MS);
  setInterval(() => selecting.look(token), ADDRESS_EVERY_MS); // a tab that is opened is not blank for long
})();
