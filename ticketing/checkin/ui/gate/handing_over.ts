// "Hand over what was not sent": the scans of a phone that the service does not hear, or does not know any more, as a
// series of QR codes for another gate phone, and as a file for the gate lead.

import "./handing_over.css";
import { drawCode } from "@fairground/drawing";
import { t, tn } from "@fairground/i18n";
import { pageLocale } from "@fairground/page";
import type { Queue } from "@fairground/queue";
import { asCodes } from "./handed";
import type { OfflineScan } from "./service";
import type { Owner, Store } from "./store";

const many = 100_000;

export class HandingOver {
  private readonly dialog = element<HTMLDialogElement>("handing-over");
  private codes: string[] = [];
  private place = 0;
  private count = 0;

  constructor(
    private readonly store: Store,
    private readonly queue: Queue<OfflineScan>,
  ) {
    for (const button of openers()) button.addEventListener("click", () => void this.open());
    element("handing-over-close").addEventListener("click", () => this.dialog.close());
    element("handing-over-before").addEventListener("click", () => void this.turn(-1));
    element("handing-over-next").addEventListener("click", () => void this.turn(1));
    element("handing-over-share").addEventListener("click", () => void this.share());
    element("handing-over-give-up").addEventListener("click", () => void this.giveUp());
    queue.observe((count) => this.waits(count));
  }

  private waits(count: number): void {
    this.count = count;
    for (const button of openers()) button.hidden = count === 0;
    element("handing-over-count").textContent = tn("{n} scan was not sent.", "{n} scans were not sent.", count);
    if (count === 0 && this.dialog.open) this.dialog.close();
  }

  private async open(): Promise<void> {
    const owner = await this.store.owner();
    const records = await this.queue.pending(many);
    // What another phone showed this one is handed on by the file, which says whose each is, and answers are in it.
    this.codes = owner ? asCodes(owner.device, records.filter(({ body }) => body.device === undefined && !body.answers)) : [];
    this.place = 0;
    if (!this.dialog.open) this.dialog.showModal();
    await this.draw();
  }

  private async turn(step: number): Promise<void> {
    this.place = Math.min(Math.max(0, this.place + step), this.codes.length - 1);
    await this.draw();
  }

  private async draw(): Promise<void> {
    const { codes, place } = this;
    const shown = codes[place];
    element("handing-over-codes").hidden = shown === undefined;
    if (shown === undefined) return;
    const numbers = new Intl.NumberFormat(pageLocale());
    const told = t("{n} of {all}", { n: numbers.format(place + 1), all: numbers.format(codes.length) });
    element("handing-over-place").textContent = told;
    element<HTMLButtonElement>("handing-over-before").disabled = place === 0;
    element<HTMLButtonElement>("handing-over-next").disabled = place === codes.length - 1;
    const picture = await drawCode(shown, told);
    if (place === this.place) element("handing-over-code").replaceChildren(picture);
  }

  private async share(): Promise<void> {
    const owner = await this.store.owner();
    if (!owner) return;
    const file = fileOf(owner, await this.queue.pending(many));
    const shared = { files: [file] };
    if ((navigator as Partial<Navigator>).canShare?.(shared)) {
      await navigator.share(shared).catch(() => undefined); // whoever thinks better of it has shared nothing
      return;
    }
    const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(file), download: file.name });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  }

  /** The gate lead has them, or does without them. */
  private async giveUp(): Promise<void> {
    const sentence = tn("{n} scan leaves this phone for good. Has the gate lead got it?", "{n} scans leave this phone for good. Has the gate lead got them?", this.count);
    if (confirm(sentence)) await this.queue.strikeAll();
  }
}

function fileOf({ device, edition }: Owner, records: { id: string; body: OfflineScan }[]): File {
  const scans = records.map(({ id, body }) => ({ client_id: id, ...body }));
  const name = `gate-scans-${device}-${new Date().toISOString().slice(0, 16).replace(/\D/g, "")}.json`;
  return new File([JSON.stringify({ device, edition, scans })], name, { type: "application/json" });
}

function openers(): NodeListOf<HTMLElement> {
  return document.querySelectorAll<HTMLElement>("[data-hand-over]");
}

function element<E extends HTMLElement>(id: string): E {
  return document.getElementById(id) as E;
}
