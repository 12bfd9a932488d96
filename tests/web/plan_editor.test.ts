// What the plan editor knows of a hall, against a service that is not there.
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { ApiError } from "@fairground/api";
import { Plan, unkey, written, type Booth, type Draft, type Square } from "../../booths/floorplan/ui/editor/model";

const draft = (code: string, cells: Square[]): Draft => ({ code, cells, zone: "", power_watts: 0, price_minor: 0 });

let stored: Booth[] = [];
let refuse = "";
let last = 10;

beforeEach(() => {
  stored = [booth(1, draft("A09", [[0, 0]])), booth(2, draft("A10", [[1, 0], [2, 0]]))];
  refuse = "";
});

function booth(id: number, given: Draft): Booth {
  return { ...given, id, hall_id: 7, written: "", currency: "VND", state: "free", organisation: "" };
}

Object.assign(globalThis, {
  document: { documentElement: { lang: "en" }, querySelector: () => null },
  fetch: async (path: string, { method, body }: { method: string; body?: string }) => {
    const answer = (status: number, value?: unknown) => new Response(value === undefined ? null : JSON.stringify(value), { status, headers: { "content-type": "application/json" } });
    if (refuse && method !== "GET") return answer(409, { code: refuse, message: "No." });
    const id = Number(path.match(/booths\/(\d+)$/)?.[1]);
    if (method === "GET") return answer(200, [{ id: 7, name: "A", width: 4, depth: 3, booths: stored }]);
    if (method === "DELETE") {
      stored = stored.filter((found) => found.id !== id);
      return answer(204);
    }
    const saved = booth(id || ++last, JSON.parse(body ?? "{}") as Draft);
    stored = [...stored.filter((found) => found.id !== id), saved];
    return answer(method === "POST" ? 201 : 200, saved);
  },
});

async function loaded(): Promise<Plan> {
  const plan = new Plan(1, 7);
  await plan.load();
  return plan;
}

const codes = () => stored.map(({ code }) => code).sort();

test("cells are written as people do", () => {
  assert.deepEqual([[0, 0], [25, 1], [26, 9]].map((square) => written(square as Square)), ["A1", "Z2", "AA10"]);
  assert.deepEqual(unkey("3,4"), [3, 4]);
});

test("the next booth follows the last one", async () => {
  const plan = await loaded();
  assert.equal(plan.nextCode(), "A11");
  assert.equal(plan.at([2, 0])?.code, "A10");
  assert.equal(plan.at([3, 0]), undefined);
});

test("each change is undone, the last one first", async () => {
  const plan = await loaded();
  const made = await plan.create(draft("A11", [[0, 1]]));
  await plan.change(made.id, draft("A12", [[0, 1], [1, 1]]));
  await plan.remove(2);
  assert.deepEqual(codes(), ["A09", "A12"]);
  await plan.undo();
  assert.deepEqual(codes(), ["A09", "A10", "A12"]);
  await plan.undo();
  assert.deepEqual(codes(), ["A09", "A10", "A11"]);
  await plan.undo();
  assert.deepEqual(codes(), ["A09", "A10"]);
  assert.equal(plan.canUndo, false);
});

test("a booth that came back is still followed by earlier steps", async () => {
  const plan = await loaded();
  await plan.change(1, draft("A08", [[0, 0]]));
  await plan.remove(1);
  await plan.undo();
  await plan.undo();
  assert.deepEqual(codes(), ["A09", "A10"]);
});

test("what the service refuses changes nothing", async () => {
  const plan = await loaded();
  refuse = "cell_occupied";
  await assert.rejects(plan.create(draft("A11", [[0, 0]])), (error: unknown) => error instanceof ApiError && error.code === "cell_occupied");
  assert.equal(plan.canUndo, false);
  assert.equal(plan.hall.booths.length, 2);
});
