import assert from "node:assert/strict";
import { test } from "node:test";
import { asCodes, fromCode, inOneCode, type HandedScan } from "../../ticketing/checkin/ui/gate/handed";

const scan = (number: number, more: Partial<HandedScan["body"]> = {}): HandedScan => ({
  id: `0f8fad5b-d9cb-469f-a165-70867728${String(number).padStart(4, "0")}`,
  body: { code: "A".repeat(134) + "7", device_at: "2026-10-16T01:02:03.456Z", shown: "admitted", way: "in", list: 7, gate: 12, ...more },
});

test("what a phone did not send comes out of its codes as it was, in whatever order they are read", () => {
  const scans = [scan(1), scan(2, { shown: "already_admitted", way: "out" }), ...Array.from({ length: 5 }, (_, place) => scan(place + 3))];
  const codes = asCodes(41, scans);
  assert.equal(codes.length, Math.ceil(scans.length / inOneCode));
  const read = codes.reverse().map((code) => fromCode(code));
  assert.deepEqual(read.map((one) => [one?.part, one?.parts, one?.device]), [[3, 3, 41], [2, 3, 41], [1, 3, 41]]);
  assert.deepEqual(read.reverse().flatMap((one) => one?.scans ?? []), scans);
});

test("the codes are of capitals, digits and signs that a QR code packs closely", () => {
  for (const code of asCodes(41, [scan(1), scan(2)])) assert.match(code, /^[0-9A-Z $%*+\-./:]+$/);
});

test("a code that is none of these, or is cut, says nothing", () => {
  const [code = ""] = asCodes(41, [scan(1), scan(2)]);
  for (const other of ["", "https://example.org/p/ABC", "FAIRGROUND-SCANS-1", "FAIRGROUND-SCANS-1:1/1:41", code.replace("SCANS-1", "SCANS-2"), code.replace(":41:", ":x:"), code.replace("0F8FAD5B", "ZF8FAD5B"), `${code}:`]) {
    assert.equal(fromCode(other), undefined, other);
  }
});

test("nothing that waits is no code", () => {
  assert.deepEqual(asCodes(41, []), []);
});

test("every word that a phone can have shown comes out of its codes, and one that is not known as no pass", () => {
  const words = ["blocked", "unpaid", "cancelled", "wrong_type", "full", "question_required", "bad_signature", "wrong_edition"];
  const read = asCodes(41, [...words, "something_new"].map((shown, place) => scan(place + 1, { shown }))).flatMap((code) => fromCode(code)?.scans ?? []);
  assert.deepEqual(read.map(({ body }) => body.shown), [...words, "unknown"]);
});

test("a time or a number that no service takes is no code, so that nothing stands behind it in the queue", () => {
  const [code = ""] = asCodes(41, [scan(1, { device_at: "9999-10-16T01:02:03.456Z" })]);
  assert.equal(fromCode(code), undefined);
  const [good = ""] = asCodes(41, [scan(1)]);
  assert.equal(fromCode(good.replace(":41:", ":99999999999:")), undefined);
});
