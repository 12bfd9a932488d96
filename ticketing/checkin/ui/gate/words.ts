// What is said of an answer: its word, its look, and what explains it.

import { t } from "@fairground/i18n";
import { pageLocale } from "@fairground/page";
import type { Signal } from "@fairground/scan";
import type { Answer, Verdict } from "./judge";

export const looks: Record<Verdict, Signal> = {
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
      if (reason === "unpaid") return t("Not paid");
      if (reason === "cancelled") return t("Cancelled");
      return reason === "blocked" ? t("Blocked") : t("Withdrawn");
    case "wrong_list":
      if (reason === "full") return t("Full");
      if (reason === "question_required") return t("Asked first");
      return reason === "wrong_type" ? t("Another ticket type") : t("Wrong entrance");
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

/** What explains an answer: what the list says, the days of the pass, when and where it was used before, what to do. */
export function explained(answer: Omit<Answer, "client_id">, timezone: string, now: Date): string {
  return answer.note || daysOf(answer, timezone) || before(answer, timezone, now) || nextStep(answer.verdict);
}

/** A time of day at the edition's place: with a colon in every language, as on all pages. */
export function clockTime(at: Date, timeZone: string): string {
  return new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone }).format(at);
}

/** The same with the day before it, where that is another than today's. */
export function momentTold(at: Date, timeZone: string, now: Date): string {
  const day = new Intl.DateTimeFormat("en-CA", { timeZone, dateStyle: "short" });
  const date = day.format(at) === day.format(now) ? "" : new Intl.DateTimeFormat(spoken(), { day: "numeric", month: "numeric", timeZone }).format(at);
  return [date, clockTime(at, timeZone)].filter(Boolean).join(" ");
}

/** So many milliseconds in whole minutes or, from an hour and a half on, in hours. */
export function spanTold(milliseconds: number): string {
  const minutes = Math.abs(milliseconds) / 60_000;
  const [count, unit] = minutes < 90 ? [Math.round(minutes), "minute"] : [Math.round(minutes / 6) / 10, "hour"];
  return new Intl.NumberFormat(spoken(), { style: "unit", unit, unitDisplay: "long" }).format(count);
}

function spoken(): string {
  return pageLocale() === "en" ? "en-GB" : pageLocale();
}

/** What to do with somebody whose pass says nothing else that could be explained. */
function nextStep(verdict: Verdict): string {
  if (verdict === "unknown") return t("Scan again, or send the visitor to the desk.");
  return verdict === "revoked" ? t("Send the visitor to the desk.") : "";
}

/** The days that a pass holds for, when it was refused for the day it is. */
function daysOf({ valid_from, valid_until }: Omit<Answer, "client_id">, timeZone: string): string {
  if (!valid_from || !valid_until) return "";
  const day = new Intl.DateTimeFormat(spoken(), { weekday: "short", day: "numeric", month: "numeric", timeZone });
  const first = day.format(new Date(valid_from));
  const last = day.format(Date.parse(valid_until) - 60_000);
  return t("Valid on {days}", { days: first === last ? first : `${first} – ${last}` });
}

/** When and where it was used before; the day only if it is another one. */
function before({ previous_at, previous_gate }: Omit<Answer, "client_id">, timezone: string, now: Date): string {
  if (!previous_at) return "";
  return [momentTold(new Date(previous_at), timezone, now), previous_gate].filter(Boolean).join(" · ");
}
