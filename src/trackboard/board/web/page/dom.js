// TensorBoard's page, looked into from ours: its older dashboards are made of elements within elements.
const Dom = {
  *everything(root) {
    for (const element of root.querySelectorAll("*")) {
      yield element;
      if (element.shadowRoot) yield* Dom.everything(element.shadowRoot);
    }
  },

  // Dashboards of other tabs stay in the page, hidden.
  isShown(element) {
    return element.getClientRects().length > 0 && getComputedStyle(element).visibility === "visible";
  },
};
