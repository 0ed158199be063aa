// Of more than 40 runs TensorBoard's older dashboards select none, and are blank. Here they begin with the newest
// 40 that have data for them; what a person ticks counts as ever.
class Selecting {
  static PLUGINS = {
    "tf-audio-dashboard": "audio",
    "tf-distribution-dashboard": "distributions",
    "tf-histogram-dashboard": "histograms",
    "tf-image-dashboard": "images",
    "mesh-dashboard": "mesh",
    "tf-pr-curve-dashboard": "pr_curves",
    "tf-text-dashboard": "text",
  };

  constructor(frame) {
    this.frame = frame;
    this.chosen = new WeakMap(); // a dashboard's list of runs -> {token, count, runs}
    this.isLooking = false;
  }

  // Select what has come since the last look.
  async look(token) {
    if (this.isLooking) return;
    this.isLooking = true;
    try {
      for (const { list, plugin } of this.lists()) {
        const before = this.chosen.get(list);
        const isKnown = before?.token === token && before.count === list.names.length;
        if (!isKnown) await this.choose(list, plugin, token);
      }
    } finally {
      this.isLooking = false;
    }
  }

  // How many runs are not selected, in words; empty: TensorBoard selects as it always does.
  describe() {
    for (const { list } of this.lists()) {
      const all = list.names.length;
      const missing = all - list.outSelected.length;
      if (!missing || !this.chosen.has(list)) return "";
      return `${missing.toLocaleString("en")} of ${all.toLocaleString("en")} runs are not selected:`
        + " TensorBoard begins with the newest that have data here. Tick others at the left.";
    }
    return "";
  }

  // The list of the dashboard that is shown, where it has too many runs for TensorBoard.
  *lists() {
    for (const dashboard of this.frame.contentDocument?.querySelectorAll("plugins-component *") ?? []) {
      const selector = dashboard.shadowRoot?.querySelector("tf-runs-selector");
      const list = selector?.shadowRoot?.querySelector("tf-multi-checkbox");
      if (!list?.names || list.names.length <= list.maxNamesToEnableByDefault || !Dom.isShown(list)) continue;
      yield { list, plugin: Selecting.PLUGINS[dashboard.localName] ?? "scalars" };
    }
  }

  async choose(list, plugin, token) {
    const withData = await this.findRunsWithData(plugin);
    const names = list.names; // the oldest first
    const runs = names.filter((name) => !withData || withData.has(name)).slice(-list.maxNamesToEnableByDefault);
    this.chosen.set(list, { token, count: names.length, runs: new Set(runs) });
    list.computeOutSelected = (...changed) => this.select(list, changed);
    list.selectionState = { ...list.selectionState }; // computes anew
  }

  // What a person neither ticked nor unticked is selected if it is one of ours.
  select(list, changed) {
    const names = list.namesMatchingRegex;
    if (names.length <= list.maxNamesToEnableByDefault) {
      return Object.getPrototypeOf(list).computeOutSelected.apply(list, changed);
    }
    const { runs } = this.chosen.get(list);
    return names.filter((name) => list.selectionState[name] ?? runs.has(name));
  }

  // null: it cannot be told.
  async findRunsWithData(plugin) {
    const address = new URL(`data/plugin/${plugin}/tags`, this.frame.contentWindow.location.href);
    try {
      const answer = await fetch(address, { cache: "no-store" });
      const tags = answer.ok ? await answer.json() : {};
      const runs = Object.keys(tags).filter((run) => Object.keys(tags[run]).length);
      return runs.length ? new Set(runs) : null;
    } catch {
      return null;
    }
  }
}
