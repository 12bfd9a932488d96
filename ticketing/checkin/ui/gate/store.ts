// What the phone keeps on disk beside the queue: the last bundle, the clock's offset, the last scans, whom it let in and
// out, what the service did not take. What the disk does not take is kept in memory, so that this page goes on judging.

import { openDisk } from "@fairground/disk";
import { readPass } from "@fairground/passes";
import type { DBSchema, IDBPDatabase } from "idb";
import type { Measured } from "./clock";
import type { ListRules } from "./hours";
import type { OwnScan } from "./own";
import type { Passes } from "./told";
import type { Untaken } from "./untaken";

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
  /** What the list knows of passes, in place of revoked, blocked and labels; a bundle kept by an earlier version has none. */
  passes?: Passes;
}

/** Which phone of which edition this is, by the service's numbers. */
export interface Owner {
  device: number;
  edition: number;
}

/** A pass that an earlier version of this page let in: under its list and its code. */
interface Entry {
  key: string;
  /** Milliseconds of the service's clock. */
  at: number;
  gate: string;
}

interface Schema extends DBSchema {
  values: { key: string; value: unknown };
  entries: { key: string; value: Entry };
  scans: { key: string; value: OwnScan };
  untaken: { key: string; value: Untaken };
}

export class Store {
  /** What the disk did not take. */
  private readonly values = new Map<string, unknown>();

  private constructor(private readonly database: IDBPDatabase<Schema> | undefined) {}

  static async open(): Promise<Store> {
    const database = await openDisk<Schema>("fairground-gate", 2, (opened) => {
      const has = (name: "values" | "scans" | "untaken"): boolean => opened.objectStoreNames.contains(name);
      if (!has("values")) opened.createObjectStore("values");
      if (!has("scans")) opened.createObjectStore("scans", { keyPath: "id" });
      if (!has("untaken")) opened.createObjectStore("untaken", { keyPath: "id" });
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

  /** Keep such a thing; whether the disk took it. */
  async remember(name: string, value: unknown): Promise<boolean> {
    const kept = await this.tried((database) => database.put("values", value, name));
    if (kept) this.values.delete(name);
    else this.values.set(name, value);
    return kept;
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

  /** Whether the disk took it. */
  keep(bundle: Bundle): Promise<boolean> {
    return this.remember("bundle", bundle);
  }

  async keepMeasured(measured: Measured): Promise<void> {
    await this.remember("offset", measured);
  }

  /** Whom this phone let in and out. */
  async scans(): Promise<OwnScan[]> {
    const kept = (await this.database?.getAll("scans").catch(() => [])) ?? [];
    return [...kept, ...(await this.entries())];
  }

  /** Whether the disk took them. */
  keepScans(scans: OwnScan[]): Promise<boolean> {
    return this.tried(async (database) => {
      const change = database.transaction("scans", "readwrite");
      await Promise.all([...scans.map((scan) => change.store.put(scan)), change.done]);
    });
  }

  async dropScans(ids: string[]): Promise<void> {
    await this.tried(async (database) => {
      const change = database.transaction("scans", "readwrite");
      await Promise.all([...ids.map((id) => change.store.delete(id)), change.done]);
    });
  }

  /** Scans that the service did not take. */
  async untaken(): Promise<Untaken[]> {
    return (await this.database?.getAll("untaken").catch(() => [])) ?? [];
  }

  /** Keep such scans; whether they lie on the disk. */
  keepUntaken(scans: Untaken[]): Promise<boolean> {
    return this.tried(async (database) => {
      const change = database.transaction("untaken", "readwrite", { durability: "strict" });
      await Promise.all([...scans.map((scan) => change.store.put(scan)), change.done]);
    });
  }

  /** They were taken off this phone. */
  async dropUntaken(ids: string[]): Promise<void> {
    await this.tried(async (database) => {
      const change = database.transaction("untaken", "readwrite");
      await Promise.all([...ids.map((id) => change.store.delete(id)), change.done]);
    });
  }

  /** What an earlier version kept, until the service has told everything: it asks for that first. */
  private async entries(): Promise<OwnScan[]> {
    if (!this.database?.objectStoreNames.contains("entries")) return [];
    const kept = await this.database.getAll("entries").catch(() => []);
    const scans = kept.flatMap(({ key, at, gate }) => {
      const [list, code] = key.split(":") as [string, string];
      const serial = readPass(code)?.serial;
      return serial === undefined ? [] : [{ id: key, list: Number(list), serial, at, inward: true, gate, handedIn: true }];
    });
    if (scans.length > 0 && (await this.keepScans(scans))) await this.tried((database) => database.clear("entries"));
    return scans;
  }

  /** Forget everything that lets this phone judge: it was withdrawn. What the service did not take stays, and what was not sent is
   * still that of its number. */
  async forget(): Promise<void> {
    const owner = await this.owner();
    this.values.clear();
    await Promise.all([this.database?.clear("values"), this.database?.clear("scans")]);
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
