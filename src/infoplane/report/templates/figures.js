  const theme = () => (dark.matches ? drawings.dark : drawings.light);
  const config = {
    responsive: true,
    displaylogo: false,
    modeBarButtonsToRemove: ["select2d", "lasso2d", "autoScale2d", "toImage", "sendChartToCloud", "sendDataToCloud"],
  };
  const figures = drawings.figures.map((figure, i) => {
    const plot = document.querySelector(`[data-figure="${i}"]`);
    return { ...figure, plot, frame: plot.closest("figure"), drawn: false, moment: null };
  });
  const isShown = (figure) => !figure.side || figure.side === page.side;
  const traces = (figure, fits) => figure.about.flatMap((about, i) => (fits(about) ? [i] : []));

  async function draw(figure) {
    figure.drawn = true;
    addHover(figure);
    figure.data.forEach((trace, i) => {
      if (page.hidden.has(figure.about[i].of)) trace.visible = false;
    });
    const layout = { ...figure.layout, template: theme() };
    await Plotly.newPlot(figure.plot, figure.data, layout, config);
    figure.plot.on("plotly_click", ({ points }) => goToPoint(figure, points[0]));
    figure.moment = drawings.moments.length - 1;
    move(figure);
  }

  function arrange() {
    for (const figure of figures) {
      figure.frame.hidden = !isShown(figure);
      if (figure.layout.height) figure.plot.style.minHeight = `${figure.layout.height}px`;
    }
  }

  // What is near, one after the other, so that the page answers meanwhile; the rest when it is
  // scrolled to: a network of many layers would otherwise take minutes.
  let drawing = Promise.resolve();
  function drawShown() {
    drawing = drawing.then(async () => {
      for (const figure of figures) {
        if (figure.drawn || !isShown(figure) || !isNear(figure, innerHeight)) continue;
        await draw(figure);
        await new Promise((resolve) => setTimeout(resolve));
      }
      move();
    });
    return drawing;
  }

  // Few figures are all drawn before anybody asks, so that a page printed or pictured is whole.
  const FEW = 32;
  function drawIdly() {
    if (figures.length > FEW) return;
    const next = figures.find((figure) => !figure.drawn && isShown(figure));
    if (next) draw(next).then(() => setTimeout(drawIdly));
  }

  // Paper has no scrolling.
  function drawAll() {
    for (const figure of figures) if (!figure.drawn && isShown(figure)) draw(figure);
  }

  function goToPoint(figure, point) {
    const { at } = figure.about[point.curveNumber];
    const step = at?.[Array.isArray(point.pointNumber) ? point.pointNumber[1] : point.pointNumber];
    if (isKnown(step)) goTo(drawings.moments.indexOf(step));
  }

  // The place of a path when it was last measured, at a step or before; nothing if never.
  function lastAt(steps, step) {
    let found = -1;
    for (let i = 0; i < steps.length && steps[i] <= step; i += 1) found = i;
    return found;
  }

  function moveOne(figure) {
    const step = drawings.moments[page.moment];
    const moved = traces(figure, (about) => about.role === "mark" || about.role === "cursor");
    if (!moved.length) return;
    const update = { x: [], y: [], "error_x.array": [], "error_y.array": [] };
    for (const i of moved) {
      const about = figure.about[i];
      if (about.role === "cursor") {
        const place = figure.places[lastAt(figure.places.map(([at]) => at), step)]?.[1] ?? null;
        update.x.push([place, place]);
        update.y.push([0, 1]);
        update["error_x.array"].push(undefined);
        update["error_y.array"].push(undefined);
        continue;
      }
      const path = figure.data[about.path];
      const { at, xError, yError } = figure.about[about.path];
      const k = lastAt(at, step);
      update.x.push([path.x[k] ?? null]);
      update.y.push([path.y[k] ?? null]);
      update["error_x.array"].push(figure.plane && xError ? [xError[k] ?? null] : undefined);
      update["error_y.array"].push(figure.plane && yError ? [yError[k] ?? null] : undefined);
    }
    Plotly.restyle(figure.plot, update, moved);
  }

  function isNear({ plot }, margin) {
    const { top, bottom } = plot.getBoundingClientRect();
    return bottom > -margin && top < innerHeight + margin;
  }

  // Only what can be seen moves at once; the rest when it is scrolled to.
  function move(only = null) {
    for (const figure of only ? [only] : figures) {
      const stale = figure.drawn && figure.moment !== page.moment && isShown(figure);
      if (!stale || !(page.printing || isNear(figure, 100))) continue;
      moveOne(figure);
      figure.moment = page.moment;
    }
  }

  function repaint(template) {
    for (const figure of figures) if (figure.drawn) Plotly.relayout(figure.plot, { template });
  }

  function showLayers() {
    for (const figure of figures) {
      const named = traces(figure, (about) => about.of);
      if (!figure.drawn || !named.length) continue;
      const visible = named.map((i) => !page.hidden.has(figure.about[i].of));
      Plotly.restyle(figure.plot, { visible }, named);
    }
  }
