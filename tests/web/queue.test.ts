// The queue where nothing can be kept on the device: Node has no IndexedDB, as a broken profile has none.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Queue, type Keeping } from "@fairground/queue";

interface Body {
  n: number;
}

test("without a disk records wait in memory, once for each id, and are sent in order", async () => {
  const queue = await Queue.open<Body>("nowhere");
  const told: [number, Keeping][] = [];
  queue.observe((count, keeping) => told.push([count, keeping]));
  for (const n of [1, 2, 1, 3]) await queue.add({ n }, `id-${n}`);
  assert.equal(await queue.count(), 3);
  assert.equal(queue.wouldLose, true);
  assert.deepEqual(told.at(-1), [3, "memory"]);

  await assert.rejects(queue.flush(() => Promise.reject(new Error("down"))), { message: "down" });
  assert.deepEqual(await queue.pending(1).then(([first]) => [first?.body.n, first?.tries]), [1, 1]);

  const sent: number[] = [];
  const settled = await queue.flush((records) => {
    sent.push(...records.map(({ body }) => body.n));
    return Promise.resolve(records.map(({ id }) => id));
  });
  assert.deepEqual([settled, sent, await queue.count(), queue.wouldLose], [3, [1, 2, 3], 0, false]);
  assert.deepEqual(told.at(-1), [0, "memory"]);
});
