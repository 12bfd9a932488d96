// A typed code of which no answer came: the same scan when it is typed again at once, and never somebody else's.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Clock } from "../../ticketing/checkin/ui/gate/clock";
import { Unanswered } from "../../ticketing/checkin/ui/gate/unanswered";

test("the code typed next within a minute, the same way, is the same scan", () => {
  let at = 0;
  const unanswered = new Unanswered(new Clock(undefined, () => ({ wall: at, steady: at })));
  const after = (milliseconds: number, ...next: ["7KQ2-M9XA" | "86BZ-XCGE", "in" | "out"][]): (string | undefined)[] => {
    unanswered.note("7KQ2-M9XA", "in", "scan-1");
    at += milliseconds;
    return next.map(([text, way]) => unanswered.take(text, way));
  };
  assert.deepEqual(after(59_999, ["7KQ2-M9XA", "in"], ["7KQ2-M9XA", "in"]), ["scan-1", undefined]);
  assert.deepEqual(after(60_000, ["7KQ2-M9XA", "in"]), [undefined]);
  assert.deepEqual(after(1_000, ["86BZ-XCGE", "in"], ["7KQ2-M9XA", "in"]), [undefined, undefined]);
  assert.deepEqual(after(1_000, ["7KQ2-M9XA", "out"]), [undefined]);
});
