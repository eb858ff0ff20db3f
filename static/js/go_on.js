// Sends the act that waited for the password, once.
const waiting = document.querySelector("form[data-go-on]");
if (waiting && !waiting.dataset.sent) {
  waiting.dataset.sent = "1";
  waiting.requestSubmit();
}
