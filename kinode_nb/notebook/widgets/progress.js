// Fills the elements that Python made (progress_html.markup) with each new view of the transfer.

function draw(root, view) {
  root.dataset.status = view.status;
  for (const part of root.querySelectorAll("[data-part]")) {
    part.textContent = view.texts[part.dataset.part];
  }
  const bar = root.querySelector("progress");
  if (view.percent === null) bar.removeAttribute("value");
  else bar.value = view.percent;
  bar.setAttribute("aria-valuetext", view.spoken);
}

// Says what a screen reader should say by itself: that the state changed, never each new number.
// It stands outside of the cell's output, since at the end that is replaced by what a page keeps,
// and a region that is removed with its last words is not read.
function announcer() {
  const region = document.createElement("div");
  region.className = "kinode-progress-announcement";
  region.setAttribute("role", "status");
  document.body.append(region);
  return region;
}

function render({ model, el }) {
  el.innerHTML = model.get("markup");
  const root = el.firstElementChild;
  const region = announcer();
  let status = null;
  function show() {
    const view = model.get("view");
    draw(root, view);
    if (view.status !== status) region.textContent = view.announced;
    status = view.status;
  }
  show();
  model.on("change:view", show);
  return () => {
    model.off("change:view", show);
    setTimeout(() => region.remove(), 10_000);
  };
}

export default { render };
