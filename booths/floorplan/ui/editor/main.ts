// The plan editor: cells are selected by tap, by drawing over them or by keys, and become booths.
// Keys on the plan: arrows move, space selects, Enter goes to the code, Escape lets go, Delete removes, Ctrl+Z undoes.

import { ApiError } from "@fairground/api";
import { confirmInDialog } from "@fairground/enhance";
import { t } from "@fairground/i18n";
import { Drawing, margin } from "./drawing";
import { key, Plan, unkey, type Square } from "./model";
import { Panel } from "./panel";

class Editor {
  private readonly plan: Plan;
  private readonly drawing = new Drawing();
  private readonly panel = new Panel({
    save: () => void this.work(() => this.save()),
    remove: () => void this.work(() => this.remove()),
    clear: () => this.letGo(),
    undo: () => void this.work(() => this.undo()),
  });
  /** How many booths the hall has, on its tab. */
  private readonly count = document.querySelector('.tabs [aria-current="page"] .count');
  private readonly selected = new Set<string>();
  private chosen: number | null = null;
  private cursor: Square | null = null;
  private painting: "add" | "take" | null = null;
  private working = false;

  constructor(private readonly place: HTMLElement) {
    this.plan = new Plan(Number(place.dataset.edition), Number(place.dataset.hall));
  }

  async start(): Promise<void> {
    await this.plan.load();
    this.place.querySelector(".map-view")?.append(this.drawing.svg);
    this.place.append(this.panel.form);
    const svg = this.drawing.svg;
    svg.setAttribute("aria-label", t("Plan of {hall}. Arrows move, space selects, Enter writes the code.", { hall: this.plan.hall.name }));
    svg.addEventListener("pointerdown", (event) => this.press(event));
    svg.addEventListener("pointermove", (event) => this.draw(event));
    for (const name of ["pointerup", "pointercancel"]) {
      svg.addEventListener(name, () => {
        this.painting = null;
        this.keepInSight();
      });
    }
    svg.addEventListener("keydown", (event) => this.type(event));
    svg.addEventListener("blur", () => this.point(null));
    this.place.addEventListener("keydown", (event) => {
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "z" && !(event.target instanceof HTMLInputElement)) {
        event.preventDefault();
        void this.work(() => this.undo());
      } else if (event.key === "Escape") this.letGo();
    });
    this.show();
  }

  private show(): void {
    this.drawing.show({ hall: this.plan.hall, selected: this.selected, chosen: this.chosen, cursor: this.cursor });
    this.panel.show(this.plan.booth(this.chosen), this.cells(), this.plan.canUndo);
    if (this.count) this.count.textContent = String(this.plan.hall.booths.length);
  }

  /** Scroll to what was chosen, and from under the panel, which stands over the foot of the plan and has just grown. */
  private keepInSight(): void {
    const marks = [...this.drawing.svg.querySelectorAll(".plan-cursor, .plan-selected")];
    const lowest = marks.sort((one, other) => one.getBoundingClientRect().bottom - other.getBoundingClientRect().bottom).pop();
    if (!lowest) return;
    lowest.scrollIntoView({ block: "nearest", inline: "nearest" });
    const hidden = lowest.getBoundingClientRect().bottom - this.panel.form.getBoundingClientRect().top;
    if (hidden > 0) scrollBy(0, hidden + 8);
  }

  private cells(): Square[] {
    return [...this.selected].map(unkey);
  }

  private press(event: PointerEvent): void {
    const square = this.drawing.squareAt(event, this.plan.hall);
    if (!square || event.button !== 0) return;
    // A finger that draws must not scroll the plan, but one that starts on a booth may.
    const booth = this.plan.at(square);
    if (booth && booth.id !== this.chosen) {
      this.choose(booth.id);
      return;
    }
    event.preventDefault();
    this.drawing.svg.focus({ preventScroll: true });
    this.drawing.svg.setPointerCapture(event.pointerId);
    this.painting = this.selected.has(key(square)) ? "take" : "add";
    this.paint(square);
  }

  private draw(event: PointerEvent): void {
    if (!this.painting) return;
    const square = this.drawing.squareAt(event, this.plan.hall);
    if (square) this.paint(square);
  }

  private paint(square: Square): void {
    const booth = this.plan.at(square);
    if (booth && booth.id !== this.chosen) return;
    const fresh = this.selected.size === 0 && this.chosen === null;
    if (this.painting === "take") this.selected.delete(key(square));
    else this.selected.add(key(square));
    if (fresh) this.prepare(square);
    this.panel.say("");
    this.show();
  }

  /** A new booth takes over what its nearest neighbour has. */
  private prepare([x, y]: Square): void {
    const nearest = [...this.plan.hall.booths].sort((a, b) => distance(a.cells, x, y) - distance(b.cells, x, y))[0];
    this.panel.fill({ code: this.plan.nextCode(), zone: nearest?.zone ?? "", power_watts: nearest?.power_watts ?? 0, price_minor: nearest?.price_minor ?? 0 });
  }

  private choose(id: number): void {
    const booth = this.plan.booth(id);
    if (!booth) return;
    this.chosen = id;
    this.selected.clear();
    for (const cell of booth.cells) this.selected.add(key(cell));
    this.panel.fill(booth);
    this.panel.say("");
    this.show();
    this.keepInSight();
  }

  private letGo(): void {
    this.chosen = null;
    this.selected.clear();
    this.panel.fill({ code: "", zone: "", power_watts: 0, price_minor: 0 });
    this.panel.say("");
    this.show();
  }

  private point(square: Square | null): void {
    this.cursor = square;
    this.show();
  }

  private type(event: KeyboardEvent): void {
    const [x, y] = this.cursor ?? [0, 0];
    const steps: Record<string, Square> = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    const step = steps[event.key];
    if (step) {
      const { width, depth } = this.plan.hall;
      const within = (value: number, size: number) => Math.min(Math.max(value, 0), size + margin - 1);
      this.point(this.cursor ? [within(x + step[0], width), within(y + step[1], depth)] : [x, y]);
      this.keepInSight();
    } else if (event.key === " ") this.tick([x, y]);
    else if (event.key === "Enter" && this.selected.size) this.panel.focusCode();
    else if (event.key === "Delete" && this.chosen !== null) void this.work(() => this.remove());
    else return;
    event.preventDefault();
  }

  private tick(square: Square): void {
    const booth = this.plan.at(square);
    if (booth && booth.id !== this.chosen) this.choose(booth.id);
    else {
      this.painting = this.selected.has(key(square)) ? "take" : "add";
      this.paint(square);
      this.painting = null;
      this.keepInSight();
    }
  }

  private async save(): Promise<void> {
    const draft = this.panel.draft(this.cells());
    if (!draft) return;
    const saved = this.chosen === null ? await this.plan.create(draft) : await this.plan.change(this.chosen, draft);
    this.letGo();
    this.panel.say(t("Booth {code} is saved.", { code: saved.code }));
  }

  private async remove(): Promise<void> {
    const booth = this.plan.booth(this.chosen);
    if (!booth || !(await confirmInDialog(t("Booth {code} goes off the plan; its cells become aisle.", { code: booth.code }), t("Remove")))) return;
    await this.plan.remove(booth.id);
    this.letGo();
    this.panel.say(t("Booth {code} is off the plan.", { code: booth.code }));
  }

  private async undo(): Promise<void> {
    if (!this.plan.canUndo) return;
    await this.plan.undo();
    this.letGo();
    this.panel.say(t("Undone."));
  }

  /** One change at a time; what the service refuses is said under the fields. */
  private async work(change: () => Promise<void>): Promise<void> {
    if (this.working) return;
    this.working = true;
    this.panel.busy(true);
    try {
      await change();
    } catch (error) {
      const sentence = error instanceof ApiError ? error.message : t("No answer came. Nothing was saved; please try again.");
      this.panel.say(sentence, true);
    } finally {
      this.working = false;
      this.panel.busy(false);
      this.show();
      this.keepInSight(); // what was refused is said in the panel, which grows by it
    }
  }
}

function distance(cells: Square[], x: number, y: number): number {
  return Math.min(...cells.map(([cx, cy]) => Math.abs(cx - x) + Math.abs(cy - y)));
}

const place = document.getElementById("plan-editor");
if (place) {
  new Editor(place).start().catch(() => {
    const sentence = document.createElement("p");
    sentence.textContent = t("The plan could not be read. Please reload the page.");
    place.append(sentence);
  });
}
