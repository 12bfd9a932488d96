// When a gate phone no longer waits for a service that answers slowly, and when it does again.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Pace } from "../../ticketing/checkin/ui/gate/pace";

const after = (answers: number[], asked: number[] = []): boolean => {
  const pace = new Pace();
  for (const took of answers) pace.answered(took);
  for (const took of asked) pace.asked(took);
  return pace.tooSlow;
};

test("three slow answers in a row are too slow, fewer or interrupted ones are not", () => {
  assert.equal(after([2_400, 1_201]), false);
  assert.equal(after([2_400, 1_201, 1_201]), true);
  assert.equal(after([2_400, 2_400, 1_200, 2_400, 2_400]), false);
});

test("two quick answers in a row bring it back", () => {
  const slow = [2_400, 2_400, 2_400];
  assert.equal(after(slow, [599]), true);
  assert.equal(after(slow, [599, 600, 599]), true);
  assert.equal(after(slow, [600, 599, 599]), false);
});

test("who is back has three slow answers again", () => {
  const pace = new Pace();
  for (let n = 0; n < 3; n++) pace.answered(2_000);
  for (let n = 0; n < 2; n++) pace.asked(100);
  pace.answered(2_000);
  pace.answered(2_000);
  assert.equal(pace.tooSlow, false);
  pace.answered(2_000);
  assert.equal(pace.tooSlow, true);
});
