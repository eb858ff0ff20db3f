// <table data-sortable>: columns whose <th data-sort="text|number"> is marked are sorted by a click, in this page only.
// A cell may carry data-value="…" where its text does not sort. A table that comes anew (live fragments) keeps its order
// if the element around it carries data-keeps-order. What scrolls sideways can be reached by keyboard.
"use strict";

const order = new WeakMap();

function valueOf(row, column, kind) {
  const cell = row.cells[column];
  const text = cell?.dataset.value ?? cell?.textContent.trim() ?? "";
  if (kind !== "number") return text;
  const number = Number.parseFloat(text.replace(/[^\d.+-]/g, ""));
  return Number.isNaN(number) ? Number.NEGATIVE_INFINITY : number;
}

function sort(table, column, downward) {
  const heads = [...table.tHead.rows[0].cells];
  const kind = heads[column].dataset.sort;
  const rows = [...table.tBodies[0].rows].filter((row) => row.cells.length === heads.length);
  const language = document.documentElement.lang;
  rows.sort((one, other) => {
    const [a, b] = [valueOf(one, column, kind), valueOf(other, column, kind)];
    const difference = kind === "number" ? a - b || 0 : a.localeCompare(b, language);
    return downward ? -difference : difference;
  });
  table.tBodies[0].append(...rows);
  heads.forEach((head, at) => {
    if (head.dataset.sort) head.setAttribute("aria-sort", at === column ? (downward ? "descending" : "ascending") : "none");
  });
  const around = table.closest("[data-keeps-order]");
  if (around) order.set(around, [column, downward]);
}

function prepare(table) {
  if (table.dataset.prepared) return;
  table.dataset.prepared = "1";
  for (const head of table.querySelectorAll("th[data-sort]")) {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => sort(table, head.cellIndex, head.getAttribute("aria-sort") === "ascending"));
  }
  const kept = order.get(table.closest("[data-keeps-order]"));
  if (kept) sort(table, ...kept);
}

// A region with a link or a button inside is scrolled by tabbing through them; one without is itself a stop.
function letScroll() {
  for (const around of document.querySelectorAll(".table-responsive")) {
    const needed = around.scrollWidth > around.clientWidth && !around.querySelector("a[href], button, input, select");
    if (needed) around.tabIndex = 0;
    else around.removeAttribute("tabindex");
  }
}

const look = (root) => root.querySelectorAll("table[data-sortable]").forEach(prepare);
look(document);
letScroll();
window.addEventListener("resize", letScroll);
document.addEventListener("htmx:afterSettle", letScroll);
new MutationObserver((changes) => {
  for (const change of changes) {
    for (const node of change.addedNodes) {
      if (node instanceof HTMLTableElement && node.matches("[data-sortable]")) prepare(node);
    }
  }
}).observe(document.getElementById("main"), { childList: true, subtree: true });
