// What gate staff see: the verdict that fills the screen, the strip above, the line below.

import { t, tn } from "@fairground/i18n";
import { pageLocale } from "@fairground/page";
import { signal, type Signal } from "@fairground/scan";
import type { Answer, Way } from "./judge";
import type { RecentScan } from "./recent";
import { explained, looks, word } from "./words";

/** Milliseconds after which the next pass is read, whatever the verdict was. */
const patience = 1_200;
/** How long a verdict stays that is no admission, unless the next code is read before: it has to be read and explained. */
const refusalStays = 4_000;

function element<E extends HTMLElement>(id: string): E {
  return document.getElementById(id) as E;
}

export class Screen {
  private readonly verdict = element("verdict");
  /** What the card of the last answer says while there is none. */
  private readonly none = element("last-detail").textContent;
  private dismiss: (() => void) | undefined;

  constructor() {
    this.verdict.addEventListener("pointerdown", () => this.dismiss?.());
  }

  /** Take down the verdict that still stands: the next code was read. */
  clear(): void {
    this.dismiss?.();
  }

  /** Fill the screen with an answer; resolves when the next code may be read, while a refusal stands on. */
  show(answer: Answer, timezone: string, now: Date): Promise<void> {
    const detail = explained(answer, timezone, now);
    this.verdict.classList.toggle("verdict-left", answer.verdict === "left");
    return this.fill(looks[answer.verdict], word(answer), answer.label ?? "", detail);
  }

  /** Fill the screen with something that is no verdict on a pass. */
  say(title: string, detail: string): Promise<void> {
    this.verdict.classList.remove("verdict-left");
    return this.fill("look", title, "", detail);
  }

  private fill(look: Signal, title: string, label: string, detail: string): Promise<void> {
    this.verdict.classList.toggle("verdict-refused", look === "refused");
    this.verdict.classList.toggle("verdict-look", look === "look");
    for (const symbol of this.verdict.querySelectorAll<HTMLElement>("[data-look]")) symbol.hidden = symbol.dataset.look !== look;
    element("verdict-word").textContent = title;
    element("verdict-label").textContent = label;
    element("verdict-detail").textContent = detail;
    this.card(look, title, label, detail);
    this.verdict.hidden = false;
    signal(look);
    return new Promise((resolve) => {
      const next = setTimeout(resolve, patience);
      const end = (): void => {
        clearTimeout(next);
        clearTimeout(over);
        this.dismiss = undefined;
        this.verdict.hidden = true;
        resolve();
      };
      const over = setTimeout(end, look === "admitted" ? patience : refusalStays);
      this.dismiss = end;
    });
  }

  /** Show the last scan of before a reload in its place. */
  last(scan: RecentScan, timezone: string, now: Date): void {
    this.card(looks[scan.verdict], word(scan), scan.label ?? "", explained(scan, timezone, now));
  }

  /** Take down what was said of the last scan. */
  forget(): void {
    this.clear();
    element("last-word").textContent = "";
    element("last-detail").textContent = this.none;
    delete element("last").dataset.look;
  }

  private card(look: Signal, title: string, label: string, detail: string): void {
    element("last-word").textContent = title;
    element("last-detail").textContent = [label, detail].filter(Boolean).join(" · ");
    element("last").dataset.look = look;
  }

  /** Whether the service answers. */
  online(yes: boolean): void {
    element("state").dataset.state = yes ? "online" : "offline";
    element("state-word").textContent = yes ? t("Online") : t("Offline");
  }

  /** How many scans wait to be sent. */
  waiting(count: number): void {
    element("waiting").hidden = count === 0;
    element("waiting-count").textContent = new Intl.NumberFormat(pageLocale()).format(count);
    element("waiting-words").textContent = tn("{n} scan waits", "{n} scans wait", count);
  }

  /** How many are inside; unknown without a number. */
  inside(count: number | undefined): void {
    element("inside").textContent = count === undefined ? "–" : new Intl.NumberFormat(pageLocale()).format(count);
  }

  /** Whether people are scanned out here, too, and which way it is now. */
  way(way: Way, exits: boolean): void {
    element("ways").hidden = !exits;
    for (const button of document.querySelectorAll<HTMLElement>("[data-way]")) button.setAttribute("aria-pressed", String(button.dataset.way === way));
    element("scanner").classList.toggle("scanner-out", way === "out");
  }

  gate(name: string): void {
    element("gate").textContent = name;
  }

  /** A sentence over the picture that stays until it is cleared with "", and whether trying again may help. */
  problem(sentence: string, again = false): void {
    element("problem").hidden = sentence === "";
    element("problem-words").textContent = sentence;
    element("retry").hidden = !again;
  }
}
