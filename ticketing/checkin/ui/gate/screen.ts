// What gate staff see: the verdict that fills the screen, the strip above, the line below.

import { t, tn } from "@fairground/i18n";
import { pageLocale } from "@fairground/page";
import { signal, type Signal } from "@fairground/scan";
import type { Answer, Verdict, Way } from "./judge";

/** Milliseconds after which the next pass is read, whatever the verdict was. */
const patience = 1_200;
/** How long a verdict stays that is no admission, unless the next code is read before: it has to be read and explained. */
const refusalStays = 4_000;

const looks: Record<Verdict, Signal> = {
  admitted: "admitted",
  already_admitted: "refused",
  not_valid_yet: "refused",
  expired: "refused",
  revoked: "refused",
  wrong_list: "look",
  unknown: "refused",
  late_conflict: "look",
  left: "admitted",
  not_inside: "look",
};

/** A verdict in one or two words. */
export function word({ verdict, reason }: Pick<Answer, "verdict" | "reason">): string {
  switch (verdict) {
    case "admitted":
      return t("Admitted");
    case "already_admitted":
      return t("Used already");
    case "not_valid_yet":
      return t("Not valid yet");
    case "expired":
      return t("Expired");
    case "revoked":
      return reason === "blocked" ? t("Blocked") : t("Withdrawn");
    case "wrong_list":
      return t("Wrong entrance");
    case "unknown":
      return t("Not known");
    case "late_conflict":
      return t("To be settled");
    case "left":
      return t("Went out");
    case "not_inside":
      return t("Not inside");
  }
}

/** What to do with somebody whose pass says nothing else that could be explained. */
function nextStep(verdict: Verdict): string {
  if (verdict === "unknown") return t("Scan again, or send the visitor to the desk.");
  return verdict === "revoked" ? t("Send the visitor to the desk.") : "";
}

function element<E extends HTMLElement>(id: string): E {
  return document.getElementById(id) as E;
}

export class Screen {
  private readonly verdict = element("verdict");
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
    const detail = answer.note || daysOf(answer, timezone) || before(answer, timezone, now) || nextStep(answer.verdict);
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
    element("last-word").textContent = title;
    element("last-detail").textContent = [label, detail].filter(Boolean).join(" · ");
    element("last").dataset.look = look;
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

  /** A sentence over the picture that stays until it is cleared with "". */
  problem(sentence: string): void {
    const shown = element("problem");
    shown.hidden = sentence === "";
    shown.textContent = sentence;
  }
}

/** The days that a pass holds for, when it was refused for the day it is. */
function daysOf({ valid_from, valid_until }: Answer, timezone: string): string {
  if (!valid_from || !valid_until) return "";
  const locale = pageLocale() === "en" ? "en-GB" : pageLocale();
  const day = new Intl.DateTimeFormat(locale, { weekday: "short", day: "numeric", month: "numeric", timeZone: timezone });
  const first = day.format(new Date(valid_from));
  const last = day.format(Date.parse(valid_until) - 60_000);
  return t("Valid on {days}", { days: first === last ? first : `${first} – ${last}` });
}

/** When and where it was used before; the day only if it is another one. */
function before({ previous_at, previous_gate }: Answer, timezone: string, now: Date): string {
  if (!previous_at) return "";
  const at = new Date(previous_at);
  const day = new Intl.DateTimeFormat("en-CA", { timeZone: timezone, dateStyle: "short" });
  const locale = pageLocale() === "en" ? "en-GB" : pageLocale();
  const date = day.format(at) === day.format(now) ? "" : new Intl.DateTimeFormat(locale, { day: "numeric", month: "numeric", timeZone: timezone }).format(at);
  // With a colon in every language, as on all pages: Indonesian browsers would write a full stop.
  const time = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone: timezone }).format(at);
  return [[date, time].filter(Boolean).join(" "), previous_gate].filter(Boolean).join(" · ");
}
