// What a gate phone answers alone, without the service.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { setMessages } from "@fairground/i18n";
import { asSent, isPartial, judge, type Answer } from "../../ticketing/checkin/ui/gate/judge";
import { Own, type OwnScan } from "../../ticketing/checkin/ui/gate/own";
import { Store, type Bundle } from "../../ticketing/checkin/ui/gate/store";

setMessages({});

interface Vector {
  name: string;
  public_key_hex: string;
  key_id: number;
  edition: number;
  serial: number;
  valid_from: number;
  valid_until: number;
  code: string;
}

const file = `${process.env.FAIRGROUND_ROOT}/tests/events/pass_vectors.json`;
const vectors = JSON.parse(readFileSync(file, "utf8")) as Vector[];
const epoch = Date.UTC(2020, 0, 1);
const named = (name: string) => vectors.find((vector) => vector.name === name) as Vector;
const dayPass = named("a pass for one day in Hanoi");
const begin = epoch + dayPass.valid_from * 60_000;
const end = epoch + dayPass.valid_until * 60_000;

const bundle: Bundle = {
  server_time: new Date(begin).toISOString(),
  edition_id: 1,
  edition: "Hội chợ",
  timezone: "Asia/Ho_Chi_Minh",
  gate_id: 1,
  gate: "Cổng A",
  list_id: 1,
  list_name: "Cửa vào",
  list_active: true,
  list_exits: false,
  pass_kinds: [],
  public_keys: { [dayPass.key_id]: dayPass.public_key_hex },
  revoked: [],
  labels: [],
  label_of: "",
};

const nothing = await Own.open(await Store.open());

const ask = (code: string, at: number, changes: Partial<Bundle> = {}, own = nothing): Answer =>
  judge(code, "scan-0001", { ...bundle, ...changes }, own, new Date(at));

test("a pass for one day counts on that day alone, and the refusal says which", async () => {
  const day = { valid_from: new Date(begin).toISOString(), valid_until: new Date(end).toISOString() };
  for (const [at, verdict] of [
    [begin - 1, "not_valid_yet"],
    [begin, "admitted"],
    [end - 1, "admitted"],
    [end, "expired"],
  ] as const) {
    const answer = ask(dayPass.code, at);
    assert.equal(answer.verdict, verdict);
    assert.deepEqual({ valid_from: answer.valid_from, valid_until: answer.valid_until }, verdict === "admitted" ? { valid_from: undefined, valid_until: undefined } : day);
  }
});

test("a withdrawn pass, one of another kind or edition, and a forged one are refused", async () => {
  const verdict = (code: string, changes: Partial<Bundle> = {}) => ask(code, begin, changes).verdict;
  assert.equal(verdict(dayPass.code, { revoked: [dayPass.serial] }), "revoked");
  const blocked = ask(dayPass.code, begin, { revoked: [dayPass.serial], blocked: [dayPass.serial] });
  assert.deepEqual([blocked.verdict, blocked.reason], ["revoked", "blocked"]);
  assert.equal(ask(dayPass.code, begin, { revoked: [dayPass.serial], blocked: [] }).reason, undefined);
  assert.equal(verdict(dayPass.code, { pass_kinds: ["staff"] }), "wrong_list");
  assert.equal(verdict(dayPass.code, { edition_id: 2 }), "unknown");
  assert.equal(verdict(dayPass.code, { public_keys: {} }), "unknown");
  assert.equal(verdict(named("serial changed").code), "unknown");
});

test("a pass let in here today is refused, and the next morning it is let in again", async () => {
  const every = named("a visitor's pass");
  const at = epoch + every.valid_from * 60_000 + 3_600_000;
  const seen = await Own.open(await Store.open());
  const scan: OwnScan = { id: "scan-0000", list: 1, serial: every.serial, at, inward: true, gate: "Cổng A", handedIn: false };
  await seen.add(scan);
  const again = ask(every.code, at + 1000, {}, seen);
  assert.deepEqual([again.verdict, again.previous_gate, again.previous_at], ["already_admitted", "Cổng A", new Date(at).toISOString()]);
  assert.equal(ask(every.code, at + 24 * 3_600_000, {}, seen).verdict, "admitted");
});

test("the name of the ticket type is known by serial, and else the kind is said", async () => {
  const places = Buffer.alloc(dayPass.serial, 255);
  const label = (changes: Partial<Bundle>) => ask(dayPass.code, begin, changes).label;
  assert.equal(label({}), "Visitor");
  assert.equal(label({ labels: ["Vé"], label_of: places.toString("base64") }), "Visitor");
  places[dayPass.serial - 1] = 1;
  assert.equal(label({ labels: ["Vé", "Vé ngày thứ Bảy"], label_of: places.toString("base64") }), "Vé ngày thứ Bảy");
  assert.equal(label({ labels: ["Vé"], label_of: places.subarray(1).toString("base64") }), "Visitor");
});

test("a bundle is read once, however many passes are judged by it", async () => {
  let reads = 0;
  const places = Buffer.alloc(dayPass.serial, 0).toString("base64");
  const watched = new Proxy<Bundle>({ ...bundle, labels: ["Vé"], label_of: places, revoked: [7, 8, 9] }, {
    get(target, name: keyof Bundle) {
      if (["label_of", "public_keys", "revoked", "pass_kinds"].includes(name)) reads += 1;
      return target[name];
    },
  });
  const label = () => judge(dayPass.code, "scan-0001", watched, nothing, new Date(begin)).label;
  assert.equal(label(), "Vé");
  const first = reads;
  assert.equal(first, 4);
  for (let n = 0; n < 5; n++) assert.equal(label(), "Vé");
  assert.equal(reads, first);
});

test("whoever leaves is let out with any genuine pass of the edition", async () => {
  const verdict = (code: string, changes: Partial<Bundle> = {}) =>
    judge(code, "scan-0001", { ...bundle, ...changes }, nothing, new Date(end), "out").verdict;
  assert.equal(verdict(dayPass.code), "left");
  assert.equal(verdict(named("serial changed").code), "unknown");
  assert.equal(verdict(dayPass.code, { edition_id: 2 }), "unknown");
});

test("of a scanned pass the code alone is sent, however long the address around it", () => {
  assert.equal(asSent(` https://fair.example/${"a".repeat(900)}/p/${dayPass.code.toLowerCase()}\n`), dayPass.code);
  assert.equal(asSent(" 86bz-xcge "), "86bz-xcge");
});

test("the beginning of a short code is told from a whole one and from other words", () => {
  for (const text of ["7", "7KQ2", "7kq2-m9x"]) assert.equal(isPartial(text), true);
  for (const text of ["7KQ2-M9XT", "https://x", "Phở 24", ""]) assert.equal(isPartial(text), false);
});

test("a pass of an edition that was postponed counts on the new days under its old code", async () => {
  const minutes = 14 * 24 * 60;
  const shift = { key_shifts: { [dayPass.key_id]: minutes } };
  const later = minutes * 60_000;
  for (const [at, verdict] of [
    [begin, "not_valid_yet"],
    [begin + later - 1, "not_valid_yet"],
    [begin + later, "admitted"],
    [end + later - 1, "admitted"],
    [end + later, "expired"],
  ] as const) {
    assert.equal(ask(dayPass.code, at, shift).verdict, verdict);
  }
  const refused = ask(dayPass.code, begin, shift);
  assert.deepEqual([refused.valid_from, refused.valid_until], [new Date(begin + later).toISOString(), new Date(end + later).toISOString()]);
  assert.equal(ask(dayPass.code, begin, { key_shifts: { "9999": minutes } }).verdict, "admitted");
});
