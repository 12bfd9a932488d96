// What a gate phone knows where nothing can be kept on it: Node has no IndexedDB, as a broken profile has none.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Store, type Bundle } from "../../ticketing/checkin/ui/gate/store";

test("without a disk the bundle and who is in are known while the page is open", async () => {
  const store = await Store.open();
  assert.deepEqual([await store.bundle(), await store.measured(), await store.entry("1:A")], [undefined, undefined, undefined]);
  const bundle = { gate: "Cổng A" } as Bundle;
  await store.keep(bundle);
  await store.keepMeasured({ offset: 1_500, server: 7 });
  await store.enter({ key: "1:A", at: 7, gate: "Cổng A" });
  assert.deepEqual([await store.bundle(), await store.measured()], [bundle, { offset: 1_500, server: 7 }]);
  assert.deepEqual(await store.entry("1:A"), { key: "1:A", at: 7, gate: "Cổng A" });
  await store.leave("1:A");
  assert.equal(await store.entry("1:A"), undefined);
  await store.forget();
  assert.deepEqual([await store.bundle(), await store.measured()], [undefined, undefined]);
});
