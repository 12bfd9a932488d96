// What the service has told of passes: typed arrays by serial, for an edition may have a hundred thousand of them. It is
// packed as ticketing/checkin/compact.py says.

import type { Standing } from "./standing";

/** Why a pass opens no gate, whatever the list. */
export const refusals = ["revoked", "blocked", "unpaid", "cancelled"] as const;
export type Refusal = (typeof refusals)[number];

/** The service's answer: of all passes, or what is new. */
export interface PassesAnswer {
  /** What to ask with the next time. */
  since: string;
  whole: boolean;
  /** Names and numbers of ticket types. */
  sorts: [string, number | null][];
  sorts_from: number;
  sort_of: string;
  refused: Partial<Record<Refusal, string>> | null;
  gates: string[];
  standings: string;
}

/** What is known of the passes of a list, as the disk keeps it: each array has a place for each serial. */
export interface Passes {
  since: string;
  sorts: [string, number | null][];
  gates: string[];
  sortOf: Uint8Array;
  /** One more than the place among the refusals; 0 for none. */
  refusedAs: Uint8Array;
  /** Milliseconds; 0 for a pass that never came in. */
  admittedAt: Float64Array;
  entriesOfDay: Uint8Array;
  entries: Uint8Array;
  inside: Uint8Array;
  gate: Uint8Array;
}

const epoch = Date.UTC(2020, 0, 1);
const none = 255;
const insideBit = 128;

/** What is known with an answer taken over: what was known before is changed, unless all of it is told anew. */
export function hear(before: Passes | undefined, answer: PassesAnswer): Passes {
  const passes = answer.whole || !before ? nothingTold() : before;
  [passes.sorts, passes.gates] = [answer.sorts, answer.gates];
  hearSorts(passes, answer);
  if (answer.refused) hearRefused(passes, answer.refused);
  hearStandings(passes, answer.standings);
  passes.since = answer.since; // last: what breaks off before is asked for again
  return passes;
}

/** What a list knows of a pass; undefined where it never came in. */
export function standingOf(passes: Passes, serial: number): Standing | undefined {
  const at = passes.admittedAt[serial];
  if (!at) return undefined;
  return {
    entries: passes.entries[serial] as number,
    entriesOfDay: passes.entriesOfDay[serial] as number,
    admittedAt: at,
    inside: passes.inside[serial] === 1,
    gate: passes.gates[passes.gate[serial] as number] ?? "",
  };
}

/** How many are inside who came in since a moment, in milliseconds. */
export function insideSince({ admittedAt, inside }: Passes, since: number): number {
  let count = 0;
  for (let serial = 0; serial < inside.length; serial++) if (inside[serial] === 1 && (admittedAt[serial] as number) >= since) count += 1;
  return count;
}

/** The name and the number of the ticket type of a serial; undefined for one that was issued after all this was told. */
export function sortOf(passes: Passes, serial: number): [string, number | null] | undefined {
  return passes.sorts[passes.sortOf[serial] ?? none];
}

/** Why a pass opens no gate; undefined where nothing of that kind stands against it. */
export function refusalOf(passes: Passes, serial: number): Refusal | undefined {
  return refusals[(passes.refusedAs[serial] ?? 0) - 1];
}

function nothingTold(): Passes {
  const bytes = (): Uint8Array => new Uint8Array(0);
  return {
    ...{ since: "", sorts: [], gates: [], admittedAt: new Float64Array(0) },
    ...{ sortOf: bytes(), refusedAs: bytes(), entriesOfDay: bytes(), entries: bytes(), inside: bytes(), gate: bytes() },
  };
}

/** Make room up to a serial, and for some more. */
function reach(passes: Passes, serial: number): void {
  if (serial < passes.sortOf.length) return;
  const room = Math.ceil((serial + 1) * 1.1);
  const wider = (from: Uint8Array, filled = 0): Uint8Array => {
    const to = new Uint8Array(room).fill(filled);
    to.set(from);
    return to;
  };
  passes.sortOf = wider(passes.sortOf, none);
  for (const name of ["refusedAs", "entriesOfDay", "entries", "inside", "gate"] as const) passes[name] = wider(passes[name]);
  const times = new Float64Array(room);
  times.set(passes.admittedAt);
  passes.admittedAt = times;
}

function hearSorts(passes: Passes, { sort_of, sorts_from }: PassesAnswer): void {
  const places = unpacked(sort_of);
  reach(passes, sorts_from + places.length - 1);
  passes.sortOf.set(places, sorts_from);
}

function hearRefused(passes: Passes, refused: Partial<Record<Refusal, string>>): void {
  passes.refusedAs.fill(0);
  refusals.forEach((refusal, place) => {
    const bytes = new Bytes(unpacked(refused[refusal] ?? ""));
    for (let serial = 0; !bytes.done; ) {
      serial += bytes.number();
      reach(passes, serial);
      passes.refusedAs[serial] = place + 1;
    }
  });
}

function hearStandings(passes: Passes, standings: string): void {
  const bytes = new Bytes(unpacked(standings));
  for (let serial = 0; !bytes.done; ) {
    const gap = bytes.number();
    serial += gap % 2 ? -(gap + 1) / 2 : gap / 2;
    reach(passes, serial);
    const at = bytes.milliseconds();
    const day = bytes.byte();
    passes.admittedAt[serial] = at && epoch + at;
    passes.entriesOfDay[serial] = day & ~insideBit;
    passes.inside[serial] = day & insideBit ? 1 : 0;
    passes.entries[serial] = bytes.byte();
    passes.gate[serial] = bytes.byte();
  }
}

function unpacked(text: string): Uint8Array {
  const letters = atob(text);
  const bytes = new Uint8Array(letters.length);
  for (let at = 0; at < bytes.length; at++) bytes[at] = letters.charCodeAt(at);
  return bytes;
}

/** Bytes that are read from their first to their last. */
class Bytes {
  private at = 0;

  constructor(private readonly bytes: Uint8Array) {}

  get done(): boolean {
    return this.at >= this.bytes.length;
  }

  byte(): number {
    const byte = this.bytes[this.at++];
    if (byte === undefined) throw new RangeError("what was told breaks off");
    return byte;
  }

  /** A number of 7 bits a byte, the lowest first. */
  number(): number {
    let number = 0;
    for (let unit = 1; ; unit *= 128) {
      const byte = this.byte();
      number += (byte & 127) * unit;
      if (byte < 128) return number;
    }
  }

  /** 40 bits, the lowest first. */
  milliseconds(): number {
    let number = 0;
    for (let unit = 1; unit < 2 ** 40; unit *= 256) number += this.byte() * unit;
    return number;
  }
}
