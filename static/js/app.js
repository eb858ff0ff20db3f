// Small behaviours of every page. Each is bound to a data attribute; without JavaScript the pages still work.
"use strict";

// The menu stands open on wide screens and folds on a phone.
for (const fold of document.querySelectorAll("[data-open-wide]")) {
  fold.open = window.matchMedia("(min-width: 901px)").matches;
}

// Errors after a submit are read first.
document.querySelector("[data-focus]")?.focus();

// <button data-print>: prints the page.
document.addEventListener("click", (event) => {
  if (event.target instanceof Element && event.target.closest("[data-print]")) window.print();
  // <details data-closes>: a menu closes when something else is clicked.
  for (const open of document.querySelectorAll("details[data-closes][open]")) {
    if (!open.contains(event.target)) open.open = false;
  }
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const open of document.querySelectorAll("details[data-closes][open]")) {
    open.open = false;
    open.querySelector("summary")?.focus();
  }
});

// <select data-submits> in a filter form: choosing is asking.
document.addEventListener("change", (event) => {
  if (event.target instanceof Element && event.target.matches("[data-submits]")) event.target.form?.requestSubmit();
});

// htmx sends the CSRF token with every request.
document.body.addEventListener("htmx:configRequest", (event) => {
  const token = document.querySelector("input[name=csrfmiddlewaretoken]")?.value;
  if (token) event.detail.headers["X-CSRFToken"] = token;
});

// A part that asks to draw the page anew (HX-Refresh) waits while the person is on the way to another one: a reload in
// that moment would undo the click. Whatever asked asks again.
const LEAVING_MS = 8000;
let leftAt = -LEAVING_MS;
window.addEventListener("beforeunload", () => {
  leftAt = performance.now();
});
document.body.addEventListener("htmx:beforeOnLoad", (event) => {
  const wantsAnew = event.detail.xhr.getResponseHeader("HX-Refresh") === "true";
  if (wantsAnew && performance.now() - leftAt < LEAVING_MS) event.preventDefault();
});
