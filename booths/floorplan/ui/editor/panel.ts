// The tools: what is selected, its code, zone, power and price, and the buttons. At the thumb on a tablet.

import { t, tn } from "@fairground/i18n";
import { written, type Booth, type Draft, type Square } from "./model";

export interface Actions {
  save(): void;
  remove(): void;
  clear(): void;
  undo(): void;
}

export class Panel {
  readonly form = document.createElement("form");
  private readonly title = document.createElement("h2");
  private readonly cells = document.createElement("p");
  private readonly fields = document.createElement("div");
  private readonly message = document.createElement("p");
  private readonly code = input("code", { maxlength: "12", autocomplete: "off", required: "" });
  private readonly zone = input("zone", { maxlength: "80", list: "plan-zones", autocomplete: "off" });
  private readonly power = input("power_watts", { inputmode: "numeric" });
  private readonly price = input("price_minor", { inputmode: "numeric" });
  private readonly saveButton = button("", "button");
  private readonly removeButton = button(t("Remove"), "button button-danger");
  private readonly clearButton = button(t("Let go"), "button button-second");
  private readonly undoButton = button(t("Undo"), "button button-second");

  constructor(actions: Actions) {
    this.form.className = "plan-tools";
    this.form.noValidate = true;
    this.cells.className = "muted";
    this.message.className = "plan-message";
    this.message.setAttribute("role", "status");
    this.saveButton.type = "submit";
    this.fields.className = "plan-fields";
    this.fields.append(
      field(t("Code"), this.code),
      field(t("Zone"), this.zone),
      field(t("Power in watts"), this.power),
      field(t("Price"), this.price),
    );
    const buttons = document.createElement("div");
    buttons.className = "cluster";
    buttons.append(this.saveButton, this.clearButton, this.undoButton, this.removeButton);
    this.form.append(this.title, this.cells, this.fields, this.message, buttons);
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      event.stopPropagation();
      actions.save();
    });
    this.removeButton.addEventListener("click", () => actions.remove());
    this.clearButton.addEventListener("click", () => actions.clear());
    this.undoButton.addEventListener("click", () => actions.undo());
  }

  /** Fill the fields from a booth, or for a new one. */
  fill(booth: Pick<Booth, "code" | "zone" | "power_watts" | "price_minor">): void {
    this.code.value = booth.code;
    this.zone.value = booth.zone;
    this.power.value = String(booth.power_watts || "");
    this.price.value = String(booth.price_minor || "");
  }

  /** Say what is selected and which buttons do something. */
  show(booth: Booth | undefined, selected: Square[], canUndo: boolean): void {
    const some = selected.length > 0;
    if (booth) this.title.textContent = t("Booth {code}", { code: booth.code });
    else this.title.textContent = some ? t("New booth") : t("Choose cells, or a booth");
    const names = [...selected].sort((a, b) => a[1] - b[1] || a[0] - b[0]).map(written).join(" ");
    const holder = booth?.organisation ? ` · ${booth.organisation}` : "";
    this.cells.textContent = some ? `${tn("{n} cell", "{n} cells", selected.length)}: ${names}${holder}` : t("Tap free cells, or draw over them. Tap a booth to change it.");
    this.saveButton.textContent = booth ? t("Save") : t("Make a booth");
    for (const element of [this.fields, this.saveButton, this.clearButton]) element.hidden = !some;
    this.removeButton.hidden = !booth;
    this.undoButton.disabled = !canUndo;
  }

  /** What is to be saved; null when a field does not fit, which is then said. */
  draft(cells: Square[]): Draft | null {
    const power = whole(this.power.value);
    const price = whole(this.price.value);
    if (!this.code.value.trim()) return this.refuse(t("Please write the booth's code."), this.code);
    if (power === null) return this.refuse(t("Please write the power as a number, such as 1500."), this.power);
    if (price === null) return this.refuse(t("Please write the price as a number, such as 1500000."), this.price);
    return { code: this.code.value.trim(), zone: this.zone.value.trim(), cells, power_watts: power, price_minor: price };
  }

  /** A sentence under the fields; empty takes it away. */
  say(sentence: string, wrong = false): void {
    this.message.textContent = sentence;
    this.message.classList.toggle("plan-wrong", wrong);
  }

  busy(working: boolean): void {
    this.form.toggleAttribute("aria-busy", working);
  }

  focusCode(): void {
    this.code.focus();
    this.code.select();
  }

  private refuse(sentence: string, element: HTMLInputElement): null {
    this.say(sentence, true);
    element.focus();
    return null;
  }
}

function whole(text: string): number | null {
  const digits = text.replace(/[\s.,]/g, "");
  return /^\d*$/.test(digits) && digits.length < 10 ? Number(digits || "0") : null;
}

function input(name: string, attributes: Record<string, string>): HTMLInputElement {
  const made = document.createElement("input");
  made.className = "input";
  made.name = name;
  made.id = `plan-${name}`;
  for (const [attribute, value] of Object.entries(attributes)) made.setAttribute(attribute, value);
  return made;
}

function field(text: string, control: HTMLInputElement): HTMLElement {
  const made = document.createElement("div");
  made.className = "field";
  const label = document.createElement("label");
  label.className = "field-label";
  label.htmlFor = control.id;
  label.textContent = text;
  made.append(label, control);
  return made;
}

function button(text: string, name: string): HTMLButtonElement {
  const made = document.createElement("button");
  made.type = "button";
  made.className = name;
  made.textContent = text;
  return made;
}
