// What a device has done and the service has not yet acknowledged: kept on disk, sent in order, never lost.
// Each record has an id made here, so that sending it twice does it once. Where the disk takes no more, or there is
// none, records are kept in memory while the page is open, and whoever observes is told.

import type { DBSchema, IDBPDatabase } from "idb";
import { openDisk } from "./disk";

export interface Queued<Body> {
  /** Place in line. */
  seq: number;
  /** The client-made id that makes a replay harmless. */
  id: string;
  body: Body;
  /** Milliseconds of this device's clock. */
  addedAt: number;
  tries: number;
}

/** Where the records are: on disk; some in memory alone, for the disk took no more; all of them, for there is no disk. */
export type Keeping = "disk" | "full" | "memory";

/** Is told how many records wait, and whether they would outlive the page. */
export type Observer = (count: number, keeping: Keeping) => void;

/** Sends records and returns the ids that the service has settled, one way or the other. Throws when it could not ask. */
export type Send<Body> = (records: Queued<Body>[]) => Promise<Iterable<string>>;

interface Schema<Body> extends DBSchema {
  records: { key: number; value: Queued<Body>; indexes: { id: string } };
}

const batchSize = 100;
const firstWait = 1_000;
const longestWait = 60_000;

export class Queue<Body> {
  private readonly observers = new Set<Observer>();
  /** What the disk did not take, in the order in which it came. */
  private spare: Queued<Body>[] = [];
  private refused = false;
  private flushing: Promise<number> | undefined;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private wait = firstWait;
  private sender: Send<Body> | undefined;

  private constructor(
    private readonly name: string,
    private readonly database: IDBPDatabase<Schema<Body>> | undefined,
  ) {}

  /** Open (or make) the queue of this name on this device; in memory alone where nothing can be kept on it. */
  static async open<Body>(name: string): Promise<Queue<Body>> {
    const database = await openDisk<Schema<Body>>(name, 1, (opened) => {
      const store = opened.createObjectStore("records", { keyPath: "seq", autoIncrement: true });
      store.createIndex("id", "id", { unique: true });
    });
    return new Queue(name, database);
  }

  /** Where the records of this queue are. */
  get keeping(): Keeping {
    if (!this.database) return "memory";
    return this.refused || this.spare.length > 0 ? "full" : "disk";
  }

  /** Whether records wait that would be lost with the page. */
  get wouldLose(): boolean {
    return this.spare.length > 0;
  }

  /** Put a record in line; it is on disk when this resolves, if the disk takes it. The same id twice is one record. */
  async add(body: Body, id: string = newId()): Promise<string> {
    const record = { id, body, addedAt: Date.now(), tries: 0, seq: 0 };
    if (!this.spare.some((other) => other.id === id)) this.spare.push(record);
    this.refused = !(await this.saved());
    await this.tell();
    this.soon(0);
    return id;
  }

  /** Records in line, oldest first. */
  async pending(limit?: number): Promise<Queued<Body>[]> {
    const kept = (await this.database?.getAll("records", undefined, limit).catch(() => [])) ?? [];
    const ids = new Set(kept.map(({ id }) => id));
    return [...kept, ...this.spare.filter(({ id }) => !ids.has(id))].slice(0, limit);
  }

  /** How many records wait. */
  async count(): Promise<number> {
    const kept = (await this.database?.count("records").catch(() => 0)) ?? 0;
    return kept + this.spare.length;
  }

  /** Be told how many records wait and where, now and at every change. Returns what ends it. */
  observe(observer: Observer): () => void {
    this.observers.add(observer);
    void this.count().then((count) => observer(count, this.keeping));
    return () => this.observers.delete(observer);
  }

  /** Take everything out of line that is there now: somebody has it by another way, or does without it. */
  async strikeAll(): Promise<void> {
    const records = await this.pending();
    await this.strike(records);
    this.spare = this.spare.filter(({ id }) => !records.some((record) => record.id === id));
    await this.tell();
  }

  /** Send what waits, in order, a batch at a time. Returns how many were settled. Throws what `send` throws. */
  flush(send: Send<Body>): Promise<number> {
    this.flushing ??= this.alone(() => this.drain(send)).finally(() => {
      this.flushing = undefined;
    });
    return this.flushing;
  }

  /** Keep sending from now on: at once, when the network is back, and with growing patience between failures. */
  keepSending(send: Send<Body>): void {
    if (!this.sender) addEventListener("online", () => this.atOnce());
    this.sender = send;
    this.atOnce();
  }

  private atOnce(): void {
    this.wait = firstWait;
    this.soon(0);
  }

  private soon(delay: number): void {
    const send = this.sender;
    if (!send) return;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.flush(send).then(
        () => {
          this.wait = firstWait;
        },
        () => {
          // Not sent, and still on disk: try later, not all devices at the same moment.
          this.soon(this.wait * (0.75 + Math.random() / 2));
          this.wait = Math.min(this.wait * 2, longestWait);
        },
      );
    }, delay);
  }

  private async drain(send: Send<Body>): Promise<number> {
    let settled = 0;
    for (;;) {
      const batch = await this.pending(batchSize);
      if (batch.length === 0) return settled;
      await this.countTry(batch);
      const ids = new Set(await send(batch));
      const done = batch.filter(({ id }) => ids.has(id));
      if (done.length === 0) throw new Error("nothing was acknowledged");
      this.spare = this.spare.filter((record) => !ids.has(record.id));
      await this.strike(done);
      settled += done.length;
      this.refused = !(await this.saved()); // there may be room again
      await this.tell();
    }
  }

  /** Write what is in memory alone to the disk. Returns false when it cannot. */
  private async saved(): Promise<boolean> {
    if (!this.database || this.spare.length === 0) return true;
    const records = [...this.spare];
    try {
      const change = this.database.transaction("records", "readwrite", { durability: "strict" });
      const write = async (): Promise<void> => {
        for (const { seq: _place, ...record } of records) {
          if ((await change.store.index("id").getKey(record.id)) === undefined) await change.store.add(record as Queued<Body>);
        }
      };
      await Promise.all([write(), change.done]);
    } catch {
      return false; // the disk is full, or was taken away
    }
    this.spare = this.spare.filter((record) => !records.includes(record));
    return true;
  }

  /** Take settled records off the disk, by their ids: one that was in memory when it was sent may be there by now. */
  private async strike(records: Queued<Body>[]): Promise<void> {
    if (!this.database) return;
    const change = this.database.transaction("records", "readwrite", { durability: "strict" });
    const remove = async (): Promise<void> => {
      for (const { id } of records) {
        const place = await change.store.index("id").getKey(id);
        if (place !== undefined) await change.store.delete(place);
      }
    };
    await Promise.all([remove(), change.done]);
  }

  /** Count a try; a full disk does not take even that, and is no reason not to send. */
  private async countTry(batch: Queued<Body>[]): Promise<void> {
    for (const record of this.spare) if (batch.includes(record)) record.tries += 1;
    const kept = batch.filter(({ seq }) => seq > 0);
    if (!this.database || kept.length === 0) return;
    try {
      const change = this.database.transaction("records", "readwrite");
      const counted = kept.map((record) => change.store.put({ ...record, tries: record.tries + 1 }));
      await Promise.all([...counted, change.done]);
    } catch {
      // Not counted, but sent.
    }
  }

  /** One tab sends at a time, where the browser can tell. */
  private alone<T>(work: () => Promise<T>): Promise<T> {
    const locks = (navigator as Partial<Navigator>).locks;
    return locks ? (locks.request(`send ${this.name}`, work) as Promise<T>) : work();
  }

  private async tell(): Promise<void> {
    const count = await this.count();
    for (const observer of this.observers) observer(count, this.keeping);
  }
}

/** A new random id, for a record that may be sent twice. */
export function newId(): string {
  return crypto.randomUUID ? crypto.randomUUID() : fallbackId();
}

function fallbackId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
