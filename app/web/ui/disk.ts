// Databases on this device, where it has room for any: private windows, full phones and broken profiles have none.

import { openDB, type DBSchema, type IDBPDatabase } from "idb";

/** Milliseconds after which a database counts as none: some browsers neither open one nor say why. */
const patience = 4_000;
/** Of what a browser may keep: from this share on it may soon keep nothing more. */
const nearlyFull = 0.8;

/** Open (or make) a database; undefined where none can be had on this device. */
export async function openDisk<Schema extends DBSchema>(
  name: string,
  version: number,
  make: (opened: IDBPDatabase<Schema>) => void,
): Promise<IDBPDatabase<Schema> | undefined> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), patience);
  });
  try {
    return await Promise.race([openDB<Schema>(name, version, { upgrade: (opened) => make(opened) }), late]);
  } catch {
    return undefined;
  } finally {
    clearTimeout(timer);
  }
}

/** The share of its storage that this site has used, when that is much; undefined while there is room, or unknown. */
export async function usedStorage(): Promise<number | undefined> {
  const estimate = await (navigator as Partial<Navigator>).storage?.estimate?.().catch(() => undefined);
  const share = estimate?.quota ? (estimate.usage ?? 0) / estimate.quota : 0;
  return share >= nearlyFull ? share : undefined;
}
