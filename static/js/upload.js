// <form data-upload enctype="multipart/form-data"> with components/upload.html: files are dropped on the field, and the
// upload tells how far it is. The answer is the same page as without JavaScript: a redirect is followed, a form with
// errors takes the place of the one sent.
"use strict";

for (const kind of ["dragover", "dragleave", "drop"]) {
  document.addEventListener(kind, (event) => {
    const place = event.target instanceof Element ? event.target.closest("[data-drop]") : null;
    if (!place) return;
    event.preventDefault();
    place.classList.toggle("is-over", kind === "dragover");
    const input = place.querySelector("input[type=file]");
    if (kind === "drop" && input && event.dataTransfer?.files.length) {
      input.files = event.dataTransfer.files;
      input.dispatchEvent(new Event("change", { bubbles: true }));
    }
  });
}

function show(answer, form) {
  const page = new DOMParser().parseFromString(answer.responseText, "text/html");
  const main = page.getElementById("main");
  if (!main) {
    window.location.assign(answer.responseURL);
    return;
  }
  // What was chosen stays chosen: a form that comes back with errors keeps its files.
  for (const sent of form.querySelectorAll("input[type=file]")) {
    const same = main.querySelector(`input[type=file][name="${CSS.escape(sent.name)}"]`);
    if (same && sent.files.length && answer.status >= 400) same.files = sent.files;
  }
  document.getElementById("main").replaceWith(main);
  window.htmx?.process(main);
  // What stands around the page tells of it, too: the tour's next step, the number of open tasks. [data-renews="name"]
  for (const old of document.querySelectorAll("[data-renews]")) {
    const renewed = page.querySelector(`[data-renews="${CSS.escape(old.dataset.renews)}"]`);
    if (!renewed) continue;
    old.replaceWith(renewed);
    window.htmx?.process(renewed);
  }
  document.title = page.title;
  (main.querySelector("[data-focus]") ?? main).focus();
}

// A redirect is asked for twice, by the request and by the window: what the first answer told is carried over.
function carry(answer) {
  const page = new DOMParser().parseFromString(answer.responseText, "text/html");
  const told = [...page.querySelectorAll("#main > .alert[role=status]")];
  const kept = told.map((one) => [one.className, one.textContent.trim()]);
  if (kept.length) sessionStorage.setItem("told", JSON.stringify(kept));
}

for (const [style, words] of JSON.parse(sessionStorage.getItem("told") ?? "[]")) {
  const told = document.createElement("div");
  told.className = style;
  told.setAttribute("role", "status");
  told.textContent = words;
  document.querySelector("#main > .page-head")?.after(told);
}
sessionStorage.removeItem("told");

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!(form instanceof HTMLFormElement) || !form.matches("[data-upload]") || event.defaultPrevented) return;
  event.preventDefault();
  const progress = form.querySelector("progress");
  const body = new FormData(form, event.submitter);
  const request = new XMLHttpRequest();
  request.open("POST", form.action || window.location.href);
  const buttons = form.querySelectorAll("button[type=submit]");
  const hold = (held) => {
    for (const button of buttons) button.disabled = held;
    if (progress) progress.hidden = !held;
  };
  request.upload.addEventListener("progress", (now) => {
    if (progress && now.lengthComputable) progress.value = (100 * now.loaded) / now.total;
  });
  request.addEventListener("load", () => {
    hold(false);
    if (request.status < 300 && request.responseURL !== new URL(form.action || window.location.href, window.location.href).href) {
      carry(request);
      window.location.assign(request.responseURL);
    } else {
      show(request, form);
    }
  });
  request.addEventListener("error", () => {
    hold(false);
    const told = document.createElement("div");
    told.className = "alert alert-danger";
    told.setAttribute("role", "alert");
    told.textContent = document.body.dataset.sayFailed;
    form.prepend(told);
  });
  hold(true);
  request.send(body);
});
