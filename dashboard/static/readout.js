// Touch, mouse and keyboard read-out of every chart. What is said is the row of the chart's own table.

export function attach(root = document) {
  for (const chart of root.querySelectorAll("[data-chart]")) readable(chart);
  downloads(root);
}

function readable(chart) {
  const plot = chart.querySelector(".plot");
  const output = chart.querySelector(".readout");
  const cursor = chart.querySelector(".cursor");
  const rows = [...chart.querySelectorAll("tr[data-left]")].map((row) => ({
    left: Number(row.dataset.left),
    right: Number(row.dataset.right),
    row,
  }));
  if (!plot || !rows.length || plot.dataset.ready) return;
  plot.dataset.ready = "1";
  const titles = [...chart.querySelectorAll("thead th")].map((cell) => cell.textContent.trim());
  let at = -1;

  function show(index) {
    if (index < 0 || index >= rows.length) return;
    at = index;
    const { left, right, row } = rows[index];
    const said = sentence([...row.cells].map((cell) => cell.textContent.trim()));
    const x = `${(left + right) / 20}%`;
    cursor.setAttribute("x1", x);
    cursor.setAttribute("x2", x);
    cursor.setAttribute("visibility", "visible");
    output.textContent = said;
    plot.setAttribute("aria-valuenow", String(index));
    plot.setAttribute("aria-valuetext", said);
  }

  // The row's heading, then every cell that holds something.
  function sentence(cells) {
    const parts = cells.slice(1).map((cell, i) => ({ cell, title: titles[i + 1] }));
    const told = parts.filter(({ cell }) => !/^(0|0 %|–)$/.test(cell));
    return [cells[0], ...told.map(({ cell, title }) => `${title} ${cell}`)].join(" · ");
  }

  function nearest(clientX) {
    const box = plot.getBoundingClientRect();
    const x = (1000 * (clientX - box.left)) / box.width;
    let best = -1;
    let distance = 12; // per mille: a finger may miss by that much
    rows.forEach(({ left, right }, index) => {
      const d = x < left ? left - x : x > right ? x - right : 0;
      if (d < distance) [best, distance] = [index, d];
    });
    return best;
  }

  const point = (event) => {
    const index = nearest(event.clientX);
    if (index >= 0) show(index);
    else {
      cursor.setAttribute("visibility", "hidden");
      output.textContent = chart.dataset.gap ?? output.dataset.hint;
    }
  };
  plot.addEventListener("pointermove", point);
  plot.addEventListener("pointerdown", point);
  plot.addEventListener("focus", () => at < 0 && show(rows.length - 1));
  plot.addEventListener("keydown", (event) => {
    const page = Math.max(1, Math.round(rows.length / 10));
    const steps = {
      ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1,
      PageDown: -page, PageUp: page, Home: -rows.length, End: rows.length,
    };
    if (!(event.key in steps)) return;
    event.preventDefault();
    show(Math.min(rows.length - 1, Math.max(0, at + steps[event.key])));
  });
}

// What a table shows, as a file: the cells as they stand, in the reader's own way of writing numbers.
export function tableCsv(table) {
  const quoted = (cell) => `"${cell.textContent.trim().replace(/\s+/g, " ").replaceAll('"', '""')}"`;
  return [...table.rows].map((row) => [...row.cells].map(quoted).join(",")).join("\r\n") + "\r\n";
}

function downloads(root) {
  for (const link of root.querySelectorAll("a[data-csv]")) {
    link.closest(".csv").hidden = false; // without script there is nothing to press
    link.download = link.dataset.csv;
    link.onclick = () => {
      const table = link.closest("figure, section").querySelector("table");
      URL.revokeObjectURL(link.href);
      link.href = URL.createObjectURL(new Blob(["\ufeff", tableCsv(table)], { type: "text/csv" }));
    };
  }
}

attach();
