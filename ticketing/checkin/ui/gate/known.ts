// What a bundle says, in the form in which a verdict asks for it: read once for each bundle, not for each pass.

import { keyFromText } from "@fairground/passes";
import { refusedBy } from "./hours";
import type { Bundle } from "./store";

export interface Known {
  keys: ReadonlyMap<number, Uint8Array>;
  /** Serials of passes that were withdrawn. */
  revoked: ReadonlySet<number>;
  /** Those of passes that are refused only until somebody lifts that; the service names them among the former, too. */
  blocked: ReadonlySet<number>;
  /** Whether this list takes a kind of pass. */
  takes(kind: string): boolean;
  /** The name of the ticket type of a serial; unknown for one that was issued after the bundle. */
  labelOf(serial: number): string | undefined;
  /** The day of an instant, in milliseconds, at the edition's place. */
  dayOf(at: number): string;
  /** Why the list takes nobody at an instant, in milliseconds; undefined while it does. */
  refusedAt(at: number): "not_valid_yet" | "expired" | undefined;
}

const read = new WeakMap<Bundle, Known>();

/** What a bundle says. */
export function known(bundle: Bundle): Known {
  let found = read.get(bundle);
  if (!found) read.set(bundle, (found = readBundle(bundle)));
  return found;
}

function readBundle({ public_keys, revoked, blocked, pass_kinds, labels, label_of, list_rules, timezone }: Bundle): Known {
  const kinds = new Set(pass_kinds);
  const places = Uint8Array.from(atob(label_of ?? ""), (letter) => letter.charCodeAt(0));
  const days = new Intl.DateTimeFormat("en-CA", { timeZone: timezone, dateStyle: "short" });
  return {
    keys: new Map(Object.entries(public_keys).map(([id, key]) => [Number(id), keyFromText(key)])),
    revoked: new Set(revoked),
    blocked: new Set(blocked),
    takes: (kind) => kinds.size === 0 || kinds.has(kind),
    labelOf: (serial) => labels[places[serial - 1] ?? -1],
    dayOf: (at) => days.format(at),
    refusedAt: (at) => list_rules && refusedBy(list_rules, at, timezone),
  };
}
