import assert from "node:assert/strict";
import { test } from "node:test";
import { saidAmount, typedAmount, written } from "@fairground/money";

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

test("what is typed is said again as pages say amounts", () => {
  for (const [text, currency, said] of [
    ["1250000", "VND", "1.250.000\u00a0₫"],
    ["1,250,000 đ", "VND", "1.250.000\u00a0₫"],
    ["Rp 50.000", "IDR", "Rp50.000"],
    ["1.250,5", "EUR", "1,250.50\u00a0EUR"],
    ["1250.50", "EUR", "1,250.50\u00a0EUR"],
    ["12.50", "VND", "12.50"],
    ["-5", "VND", "-5"],
    ["x", "EUR", "x"],
    ["", "VND", ""],
  ] as const) {
    assert.equal(saidAmount(text, currency, "en"), said, text);
  }
  assert.equal(saidAmount("1250.50", "EUR", "vi"), "1.250,50\u00a0EUR");
});
