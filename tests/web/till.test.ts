import assert from "node:assert/strict";
import { test } from "node:test";
import { typedAmount, written } from "../../ticketing/sales/ui/counter/till";

test("what is given is read as people type it", () => {
  for (const [text, places, minor] of [
    ["200.000", 0, 200_000],
    ["200 000 ₫", 0, 200_000],
    ["", 0, 0],
    ["12,50", 2, 1_250],
    ["12.5", 2, 1_250],
    ["x", 2, 0],
  ] as const) {
    assert.equal(typedAmount(text, places), minor, text);
  }
});

test("amounts read as the server writes them", () => {
  assert.equal(written(1_250_000, "VND", 0, "en"), "1.250.000\u00a0₫");
  assert.equal(written(50_000, "IDR", 0, "vi"), "Rp50.000");
  assert.equal(written(1_250, "EUR", 2, "en"), "12.50\u00a0EUR");
});
