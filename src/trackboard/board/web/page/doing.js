// What a person is doing that TensorBoard's own reload would undo: it puts every step slider to its end, and
// makes players and texts anew. Ours waits until that is over; who presses its button means it.
class Doing {
  static LOADERS = ["tf-audio-loader", "tf-image-loader", "tf-mesh-loader"]; // what has a step slider
  static UNDER_WAY_MS = 3000;
  static LOOK_EVERY_MS = 100;

  constructor(frame) {
    this.frame = frame;
    this.isPressing = false;
    frame.addEventListener("load", () => {
      const inside = frame.contentWindow;
      this.isPressing = false;
      inside.addEventListener("pointerdown", () => { this.isPressing = true; }, true);
      for (const end of ["pointerup", "pointercancel", "blur"]) {
        inside.addEventListener(end, () => { this.isPressing = false; }, true);
      }
    });
  }

  // Why not to reload now, in words; empty: nothing is in the way.
  describe() {
    const inside = this.frame.contentDocument;
    if (!inside) return "";
    if (this.isPressing) return "while a button is held";
    let hasTexts = false;
    for (const element of Dom.everything(inside)) {
      if (Doing.isEarlier(element) && Dom.isShown(element)) return "while a step slider is not at its end";
      if (Doing.isHeard(element) && Dom.isShown(element)) return "while a player is not at its end";
      hasTexts ||= element.localName === "tf-text-loader" && Dom.isShown(element);
    }
    return hasTexts && String(inside.getSelection()) ? "while text is selected" : "";
  }

  // A slider that is moved while a reload is under way is put back to its step when that arrives.
  guard() {
    const shown = [...Dom.everything(this.frame.contentDocument)]
      .filter((element) => Doing.LOADERS.includes(element.localName) && Dom.isShown(element));
    const moved = new Map();
    const timer = setInterval(() => {
      for (const loader of shown) {
        const before = moved.get(loader);
        if (before && loader._steps !== before.steps) {
          const index = loader._steps.findIndex(({ step }) => step === before.step);
          if (index >= 0) loader._stepIndex = index;
          moved.delete(loader);
        } else if (Doing.isEarlier(loader)) {
          moved.set(loader, { steps: loader._steps, step: loader._steps[loader._stepIndex].step });
        }
      }
    }, Doing.LOOK_EVERY_MS);
    setTimeout(() => clearInterval(timer), Doing.UNDER_WAY_MS);
  }

  static isEarlier(element) {
    return Doing.LOADERS.includes(element.localName) && element._stepIndex < (element._steps?.length ?? 0) - 1;
  }

  static isHeard(element) {
    return element.localName === "audio" && element.currentTime > 0 && !element.ended;
  }
}
