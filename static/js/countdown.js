// <b data-countdown="SECONDS">: counts down to 0 as m:ss, then loads the page anew once, a little later, for the result.
"use strict";

const SETTLED_MS = 2000;
let over = false;

function left(element) {
  // A part that was fetched anew brings a new element with the server's own count.
  if (!element.dataset.until) element.dataset.until = String(Date.now() + 1000 * Number(element.dataset.countdown));
  return Math.max(0, Math.round((Number(element.dataset.until) - Date.now()) / 1000));
}

setInterval(() => {
  for (const element of document.querySelectorAll("[data-countdown]")) {
    const seconds = left(element);
    element.textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
    if (!seconds && !over) {
      over = true;
      setTimeout(() => location.reload(), SETTLED_MS);
    }
  }
}, 250);
