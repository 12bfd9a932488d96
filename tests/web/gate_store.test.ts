// What a gate phone knows where nothing can be kept on it: Node has no IndexedDB, as a broken profile has none.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Answer } from "../../ticketing/checkin/ui/gate/judge";
import { Own, type OwnScan } from "../../ticketing/checkin/ui/gate/own";
import { Store, type Bundle } from "../../ticketing/checkin/ui/gate/store";
import { asSheet, settled, type Untaken } from "../../ticketing/checkin/ui/gate/untaken";

const scan: OwnScan = { id: "scan-0001", list: 1, serial: 40, at: 7, inward: true, gate: "Cổng A", handedIn: false };

test("without a disk the bundle and whom it let in are known while the page is open", async () => {
  const store = await Store.open();
  const own = await Own.open(store);
  assert.deepEqual([await store.bundle(), await store.measured(), own.of(1, 40)], [undefined, undefined, []]);
  const bundle = { gate: "Cổng A" } as Bundle;
  await store.keep(bundle);
  await store.keepMeasured({ offset: 1_500, server: 7 });
  await own.add(scan);
  assert.deepEqual([await store.bundle(), await store.measured()], [bundle, { offset: 1_500, server: 7 }]);
  assert.deepEqual([own.of(1, 40), own.of(2, 40), own.of(1, 41)], [[scan], [], []]);
  await store.forget();
  own.forget();
  assert.deepEqual([await store.bundle(), await store.measured(), own.of(1, 40)], [undefined, undefined, []]);
});

test("a scan of this phone is forgotten when the service has it and has told of it since", async () => {
  const own = await Own.open(await Store.open());
  await own.add(scan);
  await own.add({ ...scan, id: "scan-0002", at: 3, inward: false });
  assert.deepEqual(own.of(1, 40).map(({ id }) => id), ["scan-0002", "scan-0001"]);
  assert.deepEqual(own.known(), []);
  await own.handedIn(["scan-0001", "scan-0009"]);
  const asked = own.known();
  assert.deepEqual(asked, ["scan-0001"]);
  await own.handedIn(["scan-0002"]); // after the service was asked
  await own.drop(asked);
  assert.deepEqual(own.of(1, 40).map(({ id }) => id), ["scan-0002"]);
  await own.drop(own.known());
  assert.deepEqual([own.of(1, 40), [...own.serials]], [[], []]);
});

test("what the service did not take stays in the queue where no disk keeps it", async () => {
  const body = { code: "A", device_at: "2026-10-16T09:00:00Z", shown: "admitted" };
  const records = ["scan-0001", "scan-0002", "scan-0003"].map((id, seq) => ({ id, seq, body, addedAt: 0, tries: 0 }));
  const answers: Answer[] = [
    { client_id: "scan-0001", verdict: "admitted" },
    { client_id: "scan-0002", verdict: "unknown", error: "list_not_found" },
  ];
  const kept: unknown[] = [];
  const disk = { keepUntaken: (scans: unknown[]) => Promise.resolve(kept.push(...scans) > 0) } as unknown as Store;
  assert.deepEqual(await settled(records, answers, await Store.open()), { ids: ["scan-0001"], taken: ["scan-0001"] });
  assert.deepEqual(await settled(records, answers, disk), { ids: ["scan-0001", "scan-0002"], taken: ["scan-0001"] });
  assert.deepEqual(kept, [{ ...body, id: "scan-0002", error: "list_not_found" }]);
  const [head, line] = asSheet(kept as Untaken[]).split("\r\n");
  assert.equal(head, "device_at,device_clock,clock,gate,list,way,shown,code,error,id");
  assert.equal(line, '"2026-10-16T09:00:00Z","","","","","","admitted","A","list_not_found","scan-0002"');
});
