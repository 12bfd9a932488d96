// The plan as the editor knows it, and the calls that change it. Every change can be undone by its opposite call.

import { deleteJson, getJson, postJson, putJson } from "@fairground/api";

export type Square = [number, number];

export interface Booth {
  id: number;
  hall_id: number;
  code: string;
  zone: string;
  cells: Square[];
  written: string;
  power_watts: number;
  price_minor: number;
  currency: string;
  state: "free" | "held" | "allocated";
  organisation: string;
}

export interface Hall {
  id: number;
  name: string;
  width: number;
  depth: number;
  booths: Booth[];
}

/** What is saved of a booth. */
export interface Draft {
  code: string;
  zone: string;
  cells: Square[];
  power_watts: number;
  price_minor: number;
}

export const key = ([x, y]: Square): string => `${x},${y}`;

export function unkey(text: string): Square {
  const [x = 0, y = 0] = text.split(",").map(Number);
  return [x, y];
}

/** A cell as people write it: column letter and row. */
export function written([x, y]: Square): string {
  let number = x + 1;
  let letters = "";
  while (number > 0) {
    letters = String.fromCharCode(65 + ((number - 1) % 26)) + letters;
    number = Math.floor((number - 1) / 26);
  }
  return `${letters}${y + 1}`;
}

/** One hall of an edition, kept as the service last answered. */
export class Plan {
  hall!: Hall;
  private undoing: (() => Promise<void>)[] = [];
  /** A booth that was removed and came back has another id: old → new. */
  private readonly renamed = new Map<number, number>();

  constructor(
    readonly edition: number,
    readonly hallId: number,
  ) {}

  async load(): Promise<void> {
    const halls = await getJson<Hall[]>(`${this.base}/halls`);
    const found = halls.find((hall) => hall.id === this.hallId) ?? halls[0];
    if (!found) throw new Error("no hall");
    this.hall = found;
  }

  get canUndo(): boolean {
    return this.undoing.length > 0;
  }

  booth(id: number | null): Booth | undefined {
    return this.hall.booths.find((booth) => booth.id === id);
  }

  at(square: Square): Booth | undefined {
    const wanted = key(square);
    return this.hall.booths.find((booth) => booth.cells.some((cell) => key(cell) === wanted));
  }

  /** The code that follows the last one: A95 → A96. */
  nextCode(): string {
    const last = this.hall.booths.map((booth) => booth.code).sort((a, b) => a.localeCompare(b, undefined, { numeric: true })).pop();
    const parts = last?.match(/^(.*?)(\d+)$/);
    if (!parts) return "A01";
    const [, head = "", digits = "0"] = parts;
    return head + String(Number(digits) + 1).padStart(digits.length, "0");
  }

  async create(draft: Draft): Promise<Booth> {
    const made = await this.add(draft);
    this.undoing.push(() => this.drop(made.id));
    return made;
  }

  async change(id: number, draft: Draft): Promise<Booth> {
    const before = this.booth(id);
    const after = await this.put(id, draft);
    if (before) this.undoing.push(async () => void (await this.put(id, before)));
    return after;
  }

  async remove(id: number): Promise<void> {
    const before = this.booth(id);
    await this.drop(id);
    if (before) this.undoing.push(async () => void this.renamed.set(id, (await this.add(before)).id));
  }

  async undo(): Promise<void> {
    const step = this.undoing[this.undoing.length - 1];
    if (!step) return;
    await step();
    this.undoing.pop();
  }

  private async add(draft: Draft): Promise<Booth> {
    const made = await postJson<Booth>(`${this.base}/halls/${this.hall.id}/booths`, body(draft));
    this.hall.booths.push(made);
    return made;
  }

  private current(id: number): number {
    const later = this.renamed.get(id);
    return later === undefined ? id : this.current(later);
  }

  private async put(given: number, draft: Draft): Promise<Booth> {
    const id = this.current(given);
    const after = await putJson<Booth>(`${this.base}/booths/${id}`, body(draft));
    this.hall.booths = this.hall.booths.map((booth) => (booth.id === id ? after : booth));
    return after;
  }

  private async drop(given: number): Promise<void> {
    const id = this.current(given);
    await deleteJson(`${this.base}/booths/${id}`);
    this.hall.booths = this.hall.booths.filter((booth) => booth.id !== id);
  }

  private get base(): string {
    return `/api/v1/manage/${this.edition}`;
  }
}

function body({ code, zone, cells, power_watts, price_minor }: Draft): Draft {
  return { code, zone, cells, power_watts, price_minor };
}
