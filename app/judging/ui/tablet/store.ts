// The tablet's own storage: the bundle of whoever is bound to it, and each judge's drafts in a database of her own.

import { openDB, type IDBPDatabase } from "idb";
import type { Bundle, Draft } from "./model";

export class Store {
  private constructor(
    private readonly shared: IDBPDatabase,
    private readonly own: IDBPDatabase,
    readonly bundle: Bundle,
  ) {}

  /** Open the storage of the judge who is bound to this tablet; `fetchBundle` is asked where none is kept. */
  static async open(fetchBundle: () => Promise<Bundle>): Promise<Store> {
    const shared = await openDB("judge-tablet", 1, {
      upgrade(opened) {
        opened.createObjectStore("bundle");
      },
    });
    let bundle = (await shared.get("bundle", "newest")) as Bundle | undefined;
    if (!bundle) {
      bundle = await fetchBundle();
      await shared.put("bundle", bundle, "newest");
    }
    const own = await openDB(`judge-drafts-${bundle.judge.id}`, 1, {
      upgrade(opened) {
        opened.createObjectStore("drafts", { keyPath: "assignment_id" });
      },
    });
    return new Store(shared, own, bundle);
  }

  /** Keep a newer bundle. */
  async keepBundle(bundle: Bundle): Promise<void> {
    await this.shared.put("bundle", bundle, "newest");
  }

  /** Every draft of this judge. */
  drafts(): Promise<Draft[]> {
    return this.own.getAll("drafts") as Promise<Draft[]>;
  }

  /** Keep a draft; it is on disk when this resolves. */
  async keepDraft(draft: Draft): Promise<void> {
    const change = this.own.transaction("drafts", "readwrite", { durability: "strict" });
    await Promise.all([change.store.put(draft), change.done]);
  }
}
