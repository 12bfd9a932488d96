// Search by name on a lead's phone: the service is asked each time, and nothing of what it says outlives the list.

import "./finding.css";
import { t } from "@fairground/i18n";
import { findByName, isAway, type FoundPass } from "./service";

export interface FinderOptions {
  /** Somebody who was found shall be let in: her short code. */
  onChosen: (code: string) => void;
  onOpen: () => void;
  onClose: () => void;
  /** The service said no. */
  onError: (error: unknown) => void;
}

export class Finder {
  private readonly button = element("find");
  private readonly dialog = element<HTMLDialogElement>("finder");
  private readonly input = element<HTMLInputElement>("finder-name");
  private readonly list = element("finder-found");
  private readonly words = element("finder-words");
  private readonly line = element<HTMLTemplateElement>("finder-one");
  private asked = 0;

  constructor(private readonly options: FinderOptions) {
    this.button.addEventListener("click", () => this.open());
    element("finder-close").addEventListener("click", () => this.close());
    element("finder-form").addEventListener("submit", (event) => {
      event.preventDefault();
      void this.search();
    });
    this.dialog.addEventListener("close", () => {
      this.forget();
      options.onClose();
    });
  }

  /** Whether this phone may search; where it may not any more, what it had found goes. */
  allow(yes: boolean): void {
    this.button.hidden = !yes;
    if (yes) return;
    this.forget();
    this.close();
  }

  close(): void {
    if (this.dialog.open) this.dialog.close();
  }

  private open(): void {
    this.options.onOpen();
    this.dialog.showModal();
    this.input.focus();
  }

  private forget(): void {
    this.asked += 1; // an answer that is on its way is nobody's
    this.input.value = "";
    this.say("");
  }

  private async search(): Promise<void> {
    const name = this.input.value.trim();
    const asked = (this.asked += 1);
    if (name.length < 2) {
      this.say(t("Write at least two letters of the name."));
      return;
    }
    this.say(t("Searching…"));
    try {
      const { passes, more } = await findByName(name);
      if (asked === this.asked) this.show(passes, more);
    } catch (error) {
      if (asked !== this.asked) return;
      this.say(isAway(error) ? t("Search needs the network.") : error instanceof Error ? error.message : "");
      this.options.onError(error);
    }
  }

  private show(passes: readonly FoundPass[], more: boolean): void {
    this.say(passes.length === 0 ? t("Nobody of this name has a pass.") : more ? t("There are more: write another word of the name.") : "");
    this.list.replaceChildren(...passes.map((found) => this.drawn(found)));
  }

  private drawn({ name, type, code, inside }: FoundPass): DocumentFragment {
    const line = this.line.content.cloneNode(true) as DocumentFragment;
    const part = (what: string): HTMLElement => line.querySelector(`[data-part="${what}"]`) as HTMLElement;
    part("name").textContent = name;
    part("what").textContent = [type, code].filter(Boolean).join(" · ");
    part("inside").hidden = !inside;
    part("choose").addEventListener("click", () => {
      this.close();
      this.options.onChosen(code);
    });
    return line;
  }

  private say(sentence: string): void {
    this.words.textContent = sentence;
    this.list.replaceChildren();
  }
}

function element<E extends HTMLElement>(id: string): E {
  return document.getElementById(id) as E;
}
