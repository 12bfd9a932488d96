// What the judge's tablet keeps when answers and bundles arrive in any order.
import assert from "node:assert/strict";
import { test } from "node:test";
import { answered, draftOf, inLine, isOnlyHere, isOpen, isWhole, refreshed, type Draft, type Receipt, type Round, type Task } from "../../app/judging/ui/tablet/model";

const entry = { id: 1, title: "Giấy sắn", summary: "", problem: "", solution: "", progress: "", team_name: "", category: "", ward: "" };
const task: Task = { assignment_id: 7, round_id: 1, entry, head: null };
const judged: Task = { ...task, head: { hash: "h2", number: 2, scores: { "1": 5 }, comment_to_team: "Tốt", comment_to_jury: "" } };
const round: Round = {
  id: 1,
  number: 1,
  name: "",
  contest: "",
  edition: "",
  open: true,
  closes_at: null,
  criteria: [1, 2].map((id) => ({ id, name: "", weight: 1, min: 1, max: 5, anchors: {} })),
};
const receipt: Receipt = { client_id: "c", status: "saved", reason: null, number: 1, head_hash: "h1", code: null, message: null };

function draft(values: Partial<Draft>): Draft {
  return { ...draftOf(task), ...values };
}

test("a draft is whole when every criterion has a score", () => {
  assert.equal(isWhole(draft({ scores: { "1": 3 } }), round), false);
  assert.equal(isWhole(draft({ scores: { "1": 3, "2": 4 } }), round), true);
});

test("what is begun or was not taken is on this tablet only", () => {
  const states = ["empty", "typing", "queued", "saved", "aside", "refused"] as const;
  assert.deepEqual(states.filter((state) => isOnlyHere(draft({ state }))), ["typing", "refused"]);
});

test("a ballot that is just being put in line counts as waiting already", () => {
  const queued = draft({ state: "queued" });
  assert.equal(inLine([queued, draft({ state: "typing" }), draft({ state: "saved" })], 0), 1);
  assert.equal(inLine([queued], 2), 2);
  assert.equal(inLine([draft({ state: "saved" })], 0), 0);
});

test("a round closes at its hour, also while the tablet has no network", () => {
  const end = Date.parse("2026-10-16T10:00:00Z");
  const ending = { ...round, closes_at: "2026-10-16T10:00:00Z" };
  assert.equal(isOpen(round, end), true);
  assert.equal(isOpen(ending, end - 1), true);
  assert.equal(isOpen(ending, end), false);
  assert.equal(isOpen({ ...round, open: false }, end), false);
});

test("a bundle that is older than an answer does not undo it", () => {
  const saved = answered(draft({ scores: { "1": 3 }, state: "queued", client_id: "c" }), receipt);
  assert.equal(saved.state, "saved");
  assert.deepEqual(refreshed(saved, task), saved);
  assert.equal(refreshed(saved, judged).base_hash, "h2");
});

test("what is written and not answered stays, whatever the bundle says", () => {
  for (const state of ["typing", "queued", "refused"] as const) {
    const kept = draft({ state, scores: { "1": 2 } });
    assert.deepEqual(refreshed(kept, judged), kept);
  }
  assert.equal(refreshed(undefined, judged).comment_to_team, "Tốt");
});

test("an answer to an older version moves the base and leaves the newer version in place", () => {
  const newer = draft({ state: "typing", client_id: "c2", scores: { "1": 4 } });
  const moved = answered(newer, receipt);
  assert.deepEqual([moved.state, moved.base_hash, moved.scores], ["typing", "h1", { "1": 4 }]);
  const typing = answered(draft({ state: "typing", client_id: "c" }), receipt);
  assert.deepEqual([typing.state, typing.base_hash], ["typing", "h1"]);
});

test("what was set aside or refused says so", () => {
  const queued = draft({ state: "queued", client_id: "c" });
  const aside = answered(queued, { ...receipt, status: "set_aside", reason: "conflict", number: 3, head_hash: "h3" });
  assert.deepEqual([aside.state, aside.said, aside.base_hash], ["aside", "conflict", "h3"]);
  assert.deepEqual(refreshed(aside, judged), aside);
  const settled: Task = { ...task, head: { ...judged.head!, hash: "h4", number: 4 } };
  assert.equal(refreshed(aside, settled).state, "saved");
  const refused = answered(queued, { ...receipt, status: "refused", message: "Không được", head_hash: "" });
  assert.deepEqual([refused.state, refused.said, refused.base_hash], ["refused", "Không được", ""]);
});
