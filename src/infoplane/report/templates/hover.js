  // What is said of a point that is pointed at. Numbers as in words.py; Plotly reads pseudo-HTML.
  const escaped = (text) =>
    text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
  const minus = (text) => text.replaceAll("-", "\u2212");
  const isKnown = (value) => value !== null && value !== undefined;
  // What the error of a point is: all points of a line may have one kind, or each its own.
  const kindAt = (errorIs, i) => (Array.isArray(errorIs) ? errorIs[i] : errorIs);

  function number(value, digits = 4) {
    const size = Math.abs(value);
    const whole = 10 ** (digits - 1) <= size && size < 1e9;
    return minus(whole ? value.toFixed(0) : String(Number(value.toPrecision(digits))));
  }

  // Lines longer than this leave a telephone's screen.
  const LONGEST = 46;
  function wrapped(text) {
    const lines = [];
    for (let rest = text; rest; rest = rest.slice(LONGEST)) lines.push(escaped(rest.slice(0, LONGEST)));
    return lines.join("<br>");
  }

  function reading(figure, label, value, error, errorIs = "") {
    if (!isKnown(value)) return [];
    const spread = isKnown(error) ? ` \u00b1 ${number(error, 2)}${errorIs === "standard error" ? "" : ` (${escaped(errorIs)})`}` : "";
    const inBits = label.endsWith(`[${figure.unit}]`);
    const full = inBits && isKnown(figure.saturated) && value >= figure.saturated;
    return [`${escaped(label)}: ${number(value)}${spread}${full ? " (saturated)" : ""}`];
  }

  function pointText(figure, trace, about, i) {
    const moment = about.at ? `step ${about.at[i]}` : `${escaped(figure.x)} ${number(trace.x[i])}`;
    return [
      `<b>${wrapped(about.name)}</b>`,
      moment,
      ...(figure.plane ? reading(figure, figure.x, trace.x[i], about.xError?.[i], kindAt(about.errorIs, i)) : []),
      ...reading(figure, figure.y, trace.y[i], about.yError?.[i], kindAt(about.errorIs, i)),
      ...Object.entries(about.beside).flatMap(([label, values]) => reading(figure, label, values[i])),
    ].join("<br>");
  }

  function cellText(figure, about, row, i, cell) {
    const word = about.words[cell] ?? "not measured";
    const value = about.detail[row][i];
    const slack = isKnown(value) ? `<br>${number(value)} ${escaped(figure.unit)}` : "";
    return `<b>${wrapped(about.rows[row])}</b><br>step ${about.at[i]}: ${word}${slack}`;
  }

  function addHover(figure) {
    figure.data.forEach((trace, place) => {
      const about = figure.about[place];
      if (about.role === "path" || about.role === "null")
        trace.hovertext = trace.x.map((_, i) => pointText(figure, trace, about, i));
      if (about.role === "cells")
        trace.hovertext = trace.z.map((line, y) =>
          line.map((cell, i) => cellText(figure, about, Math.floor(y / 2), i, cell)));
    });
  }
