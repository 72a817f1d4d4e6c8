// The body map: each view a list box whose options are regions of the drawing. Arrow keys go to the nearest
// region in their direction, the space bar chooses. What is chosen is what the check boxes of the list say.

const DIRECTIONS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/** Takes the maps of a form over; returns what shows the form's present choice after it was changed by code. */
export function takeOver(form) {
  const boxes = new Map([...form.querySelectorAll("[name=places]")].map((box) => [box.value, box]));
  const maps = [...form.querySelectorAll("svg.map")];
  const output = form.querySelector(".chosen output");

  function show() {
    for (const region of form.querySelectorAll("[data-place]")) {
      region.setAttribute("aria-selected", boxes.get(region.dataset.place).checked);
    }
    const names = [...boxes.values()].filter((box) => box.checked).map(labelOf);
    output.textContent = names.length ? names.join(", ") : output.dataset.none;
  }

  function toggle(region) {
    const box = boxes.get(region.dataset.place);
    box.checked = !box.checked;
    box.dispatchEvent(new Event("change", { bubbles: true }));
  }

  for (const map of maps) {
    const regions = [...map.querySelectorAll("[data-place]")];
    map.setAttribute("role", "listbox");
    map.setAttribute("aria-multiselectable", "true");
    for (const region of regions) {
      region.setAttribute("role", "option");
      region.setAttribute("tabindex", "-1");
    }
    regions[0].setAttribute("tabindex", "0");

    map.addEventListener("click", (event) => {
      const region = event.target.closest("[data-place]");
      if (!region) return;
      move(regions, region);
      toggle(region);
    });
    map.addEventListener("keydown", (event) => {
      const region = event.target.closest("[data-place]");
      if (!region) return;
      if (event.key === " " || event.key === "Enter") toggle(region);
      else if (event.key in DIRECTIONS) move(regions, nearest(regions, region, DIRECTIONS[event.key]));
      else return;
      event.preventDefault();
    });
  }

  form.addEventListener("change", show);
  const shown = form.querySelector(".maps");
  shown.dataset.shown = maps[0].dataset.view;
  for (const choice of form.querySelectorAll("[data-show]")) {
    choice.name = "view-shown";
    choice.addEventListener("change", () => { shown.dataset.shown = choice.dataset.show; });
  }
  for (const hidden of form.querySelectorAll(".views, .map-hint, .chosen")) hidden.hidden = false;
  form.classList.add("taken-over");
  show();
  return show;
}

/** The words beside a radio button or a check box. */
export function labelOf(input) {
  return input.closest("label").textContent.trim();
}

function move(regions, region) {
  for (const other of regions) other.setAttribute("tabindex", other === region ? "0" : "-1");
  region.focus();
}

function nearest(regions, from, [dx, dy]) {
  const [x, y] = middle(from);
  let best = from;
  let least = Infinity;
  for (const region of regions) {
    const along = (middle(region)[0] - x) * dx + (middle(region)[1] - y) * dy;
    const aside = Math.abs((middle(region)[0] - x) * dy) + Math.abs((middle(region)[1] - y) * dx);
    const far = along + 2 * aside;
    if (along > 3 && far < least) [best, least] = [region, far];
  }
  return best;
}

function middle(region) {
  return [Number(region.dataset.x), Number(region.dataset.y)];
}
