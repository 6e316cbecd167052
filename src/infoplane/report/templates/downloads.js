  // Numbers and drawings as files.
  const named = (figure, suffix) => `${figure.key.replace(/[^\p{L}\p{N}._+-]+/gu, "-")}.${suffix}`;
  const cell = (value) => {
    const text = isKnown(value) ? String(value) : "";
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  const csv = (rows) => rows.map((row) => row.map(cell).join(",") + "\r\n").join("");

  function seriesRows(figure) {
    const paths = traces(figure, ({ role }) => role === "path" || role === "null");
    const labels = [...new Set(paths.flatMap((i) => Object.keys(figure.about[i].beside)))];
    const head = ["series", "step", figure.x, `${figure.x} error`, figure.y];
    const rows = paths.flatMap((i) => {
      const { name, at, xError, yError, errorIs, beside } = figure.about[i];
      return figure.data[i].x.map((x, k) => [
        name, at?.[k], x, xError?.[k], figure.data[i].y[k], yError?.[k],
        isKnown(xError?.[k] ?? yError?.[k]) ? kindAt(errorIs, k) : null, ...labels.map((label) => beside[label]?.[k]),
      ]);
    });
    return [[...head, `${figure.y} error`, "error is", ...labels], ...rows];
  }

  function cellRows(figure, { rows, at, detail, words }) {
    const states = figure.data[0].z;
    const lines = rows.flatMap((name, row) => at.map((step, i) => [
      name, step, words[states[2 * row + 1][i]] ?? "not measured", detail[row][i],
    ]));
    return [[figure.y, "step", "state", `difference [${figure.unit}]`], ...lines];
  }

  function heatRows(figure, { rows, columns, numbers, words }) {
    const lines = rows.flatMap((name, row) => columns.map((column, i) => [
      name, column, numbers[row][i], words[row][i],
    ]));
    return [["row", "column", figure.y, "words"], ...lines];
  }

  const ROWS = { cells: cellRows, heat: heatRows };
  function saveNumbers(figure) {
    const [about] = figure.about;
    const rows = (ROWS[about?.role] ?? seriesRows)(figure, about);
    download(csv(rows), named(figure, "csv"), "text/csv;charset=utf-8");
  }

  // On white paper, with its title, and with a legend of its own.
  async function saveDrawing(figure) {
    const { offsetWidth: width, offsetHeight: height } = figure.plot;
    const listed = figure.about.map(({ role }) => role === "mark" || role === "key");
    const data = figure.plot.data.map((trace, i) => ({
      ...trace,
      showlegend: trace.visible !== false && (listed[i] || trace.showlegend === true),
    }));
    const layout = {
      ...figure.plot.layout,
      template: drawings.light,
      paper_bgcolor: "#fff",
      showlegend: true,
      title: { text: escaped(figure.heading), x: 0.02, y: 0.98, yanchor: "top", font: { size: 13 } },
      margin: { ...figure.layout.margin, t: 34 },
      legend: { orientation: "h", x: 0, xanchor: "left", y: -0.16, yanchor: "top" },
    };
    const options = { format: "svg", width, height: height + 90, imageDataOnly: true };
    const svg = await Plotly.toImage({ data, layout, config }, options);
    download(svg, named(figure, "svg"), "image/svg+xml");
  }

  function connectDownloads() {
    for (const figure of figures) {
      figure.frame.querySelector("[data-save=csv]").addEventListener("click", () => saveNumbers(figure));
      figure.frame.querySelector("[data-save=svg]").addEventListener("click", () => saveDrawing(figure));
    }
  }
