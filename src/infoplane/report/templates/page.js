"use strict";
(async () => {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  let drawings = null;
  let page = null;

{% include "unpack.js" %}

  const findings = Array.from(document.querySelectorAll(".findings details"));
  const folded = Array.from(document.querySelectorAll("details"));
  const openAll = document.querySelector(".open-all");
  openAll?.addEventListener("click", () => {
    const open = findings.some((one) => !one.open);
    for (const one of findings) one.open = open;
    openAll.textContent = open ? "Close all" : "Open all";
  });
  let closed = [];
  addEventListener("beforeprint", () => {
    closed = folded.filter((one) => !one.open);
    for (const one of closed) one.open = true;
  });
  addEventListener("afterprint", () => {
    for (const one of closed) one.open = false;
  });

  if (typeof DecompressionStream === "undefined") {
    const problem = document.getElementById("too-old");
    problem.hidden = false;
    return;
  }

  const table = document.querySelector("[data-table]");
  table?.addEventListener("click", async () =>
    download(await unpacked("table"), table.dataset.table, "text/csv;charset=utf-8"));

  if (!document.getElementById("drawings")) return;
  drawings = JSON.parse(await unpacked("drawings"));
  page = {
    moment: drawings.moments.length - 1,
    side: drawings.sides.at(-1) ?? "",
    hidden: new Set(),
    timer: null,
    waiting: false,
    printing: false,
  };
{% include "hover.js" %}

{% include "figures.js" %}

{% include "controls.js" %}

{% include "downloads.js" %}

  await loadPlotly();
  connectControls();
  connectDownloads();
  dark.addEventListener("change", () => repaint(theme()));
  addEventListener("beforeprint", () => {
    page.printing = true;
    drawAll();
    for (const { frame, plot } of figures) {
      frame.style.setProperty("--drawn", `${plot.offsetWidth}px`);
      frame.style.setProperty("--tall", `${plot.offsetHeight}px`);
    }
    move();
    repaint(drawings.light);
  });
  addEventListener("afterprint", () => {
    page.printing = false;
    repaint(theme());
  });
  arrange();
  await drawShown();
  drawIdly();
  document.documentElement.dataset.ready = "true";
})();
