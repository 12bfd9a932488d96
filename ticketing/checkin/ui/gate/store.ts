// What the phone keeps on disk beside the queue: the last bundle, the clock's offset, the last scans, who is known to be
// in today. What the disk does not take is kept in memory, so that this page goes on judging.

import { openDisk } from "@fairground/disk";
import type { DBSchema, IDBPDatabase } from "idb";
import type { Measured } from "./clock";
import type { ListRules } from "./hours";

/** What the service says a phone needs to judge passes alone. */
export interface Bundle {
  server_time: string;
  edition_id: number;
  edition: string;
  timezone: string;
  gate_id: number;
  gate: string;
  list_id: number;
  list_name: string;
  list_active: boolean;
  list_exits: boolean;
  /** When the list takes people, and what it says of that; a bundle kept by an earlier version has none. */
  list_rules?: ListRules;
  pass_kinds: string[];
  public_keys: Record<string, string>;
  /** By key id, how many minutes later than they say codes count: those of an edition that was postponed. */
  key_shifts?: Record<string, number>;
  revoked: number[];
  /** Those of them that are blocked only; a bundle kept by an earlier version has none. */
  blocked?: number[];
  labels: string[];
  /** A byte in Base64 for each serial from 1: the place of its ticket type's name in labels. */
  label_of: string;
}

/** Which phone of which edition this is, by the service's numbers. */
export interface Owner {
  device: number;
  edition: number;
}

/** A pass that this phone let in, or of which the service said who did. */
export interface Entry {
  /** List and serial. */
  key: string;
  /** Milliseconds of the service's clock. */
  at: number;
  gate: string;
}

interface Schema extends DBSchema {
  values: { key: string; value: unknown };
  entries: { key: string; value: Entry };
}

export class Store {
  /** What the disk did not take; null for an entry that it would not let go of. */
  private readonly values = new Map<string, unknown>();
  private readonly entries = new Map<string, Entry | null>();

  private constructor(private readonly database: IDBPDatabase<Schema> | undefined) {}

  static async open(): Promise<Store> {
    const database = await openDisk<Schema>("fairground-gate", 1, (opened) => {
      opened.createObjectStore("values");
      opened.createObjectStore("entries", { keyPath: "key" });
    });
    return new Store(database);
  }

  bundle(): Promise<Bundle | undefined> {
    return this.value<Bundle>("bundle");
  }

  /** A small thing that this phone remembers. */
  async value<Value>(name: string): Promise<Value | undefined> {
    if (this.values.has(name)) return this.values.get(name) as Value;
    return (await this.database?.get("values", name).catch(() => undefined)) as Value | undefined;
  }

  async remember(name: string, value: unknown): Promise<void> {
    const kept = await this.tried((database) => database.put("values", value, name));
    if (kept) this.values.delete(name);
    else this.values.set(name, value);
  }

  /** What was measured last of this device's clock. */
  async measured(): Promise<Measured | undefined> {
    const kept = await this.value<Measured | number>("offset");
    // An earlier version kept the offset alone.
    return typeof kept === "number" ? { offset: kept, server: -Infinity } : kept;
  }

  /** Which phone this is, or was before it was withdrawn. */
  owner(): Promise<Owner | undefined> {
    return this.value<Owner>("owner");
  }

  async keep(bundle: Bundle): Promise<void> {
    await this.remember("bundle", bundle);
  }

  async keepMeasured(measured: Measured): Promise<void> {
    await this.remember("offset", measured);
  }

  async entry(key: string): Promise<Entry | undefined> {
    const known = this.entries.get(key);
    return known === undefined ? this.database?.get("entries", key).catch(() => undefined) : (known ?? undefined);
  }

  async enter(entry: Entry): Promise<void> {
    const kept = await this.tried((database) => database.put("entries", entry));
    if (kept) this.entries.delete(entry.key);
    else this.entries.set(entry.key, entry);
  }

  async leave(key: string): Promise<void> {
    const gone = await this.tried((database) => database.delete("entries", key));
    if (gone) this.entries.delete(key);
    else this.entries.set(key, null);
  }

  /** Forget everything that lets this phone judge: it was withdrawn. What it has not sent is still that of its number. */
  async forget(): Promise<void> {
    const owner = await this.owner();
    this.values.clear();
    this.entries.clear();
    await Promise.all([this.database?.clear("values"), this.database?.clear("entries")]);
    if (owner) await this.remember("owner", owner);
  }

  /** Whether the disk did it. */
  private async tried(work: (database: IDBPDatabase<Schema>) => Promise<unknown>): Promise<boolean> {
    if (!this.database) return false;
    try {
      await work(this.database);
      return true;
    } catch {
      return false; // full, or taken away by the browser
    }
  }
}
