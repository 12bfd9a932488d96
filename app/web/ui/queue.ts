// What a device has done and the service has not yet acknowledged: kept on disk, sent in order, never lost.
// Each record has an id made here, so that sending it twice does it once.

import { openDB, type DBSchema, type IDBPDatabase } from "idb";

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

/** Sends records and returns the ids that the service has settled, one way or the other. Throws when it could not ask. */
export type Send<Body> = (records: Queued<Body>[]) => Promise<Iterable<string>>;

interface Schema<Body> extends DBSchema {
  records: { key: number; value: Queued<Body>; indexes: { id: string } };
}

const batchSize = 100;
const firstWait = 1_000;
const longestWait = 60_000;

export class Queue<Body> {
  private readonly observers = new Set<(count: number) => void>();
  private flushing: Promise<number> | undefined;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private wait = firstWait;
  private sender: Send<Body> | undefined;

  private constructor(
    private readonly name: string,
    private readonly database: IDBPDatabase<Schema<Body>>,
  ) {}

  /** Open (or make) the queue of this name on this device. */
  static async open<Body>(name: string): Promise<Queue<Body>> {
    const database = await openDB<Schema<Body>>(name, 1, {
      upgrade(opened) {
        const store = opened.createObjectStore("records", { keyPath: "seq", autoIncrement: true });
        store.createIndex("id", "id", { unique: true });
      },
    });
    return new Queue(name, database);
  }

  /** Put a record in line; it is on disk when this resolves. The same id twice is one record. */
  async add(body: Body, id: string = newId()): Promise<string> {
    const change = this.database.transaction("records", "readwrite", { durability: "strict" });
    if ((await change.store.index("id").getKey(id)) === undefined) {
      const record: Omit<Queued<Body>, "seq"> = { id, body, addedAt: Date.now(), tries: 0 };
      await change.store.add(record as Queued<Body>);
    }
    await change.done;
    await this.tell();
    this.soon(0);
    return id;
  }

  /** Records in line, oldest first. */
  pending(limit?: number): Promise<Queued<Body>[]> {
    return this.database.getAll("records", undefined, limit);
  }

  /** How many records wait. */
  count(): Promise<number> {
    return this.database.count("records");
  }

  /** Be told how many records wait, now and at every change. Returns what ends it. */
  observe(observer: (count: number) => void): () => void {
    this.observers.add(observer);
    void this.count().then(observer);
    return () => this.observers.delete(observer);
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
    this.sender = send;
    addEventListener("online", () => {
      this.wait = firstWait;
      this.soon(0);
    });
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
      const change = this.database.transaction("records", "readwrite", { durability: "strict" });
      await Promise.all(done.map(({ seq }) => change.store.delete(seq)));
      await change.done;
      settled += done.length;
      await this.tell();
    }
  }

  private async countTry(batch: Queued<Body>[]): Promise<void> {
    const change = this.database.transaction("records", "readwrite");
    await Promise.all(batch.map((record) => change.store.put({ ...record, tries: record.tries + 1 })));
    await change.done;
  }

  /** One tab sends at a time, where the browser can tell. */
  private alone<T>(work: () => Promise<T>): Promise<T> {
    const locks = (navigator as Partial<Navigator>).locks;
    return locks ? (locks.request(`send ${this.name}`, work) as Promise<T>) : work();
  }

  private async tell(): Promise<void> {
    const count = await this.count();
    for (const observer of this.observers) observer(count);
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
