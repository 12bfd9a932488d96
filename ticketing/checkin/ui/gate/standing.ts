// What a list knows of a pass, and what each scan makes of that: ticketing/checkin/standing.py and the limits of
// rules.py, in their words. Both are held to tests/ticketing/checkin/cases.json.

import { dayBegan, type ListRules } from "./hours";

/** A pass on a list; times in milliseconds. */
export interface Standing {
  entries: number;
  entriesOfDay: number;
  /** When it came in last; undefined where it never did. */
  admittedAt: number | undefined;
  /** Whether it has not left since. */
  inside: boolean;
  gate: string;
}

/** Somebody came in with a pass, or went out. */
export interface Passage {
  at: number;
  inward: boolean;
  gate: string;
}

/**
 * What the rules of entry come to at a moment. A pass is not let in on the list's day, which began at `since`, when it
 * came in `mostADay` times, nor while it is inside and came in after `againSince`; with `once` not if it ever came in.
 */
export interface Limits {
  since: number;
  once: boolean;
  mostADay: number;
  againSince: number;
}

export const nothing: Readonly<Standing> = { entries: 0, entriesOfDay: 0, admittedAt: undefined, inside: false, gate: "" };

/** The limits of a list at a moment, in milliseconds; with `exits` people are scanned out of it. */
export function limitsAt(rules: ListRules, at: number, exits: boolean, timezone: string): Limits {
  const { again_after: minutes, entries_a_day: aDay } = rules;
  let againSince = -Infinity;
  if (typeof minutes === "number") againSince = at - minutes * 60_000;
  else if (typeof aDay === "number" && !exits) againSince = Infinity;
  return { since: dayBegan(rules, at, timezone), once: rules.once ?? false, mostADay: aDay ?? Infinity, againSince };
}

/** Whether a pass came in on the present day of the list and has not left. */
export function isInside({ admittedAt, inside }: Standing, { since }: Limits): boolean {
  return admittedAt !== undefined && inside && admittedAt >= since;
}

/** Whether the rules of entry let a pass in now. */
export function takes({ entries, entriesOfDay, admittedAt, inside }: Standing, limits: Limits): boolean {
  if (limits.once && entries > 0) return false;
  if (admittedAt === undefined || admittedAt < limits.since) return limits.mostADay > 0;
  if (entriesOfDay >= limits.mostADay) return false;
  return !inside || admittedAt <= limits.againSince;
}

/** Change a standing by the next passage. */
export function step(standing: Standing, { at, inward, gate }: Passage, limits: Limits): void {
  if (!inward) {
    if (isInside(standing, limits)) standing.inside = false;
    return;
  }
  if (!takes(standing, limits)) return;
  const ofDay = standing.admittedAt !== undefined && standing.admittedAt >= limits.since;
  standing.entries += 1;
  standing.entriesOfDay = ofDay ? standing.entriesOfDay + 1 : 1;
  [standing.admittedAt, standing.inside, standing.gate] = [at, true, gate];
}
