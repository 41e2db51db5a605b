// Solids a reader can turn. The picture of plots.polyhedra carries its data; the book's Sphinx
// extension lays them beside it as JSON. Here each panel is drawn again as SVG that follows the
// mouse, a finger or the arrow keys. Nothing moves by itself, and nothing is drawn but on input.
// The still picture stays for print, and where there is no JavaScript.
(() => {
  "use strict";

  const CAMERA = 5; // distance of the eye from the centre; as in plots/polyhedra.py
  const LIGHT = unit([-0.42, 0.66, 0.62]);
  const REACH = 1.13;
  const STEP = Math.PI / 36; // turn by a key, and by Shift and a key
  const FINE = Math.PI / 180;
  const KEYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  const STILL = [[1, 0, 0], [0, 1, 0], [0, 0, 1]];
  const HINT = "Drag a solid to turn it, or use Tab and the arrow keys; Home turns it back.";

  function dot(u, v) {
    return u[0] * v[0] + u[1] * v[1] + u[2] * v[2];
  }

  function cross(u, v) {
    return [u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0]];
  }

  function unit(v) {
    const length = Math.hypot(...v);
    return v.map((x) => x / length);
  }

  // A rotation, as rows, followed by one to the right about the upright axis, in radians, and
  // one downwards about the level axis. Rows are made orthonormal again: rounding cannot add up.
  function turned(rows, right, down) {
    const [c, s, d, t] = [Math.cos(right), Math.sin(right), Math.cos(down), Math.sin(down)];
    const mix = (a, u, b, v) => u.map((x, k) => a * x + b * v[k]);
    const [x, y, z] = [mix(c, rows[0], s, rows[2]), rows[1], mix(c, rows[2], -s, rows[0])];
    const first = unit(x);
    const last = unit(cross(first, mix(d, y, -t, z)));
    return [first, cross(last, first), last];
  }

  function sides(face) {
    return face.map((row, k) => [row, face[(k + 1) % face.length]].sort((a, b) => a - b).join());
  }

  // Twice the area; positive where the corners run counter-clockwise, so that the face is seen.
  function area(corners) {
    return corners.reduce((sum, [x, y], k) => {
      const [u, v] = corners[(k + 1) % corners.length];
      return sum + x * v - y * u;
    }, 0);
  }

  // How much colour a face takes: little towards the light, much away from it.
  function shade(corners) {
    const normal = corners.reduce(
      (sum, u, k) => cross(u, corners[(k + 1) % corners.length]).map((x, i) => x + sum[i]),
      [0, 0, 0],
    );
    return Math.min(0.66 - 0.45 * dot(unit(normal), LIGHT), 0.95);
  }

  function picture(solid, rows) {
    const points = solid.points.map((p) => rows.map((row) => dot(row, p)));
    const flat = points.map(([x, y, z]) => [x, y].map((a) => (a * CAMERA) / (CAMERA - z)));
    const at = (row) => flat[row].map((a, k) => (k ? -a : a).toFixed(4)); // SVG's y runs down
    const front = solid.faces.filter((face) => area(face.map((row) => flat[row])) > 0);
    const seen = new Set(front.flatMap(sides));
    const corners = new Set(front.flat());
    const contacts = new Set(solid.contacts.map((pair) => pair.join()));
    const touching = new Set(solid.contacts.flat());

    const edge = (pair) => {
      const [[x1, y1], [x2, y2]] = pair.split(",").map(at);
      const kind = (contacts.has(pair) ? " contact" : "") + (seen.has(pair) ? "" : " behind");
      return `<line class="edge${kind}" x1="${x1}" y1="${y1}" x2="${x2}" y2="${y2}"/>`;
    };
    const point = (row) => {
      const [x, y] = at(row);
      const [loose, behind] = [!touching.has(row), !corners.has(row)];
      const radius = (loose ? 0.041 : 0.031) * (behind ? 0.7 : 1);
      const kind = (loose ? " loose" : "") + (behind ? " behind" : "");
      return `<circle class="point${kind}" cx="${x}" cy="${y}" r="${radius.toFixed(4)}"/>`;
    };
    const polygon = (face) =>
      `<polygon class="face corners-${face.length}" points="${face.map(at).join(" ")}" ` +
      `style="--shade: ${shade(face.map((row) => points[row])).toFixed(3)}"/>`;

    const edges = [...new Set(solid.faces.flatMap(sides))];
    const rest = points.map((_, row) => row);
    return [
      ...edges.filter((pair) => !seen.has(pair)).map(edge),
      ...rest.filter((row) => !corners.has(row)).map(point),
      ...front.map(polygon),
      ...edges.filter((pair) => seen.has(pair)).map(edge),
      ...rest.filter((row) => corners.has(row)).map(point),
    ].join("");
  }

  function element(name, attributes, ...children) {
    const space = name === "svg" ? "http://www.w3.org/2000/svg" : "http://www.w3.org/1999/xhtml";
    const made = document.createElementNS(space, name);
    Object.entries(attributes).forEach(([key, value]) => made.setAttribute(key, value));
    made.append(...children);
    return made;
  }

  function panel(solid, hint) {
    const svg = element("svg", {
      viewBox: [-REACH, -REACH, 2 * REACH, 2 * REACH].join(" "),
      tabindex: 0,
      role: "application",
      "aria-roledescription": "solid to turn",
      "aria-label": solid.label,
      "aria-describedby": hint,
    });
    let rows = STILL;
    let held = null; // where the pointer that drags was last
    const draw = () => (svg.innerHTML = picture(solid, rows));
    const turn = (right, down) => {
      rows = turned(rows, right, down);
      draw();
    };

    svg.addEventListener("keydown", (event) => {
      if (event.altKey || event.ctrlKey || event.metaKey) return;
      if (event.key === "Home") rows = STILL;
      else if (!(event.key in KEYS)) return;
      event.preventDefault();
      event.stopPropagation(); // the theme may turn pages with the same keys
      const [right, down] = KEYS[event.key] ?? [0, 0];
      const step = event.shiftKey ? FINE : STEP;
      turn(right * step, down * step);
    });
    svg.addEventListener("pointerdown", (event) => {
      if (event.button !== 0 || !event.isPrimary) return;
      held = [event.clientX, event.clientY];
      svg.setPointerCapture(event.pointerId);
      svg.focus({ preventScroll: true });
    });
    svg.addEventListener("pointermove", (event) => {
      if (!held || !event.isPrimary) return;
      const scale = (2 * REACH) / svg.clientWidth; // the front of the solid follows the pointer
      turn((event.clientX - held[0]) * scale, (event.clientY - held[1]) * scale);
      held = [event.clientX, event.clientY];
    });
    ["pointerup", "pointercancel"].forEach((kind) =>
      svg.addEventListener(kind, () => (held = null)),
    );
    draw();
    return element("div", { class: "polyhedron" }, svg, element("span", {}, solid.label));
  }

  function enliven(script, place) {
    const { polyhedra, columns } = JSON.parse(script.textContent);
    const hint = `polyhedra-hint-${place}`;
    const panels = polyhedra.map((solid) => panel(solid, hint));
    script.previousElementSibling.classList.add("polyhedra-still");
    script.after(
      element("div", { class: "polyhedra", style: `--columns: ${columns}` }, ...panels),
      element("p", { class: "polyhedra-hint", id: hint }, HINT),
    );
  }

  document.querySelectorAll("script.polyhedra-data").forEach(enliven);
})();
