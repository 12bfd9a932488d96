// What this phone knows of passes beyond what the service has told: whom it let in and out, and what an answer said of
// another gate. A scan is forgotten when the service has it and has told of it.

import type { Passage } from "./standing";
import type { Store } from "./store";

/** A passage that this phone knows of, by the id of its scan. */
export interface OwnScan extends Passage {
  id: string;
  list: number;
  serial: number;
  /** Whether the service has it, so that what it tells from now on says so, too. */
  handedIn: boolean;
}

export class Own {
  private readonly scans = new Map<string, OwnScan>();
  private readonly bySerial = new Map<number, Set<OwnScan>>();

  private constructor(private readonly store: Store) {}

  static async open(store: Store): Promise<Own> {
    const own = new Own(store);
    for (const scan of await store.scans()) own.note(scan);
    return own;
  }

  /** The passages of a pass on a list, in the order of their times. */
  of(list: number, serial: number): OwnScan[] {
    const scans = [...(this.bySerial.get(serial) ?? [])].filter((scan) => scan.list === list);
    return scans.sort((one, other) => one.at - other.at);
  }

  /** The serials of which this phone knows something, on any list. */
  get serials(): Iterable<number> {
    return this.bySerial.keys();
  }

  async add(scan: OwnScan): Promise<void> {
    this.note(scan);
    await this.store.keepScans([scan]);
  }

  /** The service has taken over the scans of these ids. */
  async handedIn(ids: Iterable<string>): Promise<void> {
    const changed = [...ids].flatMap((id) => this.scans.get(id) ?? []).filter((scan) => !scan.handedIn);
    for (const scan of changed) scan.handedIn = true;
    await this.store.keepScans(changed);
  }

  /** The ids of what the service has: to be asked before it is asked what is new. */
  known(): string[] {
    return [...this.scans.values()].filter((scan) => scan.handedIn).map((scan) => scan.id);
  }

  /** The service has told of these; on the disk they stay where what it told is not `kept` there. */
  async drop(ids: string[], kept = true): Promise<void> {
    for (const id of ids) this.remove(id);
    if (kept) await this.store.dropScans(ids);
  }

  /** This phone was withdrawn, and the disk is wiped. */
  forget(): void {
    this.scans.clear();
    this.bySerial.clear();
  }

  private note(scan: OwnScan): void {
    this.remove(scan.id);
    this.scans.set(scan.id, scan);
    const others = this.bySerial.get(scan.serial) ?? new Set<OwnScan>();
    this.bySerial.set(scan.serial, others.add(scan));
  }

  private remove(id: string): void {
    const scan = this.scans.get(id);
    if (!scan) return;
    this.scans.delete(id);
    const others = this.bySerial.get(scan.serial);
    others?.delete(scan);
    if (others?.size === 0) this.bySerial.delete(scan.serial);
  }
}
