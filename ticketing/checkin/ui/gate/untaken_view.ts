// What the service did not take, above the last scans: how many, a file of them, and a way to take them off the phone.

import { t, tn } from "@fairground/i18n";
import type { Verdict } from "./judge";
import { notice } from "./notices";
import type { Store } from "./store";
import { asSheet, type Untaken } from "./untaken";
import { momentTold, word } from "./words";

export class UntakenView {
  private readonly part = document.getElementById("untaken") as HTMLElement;
  private readonly remove = document.getElementById("untaken-remove") as HTMLButtonElement;
  private scans: Untaken[] = [];
  /** The ids of those that were saved as a file: no other may go. */
  private saved = new Set<string>();

  constructor(
    private readonly store: Store,
    private readonly open: () => void,
  ) {
    document.getElementById("untaken-save")?.addEventListener("click", () => this.save());
    this.remove.addEventListener("click", () => void this.drop());
  }

  /** Say what there is now. */
  async show(timezone: string, now: Date): Promise<void> {
    this.scans = await this.store.untaken();
    const count = this.scans.length;
    this.part.hidden = count === 0;
    this.remove.disabled = !this.scans.every(({ id }) => this.saved.has(id));
    const sentence = count === 0 ? "" : tn("{n} scan was not taken by the service.", "{n} scans were not taken by the service.", count);
    const line = notice("untaken", sentence, "bad", () => this.open());
    line?.setAttribute("aria-haspopup", "dialog");
    (document.getElementById("untaken-words") as HTMLElement).textContent = sentence;
    const told = this.scans.map((scan) => {
      const at = momentTold(new Date(scan.device_at), timezone, now);
      return Object.assign(document.createElement("li"), { textContent: [at, word({ verdict: scan.shown as Verdict }), why(scan.error)].join(" · ") });
    });
    document.getElementById("untaken-scans")?.replaceChildren(...told);
  }

  private save(): void {
    const address = URL.createObjectURL(new Blob(["\ufeff", asSheet(this.scans)], { type: "text/csv" }));
    const link = Object.assign(document.createElement("a"), { href: address, download: "fairground-scans.csv" });
    link.click();
    setTimeout(() => URL.revokeObjectURL(address), 60_000);
    this.saved = new Set(this.scans.map(({ id }) => id));
    this.remove.disabled = false;
  }

  /** Off the phone: the button can be touched only while all of them were saved. */
  private async drop(): Promise<void> {
    await this.store.dropUntaken([...this.saved]);
    this.part.hidden = true;
    notice("untaken", "");
  }
}

function why(error: string): string {
  return error === "nonce_taken" ? t("its number stands for another scan") : t("its list or gate is not of this festival");
}
