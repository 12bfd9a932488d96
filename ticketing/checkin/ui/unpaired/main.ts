// A phone that was withdrawn and opens the gate's page again: what it has not sent can still be had from it.

import { Queue } from "@fairground/queue";
import { HandingOver } from "../gate/handing_over";
import type { OfflineScan } from "../gate/service";
import { Store } from "../gate/store";

async function main(): Promise<void> {
  const [store, queue] = await Promise.all([Store.open(), Queue.open<OfflineScan>("fairground-gate-queue")]);
  new HandingOver(store, queue);
}

void main();
