"use strict";
(() => {
  const drawings = JSON.parse(document.getElementById("drawings").textContent);
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const plots = Array.from(document.querySelectorAll(".plot"));
  const config = {
    responsive: true,
    displaylogo: false,
    modeBarButtonsToRemove: ["select2d", "lasso2d", "autoScale2d"],
  };
  const theme = () => (dark.matches ? drawings.dark : drawings.light);
  const repaint = (template) => plots.forEach((plot) => Plotly.relayout(plot, { template }));

  for (const plot of plots) {
    const { data, layout, frames } = drawings.figures[Number(plot.dataset.figure)];
    Plotly.newPlot(plot, { data, layout: { ...layout, template: theme() }, frames, config });
  }
  dark.addEventListener("change", () => repaint(theme()));
  addEventListener("beforeprint", () => repaint(drawings.light));
  addEventListener("afterprint", () => repaint(theme()));
})();
