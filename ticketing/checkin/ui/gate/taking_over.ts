// Scans that another phone could not send and shows as codes: put in line here, as that phone's.

import { t, tn } from "@fairground/i18n";
import type { Queue } from "@fairground/queue";
import type { Handed } from "./handed";
import type { Screen } from "./screen";
import type { OfflineScan } from "./service";

export class TakingOver {
  /** Phones whose scans are taken over here, until this page is opened again. */
  private readonly phones = new Set<number>();

  constructor(private readonly queue: Queue<OfflineScan>) {}

  /** Take over what a code says, and say so. */
  async take({ part, parts, device, scans }: Handed, screen: Screen): Promise<void> {
    // Anybody can hold up such a code: who stands at the gate says whether a colleague does.
    if (!this.phones.has(device) && !confirm(t("Another gate phone shows scans that it could not send. Take them over?"))) return;
    this.phones.add(device);
    for (const { id, body } of scans) await this.queue.add({ ...body, device }, id);
    const words = tn("{n} scan of the other phone was taken over.", "{n} scans of the other phone were taken over.", scans.length);
    await screen.say(t("{n} of {all}", { n: part, all: parts }), words);
  }
}
