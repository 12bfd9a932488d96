// What a phone counted last: each is taken back once, the latest first, after a reload, too.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Taps, type Memory } from "../../ticketing/checkin/ui/counting/taps";

function memory(): Memory {
  const kept = new Map<string, string>();
  return {
    value: async <Value>(name: string) => (kept.has(name) ? (JSON.parse(kept.get(name) ?? "") as Value) : undefined),
    remember: async (name, value) => void kept.set(name, JSON.stringify(value)),
  };
}

test("each count is taken back once, the latest first", async () => {
  const disk = memory();
  const taps = await Taps.open(disk);
  await taps.counted("one", 1);
  await taps.counted("five", 5);
  assert.deepEqual([taps.last(), taps.first], [{ id: "five", visitors: 5 }, { id: "one", visitors: 1 }]);
  await taps.keep();
  const again = await Taps.open(disk);
  assert.deepEqual([again.last(), again.last()], [{ id: "one", visitors: 1 }, undefined]);
});

test("only the last twenty are kept", async () => {
  const taps = await Taps.open(memory());
  for (let n = 0; n < 25; n++) await taps.counted(`tap-${n}`, 1);
  const found: string[] = [];
  for (let one = taps.last(); one; one = taps.last()) found.push(one.id);
  assert.deepEqual([found.length, found[0], found.at(-1)], [20, "tap-24", "tap-5"]);
});
