// One animation frame for everything that changed, however many tokens came in between.

const waiting = new Set();
let requested = false;

/** Calls `view.render()` once in the next animation frame. */
export function inNextFrame(view) {
  waiting.add(view);
  if (requested) return;
  requested = true;
  requestAnimationFrame(() => {
    requested = false;
    const views = [...waiting];
    waiting.clear();
    for (const view of views) view.render();
  });
}
