// The browser's verifier against the vectors that the Python side wrote.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { codeIn, looksLikePass, passCovers, verifyPass } from "@fairground/passes";

interface Vector {
  name: string;
  public_key_hex: string;
  key_id: number;
  edition: number;
  serial: number;
  kind: string;
  valid_from: number;
  valid_until: number;
  code: string;
  valid: boolean;
  reason: string;
  /** Minutes, and whether the pass counts then. */
  moments?: [number, boolean][];
}

const file = `${process.env.FAIRGROUND_ROOT}/tests/events/pass_vectors.json`;
const vectors = JSON.parse(readFileSync(file, "utf8")) as Vector[];
const epoch = Date.UTC(2020, 0, 1);
const keysOf = ({ key_id, public_key_hex }: Vector) => new Map([[key_id, Uint8Array.from(Buffer.from(public_key_hex, "hex"))]]);

test("there are genuine and false vectors", () => {
  assert.ok(vectors.filter(({ valid }) => valid).length >= 5);
  assert.ok(vectors.filter(({ valid }) => !valid).length >= 5);
});

for (const vector of vectors) {
  test(vector.name, () => {
    const verdict = verifyPass(vector.code, keysOf(vector));
    if (!vector.valid) {
      assert.deepEqual(verdict, { valid: false, reason: vector.reason });
      return;
    }
    assert.ok(verdict.valid);
    assert.deepEqual(verdict.pass, {
      keyId: vector.key_id,
      edition: vector.edition,
      serial: vector.serial,
      kind: vector.kind,
      validFrom: new Date(epoch + vector.valid_from * 60_000),
      validUntil: new Date(epoch + vector.valid_until * 60_000),
    });
    assert.ok(looksLikePass(vector.code));
    assert.equal(verdict.code, codeIn(vector.code));
    assert.ok(passCovers(verdict.pass, verdict.pass.validFrom));
    assert.ok(!passCovers(verdict.pass, verdict.pass.validUntil));
    for (const [minute, counts] of vector.moments ?? []) {
      assert.equal(passCovers(verdict.pass, new Date(epoch + minute * 60_000)), counts);
    }
  });
}

test("any single changed character of a genuine code is refused", () => {
  const vector = vectors.find(({ valid }) => valid) as Vector;
  const keys = keysOf(vector);
  for (let at = 0; at < vector.code.length; at += 7) {
    const changed = vector.code.slice(0, at) + (vector.code[at] === "A" ? "B" : "A") + vector.code.slice(at + 1);
    assert.equal(verifyPass(changed, keys).valid, false);
  }
});
