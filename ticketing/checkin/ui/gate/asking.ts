// Questions that a list has put to whoever comes: one fills the screen after the other, answered with a tap where it can be.

import "./asking.css";
import { t } from "@fairground/i18n";
import { signal } from "@fairground/scan";

/** A question as the service puts it; the answer goes under its key. */
export interface Question {
  key: string;
  kind: "text" | "choice" | "phone" | "consent";
  text: string;
  required: boolean;
  choices: { value: string; text: string }[];
}

/** What was said, by the keys of the questions. */
export type Answers = Record<string, string>;

function element<E extends HTMLElement>(id: string): E {
  return document.getElementById(id) as E;
}

export class Asking {
  private readonly dialog = element<HTMLDialogElement>("asking");
  private readonly field = element<HTMLInputElement>("asking-field");
  private done: ((said: string | undefined) => void) | undefined;

  constructor() {
    this.dialog.addEventListener("cancel", () => this.settle(undefined));
    element("asking-leave").addEventListener("click", () => this.close());
    element("asking-typed").addEventListener("submit", (event) => {
      event.preventDefault();
      if (this.field.reportValidity()) this.settle(this.field.value.trim());
    });
  }

  /** Put the questions in their order; gives what was said, or nothing where whoever was asked goes away.
   * With `again` an answer of a moment ago did not fit. */
  async put(questions: readonly Question[], label: string, again: boolean): Promise<Answers | undefined> {
    const answers: Answers = {};
    element("asking-label").textContent = again ? t("That answer does not fit: please ask once more.") : label;
    signal("look");
    for (const question of questions) {
      const said = await this.ask(question);
      if (said === undefined) {
        this.close();
        return undefined;
      }
      answers[question.key] = said;
    }
    this.close();
    return answers;
  }

  /** Take the question down. */
  close(): void {
    this.settle(undefined);
    if (this.dialog.open) this.dialog.close();
  }

  private ask(question: Question): Promise<string | undefined> {
    element("asking-text").textContent = question.text;
    const isTyped = question.kind === "text" || question.kind === "phone";
    element("asking-typed").hidden = !isTyped;
    this.field.value = "";
    this.field.required = question.required;
    this.field.type = question.kind === "phone" ? "tel" : "text";
    element("asking-choices").replaceChildren(...choicesOf(question).map(({ value, text }) => this.button(value, text)));
    if (!this.dialog.open) this.dialog.showModal();
    if (isTyped) this.field.focus();
    return new Promise((resolve) => {
      this.done = resolve;
    });
  }

  private button(value: string, text: string): HTMLElement {
    const button = document.createElement("button");
    button.type = "button";
    button.className = value === "" ? "button button-second button-large" : "button button-large";
    button.textContent = text;
    button.addEventListener("click", () => this.settle(value));
    return button;
  }

  private settle(said: string | undefined): void {
    const { done } = this;
    this.done = undefined;
    done?.(said);
  }
}

/** The buttons of a question; one that may be left open has one for that. */
function choicesOf({ kind, required, choices }: Question): Question["choices"] {
  const nothing = { value: "", text: t("No answer") };
  if (kind === "consent") {
    const yes = { value: "yes", text: t("Agrees") };
    return required ? [yes] : [yes, { value: "no", text: t("Does not agree") }];
  }
  return required ? choices : [...choices, nothing];
}
