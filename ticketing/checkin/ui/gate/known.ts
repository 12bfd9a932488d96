// What a bundle says, in the form in which a verdict asks for it: read once for each bundle, not for each pass.

import { keyFromText } from "@fairground/passes";
import { refusedBy, type ListRules } from "./hours";
import type { Own } from "./own";
import { isInside, limitsAt, nothing, step, type Limits, type Standing } from "./standing";
import type { Bundle } from "./store";
import { insideSince, refusalOf, sortOf, standingOf, type Refusal } from "./told";

export interface Known {
  keys: ReadonlyMap<number, Uint8Array>;
  /** Why a pass opens no gate at all. */
  refusalOf(serial: number): Refusal | undefined;
  /** Whether this list takes a kind of pass. */
  takesKind(kind: string): boolean;
  /** Whether it takes the ticket type of a serial; one that was issued after the bundle is let in. */
  takesType(serial: number): boolean;
  /** The name of the ticket type of a serial; unknown for one that was issued after the bundle. */
  labelOf(serial: number): string | undefined;
  /** Why the list takes nobody at an instant, in milliseconds; undefined while it does. */
  refusedAt(at: number): "not_valid_yet" | "expired" | undefined;
  /** What the rules of entry come to at an instant. */
  limitsAt(at: number): Limits;
}

const read = new WeakMap<Bundle, Known>();
const noRules: ListRules = { opens_at: null, closes_at: null, day: null, opens_daily: null, closes_daily: null, told: "", note: "" };

/** What a bundle says. */
export function known(bundle: Bundle): Known {
  let found = read.get(bundle);
  if (!found) read.set(bundle, (found = readBundle(bundle)));
  return found;
}

function readBundle({ public_keys, revoked, blocked, pass_kinds, labels, label_of, list_rules, list_exits, timezone, passes }: Bundle): Known {
  const kinds = new Set(pass_kinds);
  const types = new Set(list_rules?.ticket_types);
  const places = Uint8Array.from(atob(label_of ?? ""), (letter) => letter.charCodeAt(0));
  const [withdrawn, stopped] = [new Set(revoked), new Set(blocked)];
  const rules = list_rules ?? noRules;
  return {
    keys: new Map(Object.entries(public_keys).map(([id, key]) => [Number(id), keyFromText(key)])),
    refusalOf: (serial) => {
      if (passes) return refusalOf(passes, serial);
      return stopped.has(serial) ? "blocked" : withdrawn.has(serial) ? "revoked" : undefined;
    },
    takesKind: (kind) => kinds.size === 0 || kinds.has(kind),
    takesType: (serial) => {
      const sort = passes && sortOf(passes, serial);
      return types.size === 0 || !sort || (sort[1] !== null && types.has(sort[1]));
    },
    labelOf: (serial) => (passes ? sortOf(passes, serial)?.[0] : labels[places[serial - 1] ?? -1]),
    refusedAt: (at) => refusedBy(rules, at, timezone),
    limitsAt: (at) => limitsAt(rules, at, list_exits, timezone),
  };
}

/** What the list knows of a pass by what the service has told and by this phone's own scans. */
export function standing(bundle: Bundle, own: Own, serial: number): Standing {
  const told = bundle.passes && standingOf(bundle.passes, serial);
  const found = { ...(told ?? nothing) };
  for (const scan of own.of(bundle.list_id, serial)) {
    // The service has told of this very one, or of a later one, which knows better.
    if (told?.admittedAt !== undefined && scan.at <= told.admittedAt) continue;
    step(found, scan, known(bundle).limitsAt(scan.at));
  }
  return found;
}

/** How many are inside the list, as far as this phone knows. */
export function insideNow(bundle: Bundle, own: Own, limits: Limits): number {
  let count = bundle.passes ? insideSince(bundle.passes, limits.since) : 0;
  for (const serial of own.serials) {
    const told = bundle.passes && standingOf(bundle.passes, serial);
    count += Number(isInside(standing(bundle, own, serial), limits)) - Number(told !== undefined && isInside(told, limits));
  }
  return count;
}
