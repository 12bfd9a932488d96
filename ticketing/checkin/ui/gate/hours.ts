// When a check-in list takes people, told by a phone alone: what ticketing/checkin/rules.py says, in its words. Both are
// held to tests/ticketing/checkin/cases.json.

/** The rules of a list; null is no such rule. A bundle kept by an earlier version has only those of the moment. */
export interface ListRules {
  /** From when until before when, whatever the day. */
  opens_at: string | null;
  closes_at: string | null;
  /** The one day on which it takes people, as YYYY-MM-DD. */
  day: string | null;
  /** Hours of each day, as HH:MM on the clocks of the edition; those that end as or before they begin last past midnight. */
  opens_daily: string | null;
  closes_daily: string | null;
  /** When it takes people, as they write it, and what it wants shown with whom it lets in; "" for nothing. */
  told: string;
  note: string;
  /** The numbers of the ticket types that it takes; none: every one. */
  ticket_types?: number[];
  /** Whether a pass comes in once ever, how often on a day, and after how many minutes again without having left. */
  once?: boolean;
  entries_a_day?: number | null;
  again_after?: number | null;
  /** How many may be inside at once. */
  capacity?: number | null;
  /** What is said where it is full, and of a ticket type that it does not take. */
  full?: string;
  other_types?: string;
}

const midnight = "00:00";
const aDay = 86_400_000;

/** From when until before when, in milliseconds, a list takes people in the hours that begin on a day; undefined: not at all. */
export function windowOn(rules: ListRules, day: string, timezone: string): [number, number] | undefined {
  if (rules.day !== null && rules.day !== day) return undefined;
  const [opens, closes] = [rules.opens_daily ?? midnight, rules.closes_daily ?? midnight];
  const begin = Math.max(instant(day, opens, timezone), rules.opens_at === null ? -Infinity : Date.parse(rules.opens_at));
  const end = Math.min(
    instant(closes <= opens ? daysLater(day, 1) : day, closes, timezone),
    rules.closes_at === null ? Infinity : Date.parse(rules.closes_at),
  );
  return begin < end ? [begin, end] : undefined;
}

/**
 * Why a list takes nobody at a moment, in milliseconds; undefined while it does. It is too early where the list opens
 * later on that day, or has not opened for the first time; else it is too late.
 */
export function refusedBy(rules: ListRules, at: number, timezone: string): "not_valid_yet" | "expired" | undefined {
  const today = clockAt(at, timezone).slice(0, 10);
  for (const day of [daysLater(today, -1), today]) {
    const window = windowOn(rules, day, timezone);
    if (window && window[0] <= at && at < window[1]) return undefined;
  }
  const laterToday = windowOn(rules, today, timezone);
  const notYet =
    (laterToday !== undefined && at < laterToday[0]) ||
    (rules.opens_at !== null && at < Date.parse(rules.opens_at)) ||
    (rules.day !== null && today < rules.day);
  return notYet ? "not_valid_yet" : "expired";
}

/** When the day of a list began, in milliseconds, that a moment is of: hours past midnight are of the day before. */
export function dayBegan(rules: ListRules, at: number, timezone: string): number {
  let today = clockAt(at, timezone).slice(0, 10);
  if (rules.closes_daily !== null && rules.closes_daily <= (rules.opens_daily ?? midnight)) {
    const window = windowOn(rules, daysLater(today, -1), timezone);
    if (window && at < window[1]) today = daysLater(today, -1);
  }
  return instant(today, midnight, timezone);
}

/** The day, as YYYY-MM-DD, so many days later. */
function daysLater(day: string, days: number): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + days * aDay).toISOString().slice(0, 10);
}

/**
 * The instant, in milliseconds, at which the clocks of a zone show a time of day. Of a time that they show twice it is
 * the first; one that they skip is counted on from before the change: both as Python has it.
 */
function instant(day: string, time: string, timezone: string): number {
  const shown = Date.parse(`${day}T${time}:00Z`);
  const [before, after] = [ahead(shown - aDay, timezone), ahead(shown + aDay, timezone)];
  const [first, second] = [shown - before, shown - after];
  return ahead(first, timezone) !== before && ahead(second, timezone) === after ? second : first;
}

/** By how many milliseconds the clocks of a zone are ahead of UTC at an instant. */
function ahead(at: number, timezone: string): number {
  const whole = Math.floor(at / 1_000) * 1_000;
  return Date.parse(`${clockAt(whole, timezone)}Z`) - whole;
}

const clocks = new Map<string, Intl.DateTimeFormat>();

/** What the clocks of a zone show at an instant, as YYYY-MM-DDTHH:MM:SS. */
function clockAt(at: number, timeZone: string): string {
  let clock = clocks.get(timeZone);
  if (!clock) {
    const digits = { month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit" } as const;
    clock = new Intl.DateTimeFormat("en-GB", { year: "numeric", ...digits, hourCycle: "h23", timeZone });
    clocks.set(timeZone, clock);
  }
  const shown = Object.fromEntries(clock.formatToParts(at).map(({ type, value }) => [type, value]));
  return `${shown.year}-${shown.month}-${shown.day}T${shown.hour}:${shown.minute}:${shown.second}`;
}
