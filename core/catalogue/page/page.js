"use strict";
// Texts from files reach the page as text nodes and attributes alone, never as markup.
const D = JSON.parse(document.getElementById("data").textContent);
const R = D.rows, N = R.output.length, ROW = 34;
const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+-";
const GAP = LETTERS.length - 1, HEIGHT = new Map([...LETTERS].map((letter, index) => [letter, index]));
const DONE = D.states.indexOf("done"), FAILED = D.states.indexOf("failed");
const SVG = new Set(["svg", "path", "rect", "line", "text", "circle", "g", "title"]);

function el(name, attributes, ...children) {
  const made = SVG.has(name) && name !== "title" ? document.createElementNS("http://www.w3.org/2000/svg", name)
    : document.createElement(name);
  for (const [key, value] of Object.entries(attributes || {})) {
    if (typeof value === "function") made.addEventListener(key, value);
    else if (value !== null && value !== undefined && value !== false) made.setAttribute(key, value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return made;
}

const mm = (value, digits = 1) => (value === null || value === undefined ? "–" : value.toFixed(digits));
const count = (value) => (value === null || value === undefined ? "–" : value.toLocaleString("en"));
const large = (value) => (value >= 1e6 ? `${(value / 1e6).toFixed(1)} M` : count(value));
const plural = (value, word) => `${count(value)} ${word}${value === 1 ? "" : "s"}`;
const named = (i) => R.output[i].slice(R.output[i].lastIndexOf("/") + 1).replace(/(_stageii)?\.npz$/, "");
const folder = (i) => R.output[i].slice(0, R.output[i].lastIndexOf("/") + 1);
const text = (column, i) => D.texts[R[column][i]];
const kindsOf = (i) => D.kinds.filter((_, bit) => R.kinds[i] & (1 << bit));
const median = (values) => {
  if (!values.length) return null;
  const sorted = Float64Array.from(values).sort();
  return sorted[(sorted.length - 1) >> 1];
};
const has = (column, i) => R[column][i] !== null;
const searched = R.output.map((_, i) => [R.output[i], text("source", i), text("why", i), text("note", i),
  text("what", i), text("recipe", i), kindsOf(i).join(" "), ...R.assumed[i].map((one) => assumedWords(one))]
  .join("\n").toLowerCase());

function assumedWords(one) {
  const [quantity, value, how] = D.assumed[one];
  return `${quantity} ${value} ${how}`;
}

// What is shown: filters by name, words, and an order.
const filters = new Map();
let words = "", sort = ["max", -1], view = [], chosen = -1;

const NUMBERS = new Set(["frames", "seconds", "mean", "p95", "max", "jitter", "skate", "sinks", "problem_frames",
  ...D.parts]);

function compare(column, way) {
  const key = NUMBERS.has(column) ? R[column]
    : column === "state" ? R.state
    : R.output.map((_, i) => (column === "what" ? text("what", i) : R.output[i]).toLowerCase());
  return (a, b) => {
    const one = key[a], other = key[b];
    if (one === null || other === null) return one === other ? a - b : one === null ? 1 : -1;
    return one < other ? -way : one > other ? way : a - b;
  };
}

function look() {
  const tests = [...filters.values()].map((one) => one.test);
  const asked = words.toLowerCase().split(/\s+/).filter(Boolean);
  const found = [];
  for (let i = 0; i < N; i++) {
    if (tests.every((test) => test(i)) && asked.every((word) => searched[i].includes(word))) found.push(i);
  }
  view = found.sort(compare(...sort));
  draw();
}

function toggle(name, label, test) {
  if (filters.has(name) && filters.get(name).label === label) filters.delete(name);
  else filters.set(name, { label, test });
  look();
}

// Tiles.
const part = (name, className) => el("section", { class: `card ${className}`, id: name });
const tiles = el("section", { class: "tiles" });
function drawTiles() {
  const by = D.states.map((_, state) => view.filter((i) => R.state[i] === state).length);
  let frames = 0, seconds = 0, total = 0, known = 0, most = null, odd = 0;
  for (const i of view) {
    if (R.state[i] !== DONE || !has("mean", i)) continue;
    const here = R.frames[i] || 0;
    frames += here;
    if (R.rate[i]) seconds += here / R.rate[i];
    total += R.mean[i] * here;
    known += here;
    most = most === null || R.max[i] > most ? R.max[i] : most;
    odd += R.problem_frames[i] ? 1 : 0;
  }
  const tile = (value, unit, label, className, click) => el(click ? "button" : "div",
    { class: `tile ${className || ""}`, click }, el("b", null, value, unit ? el("small", null, ` ${unit}`) : null),
    el("span", null, label));
  const ofState = (state) => () => toggle("state", D.states[state], (i) => R.state[i] === state);
  const hours = seconds >= 3600 ? [(seconds / 3600).toFixed(1), "h"] : seconds >= 60
    ? [(seconds / 60).toFixed(1), "min"] : [seconds.toFixed(0), "s"];
  const classes = ["", "busy", "good", "bad"];
  tiles.replaceChildren(
    ...D.states.map((name, state) => (by[state] || state === DONE
      ? tile(count(by[state]), "", name, by[state] ? classes[state] : "", ofState(state)) : null)).filter(Boolean).reverse(),
    tile(large(frames), "", "frames fitted"),
    tile(...hours, "of motion"),
    tile(known ? mm(total / known) : "–", "mm", "mean over frames"),
    tile(mm(most), "mm", "worst vertex"),
    tile(count(odd), "", "with problem frames", odd ? "warn" : "",
      () => toggle("problems", "with problem frames", (i) => R.problem_frames[i] > 0)));
}

// Histograms.
const CAP = niceCap();
function niceCap() {
  const share = (column, part) => {
    const known = Float64Array.from(R[column].filter((value) => value !== null)).sort();
    return known.length ? known[Math.min(known.length - 1, Math.floor(known.length * part))] : 0;
  };
  const high = 1.05 * Math.max(0.4, share("mean", 0.995), ...D.parts.map((name) => share(name, 0.99)));
  return [0.5, 1, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 40, 60, 100, 200, 500, 1000].find((cap) => cap >= high) || 1000;
}
const doneWith = (column) => view.filter((i) => R.state[i] === DONE && has(column, i));

function bins(values, many) {
  const found = new Array(many).fill(0);
  for (const value of values) found[Math.min(many - 1, Math.max(0, Math.floor((value / CAP) * many)))]++;
  return found;
}

const histogram = part("histogram", "w5");
function drawHistogram() {
  const many = 40, wide = Math.max(240, histogram.clientWidth - 30), high = 172, foot = 18, values = doneWith("mean").map((i) => R.mean[i]);
  const found = bins(values, many), most = Math.max(1, ...found), step = wide / many;
  const picture = el("svg", { viewBox: `0 0 ${wide} ${high}`, height: high, role: "img", "aria-label": "clips by mean error" });
  found.forEach((here, at) => {
    const tall = here ? Math.max(2, (here / most) * (high - foot - 14)) : 0;
    const low = (CAP * at) / many, top = (CAP * (at + 1)) / many, last = at === many - 1;
    const label = last ? `mean ≥ ${mm(low, 2)} mm` : `mean ${mm(low, 2)}–${mm(top, 2)} mm`;
    if (here) picture.append(el("rect", { class: "hit", x: at * step, y: 0, width: step, height: high - foot,
      click: () => toggle("mean", label, (i) => has("mean", i) && R.mean[i] >= low && (last || R.mean[i] < top)),
      mousemove: (event) => tip(event, `${label} · ${plural(here, "clip")}`), mouseleave: noTip }));
    picture.append(el("rect", { class: "bar", x: at * step + 1, y: high - foot - tall, width: step - 2, height: tall,
      rx: 1.5, "pointer-events": "none" }));
  });
  picture.append(el("line", { class: "axis", x1: 0, x2: wide, y1: high - foot, y2: high - foot }));
  for (let at = 0; at <= 4; at++) {
    picture.append(el("text", { x: (wide * at) / 4, y: high - 3, "text-anchor": ["start", "middle", "middle",
      "middle", "end"][at] }, `${at === 4 ? "≥ " : ""}${+((CAP * at) / 4).toFixed(2)}`));
  }
  histogram.replaceChildren(el("h2", null, "Mean error of a clip, mm",
    el("small", null, values.length ? `median ${mm(median(values))} mm over ${plural(values.length, "clip")}` : "")),
    picture);
}

function strip(label, values, click) {
  const many = 30, found = bins(values, many), most = Math.max(1, ...found), middle = median(values);
  const cells = found.map((here) => {
    const cell = el("i");
    cell.style.opacity = here ? 0.12 + 0.88 * Math.sqrt(here / most) : 0;
    return cell;
  });
  const mark = el("u");
  if (middle !== null) mark.style.left = `${Math.min(99.3, (100 * middle) / CAP)}%`;
  return el(click ? "button" : "div", { class: "line", click, title: label }, el("span", null, label),
    el("span", { class: "strip" }, ...cells, middle === null ? null : mark), el("span", null, mm(middle)));
}
const scale = () => el("div", { class: "scale" }, el("span", null, el("b", { class: "quiet" }, "0"),
  el("b", { class: "quiet" }, `≥ ${CAP} mm`)));

const byPart = part("parts", "w4");
function drawParts() {
  byPart.replaceChildren(el("h2", null, "By part of the body", el("small", null, "clips by mean · mark: median")),
    el("div", { class: "list" }, ...D.parts.map((name) => strip(name, doneWith(name).map((i) => R[name][i]),
      () => order(name, -1)))), scale());
}

const bySource = part("sources", "w4");
function drawSources() {
  const groups = new Map();
  for (const i of doneWith("mean")) {
    const name = text("group", i);
    if (!groups.has(name)) groups.set(name, []);
    groups.get(name).push(R.mean[i]);
  }
  const ranked = [...groups].map(([name, values]) => [name, values, median(values)]).sort((a, b) => b[2] - a[2]);
  const shown = ranked.slice(0, 60);
  bySource.replaceChildren(el("h2", null, "By source", el("small", null,
    ranked.length > 60 ? `worst 60 of ${count(ranked.length)} folders` : plural(ranked.length, "folder"))),
    el("div", { class: "list" }, ...shown.map(([name, values]) => strip(`${name || "loose clips"} (${count(values.length)})`,
      values, () => toggle("group", name || "loose clips", (i) => text("group", i) === name)))), scale());
}

const kinds = part("kinds", "w3");
function drawKinds() {
  const found = D.kinds.map((name, bit) => [name, bit, view.filter((i) => R.kinds[i] & (1 << bit)).length])
    .filter((one) => one[2]).sort((a, b) => b[2] - a[2]);
  const most = Math.max(1, ...found.map((one) => one[2]));
  kinds.replaceChildren(el("h2", null, "Kinds of problems", el("small", null, "clips")),
    found.length ? el("div", { class: "list" }, ...found.map(([name, bit, many]) => {
      const fill = el("div", { class: "fill" });
      fill.style.width = `${(100 * many) / most}%`;
      return el("button", { class: "line", click: () => toggle("kind", name, (i) => R.kinds[i] & (1 << bit)) },
        el("span", null, name), fill, el("span", null, count(many)));
    })) : el("div", { class: "empty" }, N ? "No frame stands out." : "There are no clips yet."));
}

const assumed = part("assumed", "w4");
function drawAssumed() {
  const found = new Map();
  for (const i of view) for (const one of R.assumed[i]) found.set(one, (found.get(one) || 0) + 1);
  const rank = { numbers: 0, tool: 1, default: 2 };
  const listed = [...found].sort((a, b) => rank[D.assumed[a[0]][3]] - rank[D.assumed[b[0]][3]] || a[1] - b[1]);
  assumed.replaceChildren(el("h2", null, "Taken without having been said", el("small", null, "clips")),
    listed.length ? el("div", { class: "chips" }, ...listed.map(([one, many]) => {
      const [quantity, value, how, code] = D.assumed[one];
      return el("button", { class: `chip ${code}`, title: `${quantity} ${value}: ${how}`,
        click: () => toggle("assumed", `${quantity} ${value}, ${how}`, (i) => R.assumed[i].includes(one)) },
        quantity, " ", el("b", null, value), el("em", null, ` ${how} · `), count(many));
    })) : el("div", { class: "empty" }, "Nothing: every file says all."));
}

// Outliers: mean against worst vertex, both by their logarithm.
const outliers = part("outliers", "w4"), canvas = el("canvas");
let points = [];
function drawOutliers() {
  outliers.replaceChildren(el("h2", null, "Outliers", el("small", null, "mean → · worst vertex ↑, mm")), canvas);
  const ratio = window.devicePixelRatio || 1, wide = canvas.clientWidth, high = canvas.clientHeight;
  canvas.width = wide * ratio;
  canvas.height = high * ratio;
  const pen = canvas.getContext("2d"), css = getComputedStyle(document.documentElement);
  const colour = (name) => css.getPropertyValue(name).trim();
  pen.scale(ratio, ratio);
  const here = doneWith("mean").filter((i) => has("max", i)), left = 30, foot = 18;
  const range = (column) => {
    const values = here.map((i) => Math.max(0.01, R[column][i]));
    const low = values.reduce((a, b) => Math.min(a, b), 1e9), top = values.reduce((a, b) => Math.max(a, b), 0.02);
    return [Math.log(low) - 0.1, Math.log(top) + 0.1];
  };
  const [x0, x1] = range("mean"), [y0, y1] = range("max");
  const across = (value) => left + ((Math.log(Math.max(0.01, value)) - x0) / (x1 - x0)) * (wide - left - 8);
  const up = (value) => high - foot - ((Math.log(Math.max(0.01, value)) - y0) / (y1 - y0)) * (high - foot - 8);
  pen.font = "11px system-ui, sans-serif";
  pen.fillStyle = colour("--quiet");
  pen.strokeStyle = colour("--line");
  pen.lineWidth = 1;
  const ticks = (low, top) => {
    const all = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000].filter((v) => Math.log(v) > low && Math.log(v) < top);
    const every = Math.ceil(all.length / 6);
    return all.filter((_, at) => at % every === 0);
  };
  if (here.length) {
    for (const value of ticks(x0, x1)) {
      const x = Math.round(across(value)) + 0.5;
      pen.beginPath(); pen.moveTo(x, 4); pen.lineTo(x, high - foot); pen.stroke();
      pen.textAlign = "center"; pen.fillText(String(value), x, high - 4);
    }
    for (const value of ticks(y0, y1)) {
      const y = Math.round(up(value)) + 0.5;
      pen.beginPath(); pen.moveTo(left, y); pen.lineTo(wide - 4, y); pen.stroke();
      pen.textAlign = "right"; pen.fillText(String(value), left - 5, y + 4);
    }
  }
  points = here.map((i) => [across(R.mean[i]), up(R.max[i]), i]);
  const size = here.length > 2000 ? 1.6 : here.length > 200 ? 2.4 : 4;
  for (const odd of [false, true]) {
    pen.fillStyle = colour(odd ? "--mark" : "--accent");
    pen.globalAlpha = here.length > 2000 ? 0.5 : 0.85;
    for (const [x, y, i] of points) {
      if (Boolean(R.problem_frames[i]) !== odd) continue;
      pen.beginPath(); pen.arc(x, y, size, 0, 7); pen.fill();
    }
  }
  pen.globalAlpha = 1;
  if (chosen >= 0 && R.state[chosen] === DONE && has("mean", chosen)) {
    pen.strokeStyle = colour("--text");
    pen.lineWidth = 2;
    pen.beginPath(); pen.arc(across(R.mean[chosen]), up(R.max[chosen]), size + 4, 0, 7); pen.stroke();
  }
}
function near(event) {
  let best = -1, nearest = 144;
  for (const [x, y, i] of points) {
    const away = (x - event.offsetX) ** 2 + (y - event.offsetY) ** 2;
    if (away < nearest) [best, nearest] = [i, away];
  }
  return best;
}
canvas.addEventListener("mousemove", (event) => {
  const i = near(event);
  if (i < 0) noTip();
  else tip(event, `${R.output[i]} · mean ${mm(R.mean[i])} mm, worst ${mm(R.max[i])} mm`);
});
canvas.addEventListener("mouseleave", noTip);
canvas.addEventListener("click", (event) => { const i = near(event); if (i >= 0) choose(i, true); });

const tipBox = el("div", { class: "tip", hidden: "" });
function tip(event, said) {
  tipBox.textContent = said;
  tipBox.hidden = false;
  const left = Math.min(event.clientX + 14, window.innerWidth - tipBox.offsetWidth - 10);
  tipBox.style.left = `${Math.max(4, left)}px`;
  tipBox.style.top = `${Math.min(event.clientY + 16, window.innerHeight - tipBox.offsetHeight - 8)}px`;
}
function noTip() { tipBox.hidden = true; }

// Pictures of the worst.
const gallery = part("gallery", "w12"), strips = el("div", { class: "pictures" });
const PICTURED = Object.keys(D.pictures).map(Number);
function drawPictures() {
  if (!PICTURED.length) return;
  const there = new Set(view), shown = PICTURED.filter((i) => there.has(i)).sort((a, b) => (R.max[b] || 0) - (R.max[a] || 0));
  gallery.replaceChildren(el("h2", null, `The worst ${shown.length === 1 ? "clip" : plural(shown.length, "clip")}, each at its worst frame`,
    el("button", { class: "chip", click: () => { strips.classList.toggle("all"); drawPictures(); } },
      strips.classList.contains("all") ? "one row" : "all of them")), strips);
  strips.replaceChildren(...shown.map((i) => el("figure", { tabindex: 0, click: () => choose(i, true),
    keydown: (event) => { if (event.key === "Enter") choose(i, true); } },
    el("img", { src: D.pictures[i], alt: "", loading: "lazy" }),
    el("figcaption", { title: R.output[i] }, el("span", null, named(i)), el("b", null, `${mm(R.max[i])} mm`)))));
}

// The table: rows that are to be seen, and no others.
const MEASURED = R.jitter.some((value) => value !== null);
const COLUMNS = [
  ["state", "", "14px"], ["output", "clip", `minmax(${MEASURED ? 150 : 210}px, 3fr)`], ["what", "body", "104px"],
  ["frames", "frames", "56px"], ["curve", "mean over time", "112px"], ["mean", "mean", "50px"], ["p95", "p95", "50px"],
  ["max", "worst", "54px"], ["parts", "", "132px"],
  ...(MEASURED ? [["jitter", "jitter", "46px"], ["skate", "skate", "46px"], ["sinks", "sinks", "46px"]] : []),
  ["problem_frames", "problems", "minmax(100px, 1.2fr)"], ["seconds", "s", "48px"],
];
const HELP = { mean: "mm, mean over the clip", p95: "mm, mean of the frames' 95th percentile", max: "mm, the worst vertex",
  jitter: "mm/frame², acceleration of the skin against the source's", skate: "mm/frame, the most that a resting foot slides",
  sinks: "mm, the most that the fit sinks below the source", seconds: "seconds that the fit took",
  frames: "how many frames", problem_frames: "frames that stand out" };
const table = part("table", "w12");
const search = el("input", { type: "search", placeholder: "Search clips, sources, problems, what was assumed…",
  "aria-label": "Search", input: () => { words = search.value; look(); } });
const chips = el("span", { class: "chips" }), said = el("span", { class: "quiet", "aria-live": "polite" });
const head = el("div", { class: "head", role: "row" }), rows = el("div", { class: "rows" });
const scroll = el("div", { class: "scroll", tabindex: 0, role: "grid", "aria-label": "Clips", keydown: keys }, rows);
table.append(el("div", { class: "tools" }, search, chips, el("span", { class: "grow" }), said), head, scroll);
document.documentElement.style.setProperty("--columns", COLUMNS.map((one) => one[2]).join(" "));

function order(column, way) {
  sort = [column, way || (sort[0] === column ? -sort[1] : NUMBERS.has(column) ? -1 : 1)];
  look();
}

function drawHead() {
  const button = (column, label, help) => el("button", { title: help || HELP[column] || `sort by ${label || column}`,
    class: sort[0] === column ? "on" : "", click: () => order(column) },
    label + (sort[0] === column && label.length > 1 ? (sort[1] < 0 ? " ↓" : " ↑") : ""));
  head.replaceChildren(...COLUMNS.map(([column, label]) => {
    if (column === "parts") return el("span", { class: "parts" }, ...D.parts.map((name) => button(name, name[0].toUpperCase(), `${name}, mm`)));
    if (column === "curve") return el("span", null, label);
    return el("span", { class: NUMBERS.has(column) && column !== "problem_frames" ? "num" : "" }, button(column, label));
  }));
}

function curve(i, className, wide, high) {
  const letters = R.curve[i], many = letters.length;
  const picture = el("svg", { class: className, viewBox: `0 0 ${wide} ${high}`, preserveAspectRatio: "none" });
  if (!many) return picture;
  let line = "", area = "", from = null, worst = [0, -1];
  const x = (at) => (many > 1 ? (at / (many - 1)) * wide : wide / 2).toFixed(1);
  // Its own scale, from half of its least: what matters is where it rises.
  const levels = [...letters].map((letter) => HEIGHT.get(letter)).filter((level) => level < GAP);
  const low = levels.length ? Math.min(...levels) / 2 : 0;
  const y = (level) => (high - 2 - ((level - low) / (GAP - 1 - low || 1)) * (high - 5)).toFixed(1);
  for (let at = 0; at <= many; at++) {
    const level = at < many ? HEIGHT.get(letters[at]) : GAP;
    if (level === undefined || level === GAP) {
      if (from !== null) area += `L${x(at - 1)} ${high}L${x(from)} ${high}Z`;
      from = null;
      continue;
    }
    if (level > worst[1]) worst = [at, level];
    const step = `${from === null ? "M" : "L"}${x(at)} ${y(level)}`;
    line += step;
    area += step;
    if (from === null) from = at;
  }
  picture.append(el("path", { class: "area", d: area }), el("path", { d: line }));
  if (worst[1] >= 0) picture.append(el("circle", { cx: x(worst[0]), cy: y(worst[1]), r: high > 40 ? 2.5 : 1.8 }));
  return picture;
}

function cell(i, column) {
  if (column === "state") return el("span", { class: `dot ${D.states[R.state[i]]}`, title: D.states[R.state[i]] });
  if (column === "output") return el("span", { title: R.output[i] }, el("span", { class: "quiet" }, folder(i)), named(i));
  if (column === "what") return el("span", { class: "quiet" }, text("what", i));
  if (column === "curve") return curve(i, "spark", 112, 24);
  if (column === "parts") {
    return el("span", { class: "parts" }, ...D.parts.map((name) => {
      const value = R[name][i], box = el("i", { title: `${name} ${mm(value)} mm` });
      if (value !== null) box.style.background = `rgb(var(--heat) / ${Math.min(1, 0.08 + (0.92 * value) / CAP)})`;
      return box;
    }));
  }
  if (column === "problem_frames") {
    const why = text("why", i);
    if (R.state[i] !== DONE) return el("span", { class: R.state[i] === FAILED ? "failure" : "quiet", title: why }, why || D.states[R.state[i]]);
    if (!R.kinds[i]) return el("span", { class: "quiet" }, "");
    const told = kindsOf(i).join(", ");
    return el("span", { class: "problem", title: told }, R.problem_frames[i] ? `${count(R.problem_frames[i])} · ${told}` : told);
  }
  if (column === "frames") return el("span", { class: "num quiet" }, count(R.frames[i]));
  if (column === "seconds") return el("span", { class: "num quiet" }, mm(R.seconds[i]));
  return el("span", { class: "num" }, mm(R[column][i]));
}

let first = -1;
function drawRows(again) {
  const from = Math.max(0, Math.floor(scroll.scrollTop / ROW) - 6);
  if (from === first && !again) return;
  first = from;
  const to = Math.min(view.length, from + Math.ceil(scroll.clientHeight / ROW) + 12);
  rows.style.height = `${view.length * ROW}px`;
  const made = [];
  for (let at = from; at < to; at++) {
    const i = view[at], row = el("div", { class: `row${i === chosen ? " on" : ""}`, role: "row", "aria-rowindex": at + 1,
      click: () => choose(i) }, ...COLUMNS.map(([column]) => cell(i, column)));
    row.style.top = `${at * ROW}px`;
    made.push(row);
  }
  rows.replaceChildren(...made);
  if (!view.length) rows.append(el("div", { class: "empty" }, N ? "No clip is like that." : "There are no clips in this folder yet."));
}
scroll.addEventListener("scroll", () => { head.scrollLeft = scroll.scrollLeft; drawRows(false); }, { passive: true });

function keys(event) {
  const by = { ArrowDown: 1, ArrowUp: -1, PageDown: 15, PageUp: -15 }[event.key];
  if (!by || !view.length) return;
  event.preventDefault();
  const at = Math.min(view.length - 1, Math.max(0, view.indexOf(chosen) + by));
  choose(view[at], true);
}

function choose(i, reveal) {
  chosen = i;
  if (reveal) {
    const at = view.indexOf(i) * ROW;
    if (at >= 0 && (at < scroll.scrollTop || at > scroll.scrollTop + scroll.clientHeight - 2 * ROW)) {
      scroll.scrollTop = Math.max(0, at - scroll.clientHeight / 2);
    }
  }
  drawRows(true);
  drawOutliers();
  drawDetail();
}

// One clip.
const detail = el("aside", { hidden: "", "aria-label": "Clip" });
function quoted(word) {
  if (/^[A-Za-z0-9_@%+=:,./-]+$/.test(word)) return word;
  return D.windows ? `"${word}"` : `'${word.replaceAll("'", `'"'"'`)}'`;
}
function command(i, frame) {
  const between = D.windows ? "\\" : "/";
  const opens = D.sessions.includes(i) ? R.output[i].replace(/\.npz$/, ".refit") : R.output[i];
  const place = D.windows ? opens.replaceAll("/", "\\") : opens;
  const path = D.folder ? `${D.folder}${between}${place}` : place.startsWith("-") ? `./${place}` : place;
  return `refit ${quoted(path)}${frame === null ? "" : ` --frame ${frame}`}`;
}
async function copy(words_, button) {
  try { await navigator.clipboard.writeText(words_); }
  catch {
    const box = el("textarea");
    box.value = words_;
    document.body.append(box);
    box.select();
    document.execCommand("copy");
    box.remove();
  }
  button.textContent = "copied";
  setTimeout(() => { button.textContent = "copy"; }, 1200);
}
function drawDetail() {
  const i = chosen;
  detail.hidden = i < 0;
  if (i < 0) return;
  const fact = (label, value, unit) => el("div", null, el("b", null, value), el("span", null, unit ? `${label}, ${unit}` : label));
  const block = (title, ...children) => [el("h2", null, title), ...children];
  const shell = el("code");
  const button = el("button", { class: "copy", click: () => copy(shell.textContent, button) }, "copy");
  const say = (frame) => { shell.textContent = command(i, frame); };
  say(R.worst[i]);
  const said_ = [text("why", i), ...text("note", i).split("\n").map((note) => note && `accepted: ${note}`)].filter(Boolean);
  const fitted = has("mean", i);
  detail.replaceChildren(...[
    el("button", { class: "close", "aria-label": "Close", click: close }, "×"),
    el("h1", { class: "wrap" }, named(i)),
    el("div", { class: "quiet wrap" }, R.output[i]), el("div", { class: "quiet wrap" }, `of ${text("source", i) || "an unnamed motion"}`),
    ...said_.map((one) => el("p", { class: R.state[i] === FAILED ? "failure wrap" : "quiet wrap" }, one)),
    D.pictures[i] ? el("img", { src: D.pictures[i], alt: `source and fit at frame ${R.worst[i]}` }) : null,
    el("div", { class: "facts" },
      ...(fitted ? [fact("mean", mm(R.mean[i], 2), "mm"), fact("p95", mm(R.p95[i], 2), "mm"), fact("worst", mm(R.max[i], 2), "mm"),
        fact("worst frame", count(R.worst[i]))] : []),
      fact("frames", count(R.frames[i])), fact("frames/s", R.rate[i] === null ? "–" : String(R.rate[i])),
      fact("body", text("what", i) || "–"), fact("recipe", text("recipe", i) || "–"),
      ...(has("jitter", i) ? [fact("jitter", mm(R.jitter[i], 2), "mm/f²"), fact("skate", mm(R.skate[i], 2), "mm/f"),
        fact("sinks", mm(R.sinks[i], 2), "mm")] : []),
      has("seconds", i) ? fact("fit", mm(R.seconds[i]), "s") : null),
    ...(fitted ? block("Open it in the window", D.odd.includes(i)
      ? el("p", { class: "quiet" }, "Its name holds signs that cannot be typed: rename the file first.")
      : el("div", { class: "command" }, shell, button),
      D.folder ? null : el("p", { class: "quiet" }, "to be run in the folder of results")) : []),
    ...(fitted ? block(`Mean over time, up to ${mm(R.curve_top[i])} mm`, curve(i, "big", 440, 96)) : []),
    ...(fitted ? block("By part, mm", el("div", { class: "list" }, ...D.parts.map((name) => {
      const fill = el("div", { class: "fill" });
      fill.style.width = `${Math.min(100, (100 * (R[name][i] || 0)) / CAP)}%`;
      fill.style.background = "var(--curve)";
      return el("div", { class: "line" }, el("span", null, name), fill, el("span", null, mm(R[name][i], 2)));
    }))) : []),
    ...(R.stretches[i].length ? block("Problems", el("div", { class: "list" }, ...R.stretches[i].map(([from, to, worst, reason, verdict]) =>
      el("button", { class: "line", title: "the command opens it there", click: () => say(worst) },
        el("span", null, from === to ? `frame ${from}` : `${from}–${to}`), el("span", { class: "wrap" }, reason), el("span", null, verdict))))) : []),
    ...(R.assumed[i].length ? block("Taken without having been said", el("div", { class: "chips" }, ...R.assumed[i].map((one) => {
      const [quantity, value, how, code] = D.assumed[one];
      return el("span", { class: `chip ${code}` }, quantity, " ", el("b", null, value), el("em", null, ` ${how}`));
    }))) : []),
  ].filter(Boolean));
}
function close() { chosen = -1; drawDetail(); drawRows(true); drawOutliers(); }
document.addEventListener("keydown", (event) => { if (event.key === "Escape") close(); });

function draw() {
  drawTiles(); drawHistogram(); drawParts(); drawSources(); drawKinds(); drawAssumed(); drawOutliers(); drawPictures();
  drawHead();
  chips.replaceChildren(...[...filters].map(([name, one]) => el("button", { class: "chip", title: "without this",
    click: () => { filters.delete(name); look(); } }, `${one.label} ×`)));
  said.textContent = view.length === N ? plural(N, "clip") : `${count(view.length)} of ${plural(N, "clip")}`;
  scroll.scrollTop = 0;
  drawRows(true);
}

document.getElementById("page").append(
  el("header", null, el("h1", null, D.name || "Results"), el("span", { class: "quiet" },
    `${D.made} · ${D.at.replace("T", " ").replace("+00:00", " UTC")}${D.folder ? ` · ${D.folder}` : ""}`)),
  ...D.told.map((sentence) => el("p", { class: "told" }, sentence)),
  tiles, el("div", { class: "cards" }, histogram, outliers, kinds, byPart, bySource, assumed, PICTURED.length ? gallery : "", table),
  el("footer", null, "v2v: distance of the fit's vertices from their targets on the source's surface. Click a bar, a strip or a chip to choose clips; click a heading to sort."),
  detail, tipBox);
look();
let waiting = 0;
window.addEventListener("resize", () => { cancelAnimationFrame(waiting); waiting = requestAnimationFrame(() => { drawHistogram(); drawOutliers(); drawRows(true); }); });
window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawOutliers);
