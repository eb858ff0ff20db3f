// Live market pages: <div data-stream="/stream/instruments/CODE">.
// - <… data-parts="URL">: whatever happens, its parts <div data-part="name"> are fetched together in one answer, so that
//   the page never tells two stories at once; charts <div data-chart data-live="trade"> are drawn anew beside them.
// - <div data-live="book trade" data-src="fragment URL">: a part that is fetched alone, at the events it names.
// At once, then at most four times a second, and not while the page is hidden. The browser reconnects by itself and sends
// Last-Event-ID. An element [data-live-state] shows "on" or "off".
"use strict";

const source = document.querySelector("[data-stream]");
const WAIT_MS = 250;

// Whoever types or chooses in a part, or answers a question, is left in peace.
function isBusy(element) {
  const here = document.activeElement;
  return element.contains(here) && here.matches("input, select, textarea");
}

function put(element, words) {
  const form = element.contains(document.activeElement) ? document.activeElement.closest("form") : null;
  const address = form?.getAttribute("action");
  element.innerHTML = words;
  window.htmx?.process(element);
  // The button that had the focus keeps it.
  if (address) element.querySelector(`form[action="${CSS.escape(address)}"] button`)?.focus();
}

async function answerOf(url) {
  const answer = await fetch(url, { headers: { "HX-Request": "true" } });
  if (!answer.ok) throw new Error(String(answer.status));
  return answer.text();
}

async function reloadParts(element) {
  const page = new DOMParser().parseFromString(await answerOf(element.dataset.parts), "text/html");
  for (const part of document.querySelectorAll("[data-part]")) {
    const fresh = page.querySelector(`[data-part="${CSS.escape(part.dataset.part)}"]`);
    if (fresh && !isBusy(part) && part.innerHTML !== fresh.innerHTML) put(part, fresh.innerHTML);
  }
}

async function reload(element) {
  if (element.dataset.chart) {
    element.dispatchEvent(new Event("tanhui:reload"));
  } else if (element.dataset.parts) {
    await reloadParts(element);
  } else {
    const words = await answerOf(element.dataset.src);
    if (!isBusy(element)) put(element, words);
  }
}

if (source) {
  const waiting = new Set();
  const running = new Set();
  const again = new Set();
  const missed = new Set();
  const begun = new Map(); // When each element was fetched last.

  async function run(element) {
    waiting.delete(element);
    if (document.querySelector("dialog[open]")) {
      soon(element);
      return;
    }
    begun.set(element, performance.now());
    running.add(element); // One answer at a time: an older one never takes the place of a newer one.
    await reload(element).catch(() => {}); // Without an answer the old part stays until the next event.
    running.delete(element);
    if (again.delete(element)) soon(element);
  }

  function soon(element) {
    if (document.hidden) missed.add(element);
    else if (running.has(element)) again.add(element);
    else if (!waiting.has(element)) {
      waiting.add(element);
      const rested = performance.now() - (begun.get(element) ?? -WAIT_MS);
      setTimeout(() => run(element), Math.max(0, WAIT_MS - rested));
    }
  }

  document.addEventListener("visibilitychange", () => {
    if (document.hidden) return;
    missed.forEach(soon);
    missed.clear();
  });
  const stream = new EventSource(source.dataset.stream, { withCredentials: true });
  const heard = (event) => {
    for (const element of document.querySelectorAll("[data-live], [data-parts]")) {
      if (element.dataset.parts || element.dataset.live.split(" ").includes(event.type)) soon(element);
    }
  };
  for (const kind of ["message", "book", "trade", "order", "state", "auction"]) stream.addEventListener(kind, heard);
  const mark = document.querySelector("[data-live-state]");
  stream.onopen = () => mark?.setAttribute("data-live-state", "on");
  stream.onerror = () => mark?.setAttribute("data-live-state", "off");
}
