// The last scans of a phone: how many, what is known of them, and that none outlives the phone's withdrawal.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Stamp } from "../../ticketing/checkin/ui/gate/clock";
import type { Answer } from "../../ticketing/checkin/ui/gate/judge";
import { Recent } from "../../ticketing/checkin/ui/gate/recent";
import { Store } from "../../ticketing/checkin/ui/gate/store";

const at = (second: number): Stamp => ({ at: new Date(second * 1_000), device: new Date(second * 1_000 - 7), trust: "kept" });
const answer = (n: number, more: Partial<Answer> = {}): Answer => ({ client_id: `scan-${n}`, verdict: "admitted", label: "Vé", ...more });

test("the last fifty are kept, the newest first, with both times and how well they are known", async () => {
  const store = await Store.open();
  const recent = await Recent.open(store);
  for (let n = 0; n < 60; n++) await recent.add(answer(n), at(n), "Cổng A", "in", true);
  const again = await Recent.open(store);
  assert.deepEqual(again.all, recent.all);
  assert.deepEqual([again.all.length, again.all[0]?.id, again.all.at(-1)?.id], [50, "scan-59", "scan-10"]);
  const first = { id: "scan-59", verdict: "admitted", label: "Vé", at: 59_000, device: 58_993, trust: "kept", gate: "Cổng A", way: "in", alone: true };
  assert.deepEqual(again.all[0], first);
});

test("the same scan asked again is one line", async () => {
  const recent = await Recent.open(await Store.open());
  await recent.add(answer(1), at(1), "Cổng A", "in", false);
  await recent.add(answer(1, { replayed: true }), at(9), "Cổng A", "in", false);
  assert.deepEqual(recent.all.map(({ id, at: when }) => [id, when]), [["scan-1", 9_000]]);
});

test("what the service says later is noted of scans that this phone judged otherwise, and of those alone", async () => {
  const store = await Store.open();
  const recent = await Recent.open(store);
  await recent.add(answer(1), at(1), "Cổng A", "in", true);
  await recent.add(answer(2), at(2), "Cổng A", "in", true);
  await recent.add(answer(3), at(3), "Cổng A", "in", false);
  await recent.heard([answer(1, { verdict: "late_conflict" }), answer(2), answer(3, { verdict: "expired" }), answer(4)]);
  const said = (await Recent.open(store)).all.map(({ id, said: word }) => [id, word]);
  assert.deepEqual(said, [["scan-3", undefined], ["scan-2", undefined], ["scan-1", "late_conflict"]]);
});

test("a phone that is withdrawn keeps none", async () => {
  const store = await Store.open();
  const recent = await Recent.open(store);
  await recent.add(answer(1), at(1), "Cổng A", "in", true);
  recent.forget();
  await store.forget();
  assert.deepEqual([recent.all, (await Recent.open(store)).all], [[], []]);
});
