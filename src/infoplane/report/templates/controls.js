  // The one control bar: play, moment, side, layers; a page has what it has use for.
  const bar = document.getElementById("controls");
  const play = bar?.querySelector(".play");
  const slider = bar?.querySelector("input[type=range]");
  const moment = bar?.querySelector("output");
  const sides = Array.from(bar?.querySelectorAll("[data-side]") ?? []);
  const layers = Array.from(bar?.querySelectorAll("[data-layer]") ?? []);
  const every = bar?.querySelector(".every");
  const PAUSE = 110;

  function goTo(index) {
    page.moment = index;
    slider.value = index;
    const step = String(drawings.moments[index]);
    slider.setAttribute("aria-valuetext", `step ${step}`);
    moment.textContent = step;
    if (page.waiting) return;
    page.waiting = true;
    requestAnimationFrame(() => {
      page.waiting = false;
      move();
    });
  }

  function setPlaying(playing) {
    clearTimeout(page.timer);
    page.timer = playing ? setTimeout(advance, 0) : null;
    play.setAttribute("aria-label", playing ? "Pause" : "Play");
    play.dataset.playing = playing;
  }

  function advance() {
    goTo((page.moment + 1) % drawings.moments.length);
    page.timer = setTimeout(advance, PAUSE);
  }

  function showSide(side) {
    page.side = side;
    for (const one of sides) one.setAttribute("aria-pressed", one.dataset.side === side);
    arrange();
    return drawShown();
  }

  function showOnly(shown) {
    const names = layers.map((one) => one.dataset.layer);
    page.hidden = new Set(names.filter((name) => !shown(name)));
    for (const one of layers)
      one.setAttribute("aria-pressed", !page.hidden.has(one.dataset.layer));
    if (every) every.disabled = page.hidden.size === 0;
    showLayers();
  }

  function showAlone(layer) {
    const alone = !page.hidden.has(layer) && page.hidden.size === layers.length - 1;
    showOnly((name) => alone || name === layer);
  }

  function connectControls() {
    play?.addEventListener("click", () => setPlaying(page.timer === null));
    slider?.addEventListener("input", () => {
      setPlaying(false);
      goTo(Number(slider.value));
    });
    for (const one of sides) one.addEventListener("click", () => showSide(one.dataset.side));
    for (const one of layers) {
      const { layer } = one.dataset;
      one.addEventListener("click", (event) => {
        if (event.shiftKey) showAlone(layer);
        else showOnly((name) => (name === layer) === page.hidden.has(name));
      });
      one.addEventListener("dblclick", () => showAlone(layer));
    }
    every?.addEventListener("click", () => showOnly(() => true));
    const follow = () => requestAnimationFrame(drawShown);
    addEventListener("scroll", follow, { passive: true });
    addEventListener("resize", follow, { passive: true });
  }
