// The replay of a day: <form data-replay data-src="URL of its events">. All events are read once, page by page; the slider
// then shows the book and the trades of any second without asking again. Rows are copies of the page's <template>s.
"use strict";

const form = document.querySelector("[data-replay]");
const TRADES = 20;
const TICK_MS = 200;

function secondOf(at) {
  // Business time of Beijing: its offset stands in the text.
  const [hours, minutes, seconds] = new Date(new Date(at).getTime() + 8 * 3600e3).toISOString().slice(11, 19).split(":");
  return Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
}

function clockOf(second) {
  return [second / 3600, (second / 60) % 60, second % 60].map((part) => String(Math.floor(part)).padStart(2, "0")).join(":");
}

async function eventsOf(address) {
  const told = [];
  for (let url = address; url; ) {
    const answer = await fetch(url, { headers: { Accept: "application/json" } });
    if (!answer.ok) throw new Error(String(answer.status));
    const page = await answer.json();
    for (const one of page.results) told.push({ ...one, second: secondOf(one.at) });
    url = page.next && new URL(new URL(page.next).search, new URL(address, location.href)).href;
  }
  return told;
}

// How many of the rows, which are in time order, are not after the second.
function countUntil(rows, second) {
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (rows[middle].second <= second) low = middle + 1;
    else high = middle;
  }
  return low;
}

function copyOf(selector) {
  return document.querySelector(selector).content.cloneNode(true);
}

function level(side, [price, quantity], largest) {
  const row = copyOf(`[data-level="${side}"]`);
  const cells = row.querySelectorAll("td");
  cells[1].textContent = price;
  cells[2].textContent = quantity.toLocaleString("en");
  const bar = row.querySelector("meter");
  bar.max = largest;
  bar.value = quantity;
  bar.setAttribute("aria-label", String(quantity));
  return row;
}

function begin(told) {
  const books = told.filter((one) => one.kind === "book");
  const trades = told.filter((one) => one.kind === "trade");
  if (!books.length) return;
  const slider = form.querySelector("#second");
  const clock = form.querySelector("#at");
  const play = form.querySelector("[data-play]");
  let timer = 0;

  function showBook(second) {
    const count = countUntil(books, second);
    const rows = [];
    if (count) {
      const { bids, asks, at } = books[count - 1];
      const largest = Math.max(1, ...[...bids, ...asks].map(([, quantity]) => quantity));
      rows.push(...[...asks].reverse().map((one) => level("ask", one, largest)));
      rows.push(...bids.map((one) => level("bid", one, largest)));
      document.querySelector("[data-as-of]").textContent = clockOf(secondOf(at));
    }
    document.querySelector("[data-levels]").replaceChildren(...(rows.length ? rows : [copyOf("[data-no-level]")]));
  }

  function showTrades(second) {
    const until = trades.slice(0, countUntil(trades, second));
    const rows = until.slice(-TRADES).map((one, place, shown) => {
      const row = copyOf(`[data-trade="${one.side}"]`);
      const cells = row.querySelectorAll("td");
      const before = shown[place - 1] ?? until[until.length - shown.length - 1] ?? one;
      const way = Number(one.price) - Number(before.price);
      cells[0].textContent = clockOf(one.second);
      cells[2].querySelector("span").textContent = one.price;
      if (way) cells[2].querySelector("span").className = way > 0 ? "up" : "down";
      cells[3].textContent = one.quantity.toLocaleString("en");
      return row;
    });
    document.querySelector("[data-trades]").replaceChildren(...(rows.length ? rows.reverse() : [copyOf("[data-no-trade]")]));
    const tonnes = until.reduce((sum, one) => sum + one.quantity, 0);
    document.querySelector("[data-day-figures]").textContent = until.length ? `${until.length} × · ${tonnes.toLocaleString("en")} t` : "";
  }

  function show(second) {
    slider.value = second;
    const now = Number(slider.value);
    slider.setAttribute("aria-valuetext", clockOf(now));
    form.querySelector("[data-clock]").textContent = clockOf(now);
    clock.value = clockOf(now);
    showBook(now);
    showTrades(now);
  }

  function stop() {
    clearInterval(timer);
    timer = 0;
    play.setAttribute("aria-pressed", "false");
  }

  function start() {
    if (Number(slider.value) >= Number(slider.max)) show(Number(slider.min));
    let at = Number(slider.value);
    timer = setInterval(() => {
      at += (TICK_MS / 1000) * Number(form.querySelector("#speed").value);
      show(Math.floor(at));
      if (at >= Number(slider.max)) stop();
    }, TICK_MS);
    play.setAttribute("aria-pressed", "true");
  }

  slider.min = books[0].second;
  slider.max = told[told.length - 1].second;
  form.querySelector("[data-slider]").hidden = false;
  slider.addEventListener("input", () => show(slider.value));
  play.addEventListener("click", () => (timer ? stop() : start()));
  for (const button of form.querySelectorAll("[data-step]")) {
    button.addEventListener("click", () => {
      const now = Number(slider.value);
      const forwards = button.dataset.step === "1";
      const next = forwards ? told.find((one) => one.second > now) : told.findLast((one) => one.second < now);
      if (next) show(next.second);
    });
  }
  const [hours, minutes, seconds] = clock.value.split(":").map(Number);
  show(Math.max(Number(slider.min), Math.min(Number(slider.max), hours * 3600 + minutes * 60 + (seconds || 0))));
}

if (form) {
  form.querySelector("#day").addEventListener("change", () => form.requestSubmit());
  eventsOf(form.dataset.src).then(begin).catch(() => {
    form.querySelector("[data-failed]").hidden = false;
  });
}
