// Parcels on a blank ground: own GeoJSON only, no tiles, no borders. <div class="map" data-src="URL of GeoJSON"></div>,
// or data-from="id of a json_script" where the shapes stand in the page. Maps that come later (fragments) are drawn too.
// Properties of a feature: name, area (text, shown in the popup), tone ("overlap" is drawn in red).
"use strict";

const STYLE = { color: "#14532d", weight: 2, fillColor: "#4c9a6a", fillOpacity: 0.35 };
const OVERLAP = { color: "#a61b12", weight: 2, fillColor: "#d9534a", fillOpacity: 0.4, dashArray: "6 4" };

function say(element, words) {
  const told = document.createElement("div");
  told.className = "part-note";
  told.textContent = words;
  element.replaceChildren(told);
}

async function shapesOf(element) {
  if (element.dataset.from) return JSON.parse(document.getElementById(element.dataset.from).textContent);
  const answer = await fetch(element.dataset.src, { headers: { Accept: "application/geo+json, application/json" } });
  if (!answer.ok) throw new Error(String(answer.status));
  return answer.json();
}

async function draw(element) {
  const shapes = await shapesOf(element);
  const layer = window.L.geoJSON(shapes, {
    style: (feature) => (feature.properties?.tone === "overlap" ? OVERLAP : STYLE),
    pointToLayer: (feature, place) => window.L.circleMarker(place, { ...STYLE, radius: 6 }),
    onEachFeature: (feature, shape) => {
      const text = document.createElement("span");
      text.textContent = [feature.properties?.name, feature.properties?.area].filter(Boolean).join(" · ");
      if (text.textContent) shape.bindPopup(text);
    },
  });
  if (!layer.getLayers().length) {
    say(element, document.body.dataset.sayNoData);
    return;
  }
  const map = window.L.map(element, { attributionControl: false, zoomSnap: 0.25, scrollWheelZoom: false });
  layer.addTo(map);
  window.L.control.scale({ imperial: false }).addTo(map);
  map.fitBounds(layer.getBounds(), { padding: [20, 20] });
}

function look(root) {
  for (const element of root.querySelectorAll(".map[data-src], .map[data-from]")) {
    if (element.dataset.drawn) continue;
    element.dataset.drawn = "1";
    draw(element).catch(() => say(element, document.body.dataset.sayFailed));
  }
}

look(document);
new MutationObserver((changes) => {
  for (const change of changes) {
    for (const node of change.addedNodes) if (node instanceof Element) look(node.parentNode ?? node);
  }
}).observe(document.body, { childList: true, subtree: true });
