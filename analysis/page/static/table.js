// The table of trials: it sorts, searches, follows the selection and copies as CSV.
const PAGE = 100;
const table = { all: false, shown: PAGE, rows: [] };

const tableColumns = () => study.columns.filter((c) => table.all || c.main || c.name === selection.sort?.name);

function tableRows() {
  const rows = selection.rows ?? [...Array(study.n).keys()].filter((row) => selection.shown[row]);
  const words = selection.search.toLowerCase().split(/\s+/).filter(Boolean);
  const found = words.length ? rows.filter((row) => matches(row, words)) : [...rows];
  const { name, down } = selection.sort ?? { name: null };
  if (!name) return found.sort(bestFirst);
  const values = study.values[name] ?? [], options = study.byName[name].options;
  const key = options ? (v) => options.indexOf(v) : (v) => v;
  const unknown = (v) => v === null || v === undefined;
  return found.sort((a, b) => {
    const [p, q] = [values[a], values[b]];
    if (unknown(p) || unknown(q)) return unknown(p) - unknown(q) || a - b;
    const [k, l] = [key(p), key(q)];
    return (k < l ? -1 : k > l ? 1 : 0) * (down ? -1 : 1) || a - b;
  });
}

// Complete trials by the metric, then the others by state and number.
function bestFirst(a, b) {
  const values = study.values[metricName()], { state } = study.values, order = study.about.states;
  const value = (row) => (isComplete(row) ? values[row] ?? Infinity : Infinity);
  return value(a) - value(b) || order.indexOf(state[a]) - order.indexOf(state[b]) || a - b;
}

function matches(row, words) {
  const text = tableColumns().map((c) => `${c.name}=${study.values[c.name]?.[row] ?? ""}`).join(" ").toLowerCase();
  return words.every((word) => text.includes(word));
}

function drawTable() {
  table.rows = tableRows();
  const columns = tableColumns(), best = bestRow();
  $("#table thead tr").replaceChildren(...columns.map(heading));
  const body = table.rows.slice(0, table.shown).map((row) => {
    const line = element("tr", undefined, { "data-trial": study.values.trial[row] });
    if (selection.picked?.has(study.values.trial[row])) line.className = "picked";
    if (row === best) line.classList.add("best");
    line.append(...columns.map((c) => cell(c, row)));
    line.onmouseenter = () => inspect([row]);
    line.onmouseleave = () => inspect([]);
    return line;
  });
  $("#table tbody").replaceChildren(...body);
  const left = table.rows.length - table.shown;
  $("#more").hidden = left <= 0;
  $("#more").textContent = `show ${format(Math.min(left, 10 * PAGE))} more of ${format(left)}`;
  $("#no-rows").hidden = table.rows.length > 0;
}

function heading(column) {
  const { name, down } = selection.sort ?? {};
  const made = element("th", undefined, { scope: "col", title: column.label });
  if (isNumeric(column) && column.name !== "trial") made.className = "number";
  const button = element("button", column.short);
  if (name === column.name) {
    made.setAttribute("aria-sort", down ? "descending" : "ascending");
    button.append(element("span", down ? " ▾" : " ▴", { "aria-hidden": "true" }));
  }
  button.onclick = () => {
    selection.sort = name !== column.name ? { name: column.name, down: false } : down ? null : { name, down: true };
    drawTable();
    writeAddress();
    $$("#table th button").find((b) => b.textContent.startsWith(column.short))?.focus();
  };
  made.append(button);
  return made;
}

const isNumeric = (column) => column.name !== "state" && (!column.options || column.options.every((o) => o !== "" && !isNaN(o)))
  && typeof (study.values[column.name]?.find((v) => v !== null) ?? 0) !== (column.options ? "number" : "string");

function cell(column, row) {
  const value = study.values[column.name]?.[row];
  if (column.name === "trial") {
    const made = element("th", undefined, { scope: "row" });
    const button = element("button", String(value), { title: "select this trial in all views" });
    button.onclick = (event) => {
      const add = event.shiftKey || event.ctrlKey || event.metaKey;
      const chosen = new Set(add ? selection.picked : []);
      if (!add && selection.picked?.size === 1 && selection.picked.has(value)) chosen.clear();
      else if (chosen.has(value)) chosen.delete(value);
      else chosen.add(value);
      selection.picked = chosen.size ? chosen : null;
      apply();
    };
    made.append(button);
    return made;
  }
  const made = element("td", column.name === "seed" ? String(value ?? "") : format(value));
  if (isNumeric(column)) made.className = "number";
  if (column.name === "state") made.prepend(element("i", undefined, { style: `background:${palette().states[value]}` }));
  return made;
}

function csv() {
  const quote = (v) => (/[",\n]/.test(v) ? `"${v.replaceAll('"', '""')}"` : v);
  const columns = tableColumns();
  const lines = table.rows.map((row) => columns.map((c) => quote(String(study.values[c.name]?.[row] ?? ""))).join(","));
  return [columns.map((c) => c.name).join(","), ...lines].join("\n") + "\n";
}

async function copyTable() {
  const text = csv();
  let copied = true;
  try { await navigator.clipboard.writeText(text); } catch {
    const area = element("textarea", text);
    document.body.append(area);
    area.select();
    copied = document.execCommand("copy");
    area.remove();
  }
  const said = $("#copied");
  said.textContent = copied ? `${format(table.rows.length)} rows copied` : "the browser does not allow it";
  setTimeout(() => { said.textContent = ""; }, 3000);
}

// Marks rows in every figure, as pointing at them would.
function inspect(rows) {
  const source = named("trials");
  source.inspected.indices = rows;
  source.inspected.multiline_indices = new Map(rows.map((row) => [row, [0]]));
  source.inspect.emit([null, {}]);
}
