// <form data-confirm="Question?">, or a submit button with a question of its own: a dialog before a step that cannot be
// undone. It repeats the form's own summary, if there is one (an element [data-summary] in the form). Its two words come
// from the body: data-say-confirm, -back.
"use strict";

function button(words, style) {
  const made = document.createElement("button");
  made.type = "button";
  made.className = style;
  made.textContent = words;
  return made;
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  const asked = event.submitter?.dataset.confirm ?? form.dataset?.confirm;
  if (!(form instanceof HTMLFormElement) || !asked) return;
  if (form.dataset.confirmed) {
    delete form.dataset.confirmed; // Once confirmed, sent once: the next submit asks again.
    return;
  }
  event.preventDefault();
  event.stopImmediatePropagation();
  // What is missing is told first: nobody says yes to a form that will come back.
  if (!event.submitter?.formNoValidate && !form.reportValidity()) return;
  const submitter = event.submitter;
  const dialog = document.createElement("dialog");
  dialog.className = "confirm";
  const question = document.createElement("p");
  question.className = "h3";
  question.id = "confirm-question";
  question.textContent = asked;
  dialog.setAttribute("aria-labelledby", question.id);
  dialog.append(question);
  const summary = form.querySelector("[data-summary]");
  if (summary) dialog.append(summary.cloneNode(true));
  const row = document.createElement("div");
  row.className = "btn-list justify-content-end mt-3";
  const back = button(document.body.dataset.sayBack, "btn");
  const confirm = button(document.body.dataset.sayConfirm, "btn btn-primary");
  row.append(back, confirm);
  dialog.append(row);
  document.body.append(dialog);
  back.addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => {
    dialog.remove();
    submitter?.focus();
  });
  confirm.addEventListener("click", () => {
    form.dataset.confirmed = "1";
    dialog.close();
    form.requestSubmit(submitter);
  });
  dialog.showModal();
  back.focus();
}, true);
