// What the phone keeps on disk beside the queue: the last bundle, the clock's offset, who is known to be in today.

import { openDB, type DBSchema, type IDBPDatabase } from "idb";

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
  private constructor(private readonly database: IDBPDatabase<Schema>) {}

  static async open(): Promise<Store> {
    const database = await openDB<Schema>("fairground-gate", 1, {
      upgrade(opened) {
        opened.createObjectStore("values");
        opened.createObjectStore("entries", { keyPath: "key" });
      },
    });
    return new Store(database);
  }

  async bundle(): Promise<Bundle | undefined> {
    return (await this.database.get("values", "bundle")) as Bundle | undefined;
  }

  /** Milliseconds to add to this device's clock to get the service's. */
  async offset(): Promise<number> {
    return ((await this.database.get("values", "offset")) as number | undefined) ?? 0;
  }

  async keep(bundle: Bundle, offset: number): Promise<void> {
    const change = this.database.transaction("values", "readwrite");
    await Promise.all([change.store.put(bundle, "bundle"), change.store.put(offset, "offset"), change.done]);
  }

  entry(key: string): Promise<Entry | undefined> {
    return this.database.get("entries", key);
  }

  async enter(entry: Entry): Promise<void> {
    await this.database.put("entries", entry);
  }

  async leave(key: string): Promise<void> {
    await this.database.delete("entries", key);
  }

  /** Forget everything that lets this phone judge: it was withdrawn. */
  async forget(): Promise<void> {
    await Promise.all([this.database.clear("values"), this.database.clear("entries")]);
  }
}
