// The hall of one instrument.
// - <button data-price data-side> in the book: fills the ticket <form data-ticket> with the price and the other side.
// - <select data-query="step" data-redraws="id">: another value in the address of a chart, which is drawn anew.
"use strict";

document.addEventListener("click", (event) => {
  const level = event.target instanceof Element ? event.target.closest("[data-price]") : null;
  const ticket = document.querySelector("[data-ticket]");
  if (!level || !ticket) return;
  ticket.elements.price.value = level.dataset.price;
  ticket.elements.side.value = level.dataset.side;
  ticket.elements.quantity.focus();
});

document.addEventListener("change", (event) => {
  const choice = event.target instanceof Element ? event.target.closest("[data-redraws]") : null;
  if (!choice) return;
  const chart = document.getElementById(choice.dataset.redraws);
  const address = new URL(chart.dataset.src, location.href);
  address.searchParams.set(choice.dataset.query, choice.value);
  chart.dataset.src = address.pathname + address.search;
  chart.dispatchEvent(new Event("tanhui:reload"));
});
