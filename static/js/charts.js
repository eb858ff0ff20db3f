// Charts by ECharts (SVG). <div class="chart" data-chart="candles" data-src="URL"></div>, redrawn on "tanhui:reload".
// candles: {"candles": [{"at", "open", "high", "low", "close", "volume"}]}, prices as decimal text, volume in tonnes.
// line:    {"unit", "series": [{"name", "points": [[x, y], …]}]}; x is a time or a name, y a number.
// bars:    {"unit", "bars": [{"name", "value"}]}.
"use strict";

const FONT = getComputedStyle(document.documentElement).getPropertyValue("--font");
const UP = "#b42318";
const DOWN = "#11713f";
const COLOURS = ["#17663a", "#0b5a7a", "#a58d13", "#c06a1c", "#6a4c93", "#4d5c55"];
const SOFT = "#4d5c55";
const LINE = "#dbe4de";
const common = {
  color: COLOURS,
  textStyle: { fontFamily: FONT, color: SOFT },
  animation: false,
  // HTML tooltips would need inline styles, which the content security policy forbids.
  tooltip: { trigger: "axis", renderMode: "richText", axisPointer: { type: "line" }, borderColor: LINE, textStyle: { fontSize: 12 } },
};
const value = { scale: true, axisLabel: { color: SOFT }, splitLine: { lineStyle: { color: "#e8eeea" } } };
const names = { type: "category", axisLine: { lineStyle: { color: LINE } }, axisTick: { show: false }, axisLabel: { color: SOFT } };
const clock = new Intl.DateTimeFormat("zh-CN", { timeZone: "Asia/Shanghai", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", hourCycle: "h23" });

function label(at) {
  const part = Object.fromEntries(clock.formatToParts(new Date(at)).map((one) => [one.type, one.value]));
  return `${part.month}-${part.day} ${part.hour}:${part.minute}`;
}

function candles(data) {
  const rows = data.candles ?? [];
  if (!rows.length) return null;
  const times = rows.map((row) => label(row.at));
  const colourOf = (row) => (Number(row.close) >= Number(row.open) ? UP : DOWN);
  return {
    ...common,
    axisPointer: { link: [{ xAxisIndex: "all" }] },
    grid: [{ left: 56, right: 16, top: 16, height: "60%" }, { left: 56, right: 16, bottom: 28, height: "18%" }],
    xAxis: [
      { ...names, data: times, axisLabel: { show: false } },
      { ...names, gridIndex: 1, data: times },
    ],
    yAxis: [value, { ...value, scale: false, gridIndex: 1, splitNumber: 2 }],
    dataZoom: [{ type: "inside", xAxisIndex: [0, 1], startValue: Math.max(0, rows.length - 120), endValue: rows.length - 1 }],
    series: [
      {
        type: "candlestick",
        barMaxWidth: 14,
        data: rows.map((row) => [row.open, row.close, row.low, row.high].map(Number)),
        itemStyle: { color: UP, borderColor: UP, color0: DOWN, borderColor0: DOWN },
      },
      {
        type: "bar",
        xAxisIndex: 1,
        yAxisIndex: 1,
        barMaxWidth: 14,
        data: rows.map((row) => ({ value: row.volume, itemStyle: { color: colourOf(row), opacity: 0.45 } })),
      },
    ],
  };
}

function line(data) {
  const series = data.series ?? [];
  if (!series.some((one) => one.points.length)) return null;
  return {
    ...common,
    legend: { type: "scroll", textStyle: { color: SOFT } },
    grid: { left: 64, right: 16, top: 40, bottom: 28 },
    xAxis: { ...names, boundaryGap: false },
    yAxis: { ...value, name: data.unit ?? "" },
    series: series.map((one) => ({ type: "line", name: one.name, data: one.points, showSymbol: one.points.length < 30 })),
  };
}

function bars(data) {
  const rows = data.bars ?? [];
  if (!rows.length) return null;
  return {
    ...common,
    grid: { left: 64, right: 16, top: 32, bottom: 28, containLabel: true },
    xAxis: { ...names, data: rows.map((row) => row.name) },
    yAxis: { ...value, scale: false, name: data.unit ?? "" },
    series: [{ type: "bar", barMaxWidth: 36, data: rows.map((row) => row.value) }],
  };
}

const KINDS = { candles, line, bars };

function note(element, words) {
  window.echarts.getInstanceByDom(element)?.dispose();
  const told = document.createElement("div");
  told.className = "part-note";
  told.textContent = words;
  element.replaceChildren(told);
}

async function draw(element) {
  const answer = await fetch(element.dataset.src, { headers: { Accept: "application/json" } });
  if (!answer.ok) throw new Error(String(answer.status));
  const option = KINDS[element.dataset.chart](await answer.json());
  if (option === null) {
    note(element, document.body.dataset.sayNoData);
    return;
  }
  let chart = window.echarts.getInstanceByDom(element);
  if (!chart) {
    element.replaceChildren();
    chart = window.echarts.init(element, null, { renderer: "svg" });
  }
  chart.setOption(option, true);
}

for (const element of document.querySelectorAll("[data-chart]")) {
  const attempt = () => draw(element).catch(() => {
    // What is drawn stays: the next event draws anew.
    if (!window.echarts.getInstanceByDom(element)) note(element, document.body.dataset.sayFailed);
  });
  attempt();
  new ResizeObserver(() => window.echarts.getInstanceByDom(element)?.resize()).observe(element);
  element.addEventListener("tanhui:reload", attempt);
}
