// The hall as SVG: free cells, booths, the selection, and the cell that the keyboard is on.

import { key, type Booth, type Hall, type Square } from "./model";

const space = "http://www.w3.org/2000/svg";
const looks = { free: "map-free", held: "map-held", allocated: "map-taken" };

/** Empty cells beyond the hall's last row and column, so that a booth can be added there. */
export const margin = 1;

export interface Shown {
  hall: Hall;
  selected: ReadonlySet<string>;
  chosen: number | null;
  cursor: Square | null;
}

export class Drawing {
  readonly svg = make("svg", { class: "map-plan plan-grid", role: "application", tabindex: "0" });

  show({ hall, selected, chosen, cursor }: Shown): void {
    const width = hall.width + margin;
    const depth = hall.depth + margin;
    this.svg.setAttribute("viewBox", `-0.2 -0.2 ${width + 0.4} ${depth + 0.4}`);
    const parts: SVGElement[] = [make("rect", { class: "map-floor", x: -0.1, y: -0.1, width: width + 0.2, height: depth + 0.2, rx: 0.2 })];
    for (let y = 0; y < depth; y++) {
      for (let x = 0; x < width; x++) parts.push(make("rect", { class: "plan-cell", x, y, width: 1, height: 1 }));
    }
    for (const booth of hall.booths) if (booth.id !== chosen) parts.push(...drawBooth(booth));
    for (const name of selected) {
      const [x = 0, y = 0] = name.split(",").map(Number);
      parts.push(make("rect", { class: "plan-selected", x: x + 0.04, y: y + 0.04, width: 0.92, height: 0.92, rx: 0.08 }));
    }
    const own = hall.booths.find((booth) => booth.id === chosen);
    if (own && selected.size) parts.push(label(own.code, middle([...selected].map((name) => name.split(",").map(Number) as Square)), "plan-own"));
    if (cursor) parts.push(make("rect", { class: "plan-cursor", x: cursor[0] + 0.08, y: cursor[1] + 0.08, width: 0.84, height: 0.84, rx: 0.1 }));
    this.svg.replaceChildren(...parts);
  }

  /** The cell under a pointer, or null beside the plan. */
  squareAt(event: PointerEvent, hall: Hall): Square | null {
    const matrix = this.svg.getScreenCTM();
    if (!matrix) return null;
    const point = new DOMPoint(event.clientX, event.clientY).matrixTransform(matrix.inverse());
    const square: Square = [Math.floor(point.x), Math.floor(point.y)];
    const inside = square[0] >= 0 && square[1] >= 0 && square[0] < hall.width + margin && square[1] < hall.depth + margin;
    return inside ? square : null;
  }
}

function drawBooth(booth: Booth): SVGElement[] {
  const group = make("g", { class: looks[booth.state] });
  const own = new Set(booth.cells.map(key));
  let edge = "";
  for (const [x, y] of booth.cells) {
    group.append(make("rect", { class: "map-square", x, y, width: 1, height: 1 }));
    if (!own.has(key([x, y - 1]))) edge += `M${x} ${y}h1`;
    if (!own.has(key([x, y + 1]))) edge += `M${x} ${y + 1}h1`;
    if (!own.has(key([x - 1, y]))) edge += `M${x} ${y}v1`;
    if (!own.has(key([x + 1, y]))) edge += `M${x + 1} ${y}v1`;
  }
  group.append(make("path", { class: "map-edge", d: edge }));
  return [group, label(booth.code, middle(booth.cells), "map-text")];
}

/** The centre, or the cell nearest to it when the booth is no rectangle. */
function middle(cells: Square[]): [number, number] {
  const xs = cells.map(([x]) => x);
  const ys = cells.map(([, y]) => y);
  const wide = Math.max(...xs) - Math.min(...xs) + 1;
  const deep = Math.max(...ys) - Math.min(...ys) + 1;
  const [x, y] = [Math.min(...xs) + wide / 2, Math.min(...ys) + deep / 2];
  if (cells.length === wide * deep) return [x, y];
  const far = ([cx, cy]: Square) => Math.abs(cx + 0.5 - x) + Math.abs(cy + 0.5 - y);
  const [nx, ny] = cells.reduce((best, cell) => (far(cell) < far(best) ? cell : best));
  return [nx + 0.5, ny + 0.5];
}

function label(text: string, [x, y]: [number, number], name: string): SVGElement {
  const made = make("text", { class: name, x, y: y + 0.125, "font-size": 0.36, "text-anchor": "middle" });
  made.textContent = text;
  return made;
}

function make<Name extends keyof SVGElementTagNameMap>(name: Name, attributes: Record<string, string | number>): SVGElementTagNameMap[Name] {
  const element = document.createElementNS(space, name);
  for (const [attribute, value] of Object.entries(attributes)) element.setAttribute(attribute, String(value));
  return element;
}
