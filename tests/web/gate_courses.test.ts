// What a phone alone answers to scans that follow one another, by the courses that the service is held to, too.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { setMessages } from "@fairground/i18n";
import type { ListRules } from "../../ticketing/checkin/ui/gate/hours";
import { judge, type Answer, type Way } from "../../ticketing/checkin/ui/gate/judge";
import { Own } from "../../ticketing/checkin/ui/gate/own";
import { Store, type Bundle } from "../../ticketing/checkin/ui/gate/store";
import { hear, type PassesAnswer } from "../../ticketing/checkin/ui/gate/told";

setMessages({});

interface Course extends Pick<PassesAnswer, "sorts" | "sort_of" | "gates"> {
  name: string;
  timezone: string;
  exits: boolean;
  rules: Omit<ListRules, "told" | "note">;
  passes: { serial: number; code: string }[];
  refused: NonNullable<PassesAnswer["refused"]>;
  steps: { at: string; way: Way; pass: number; verdict: string; reason: string; told: string }[];
}

const file = `${process.env.FAIRGROUND_ROOT}/tests/ticketing/checkin/courses.json`;
const { public_key_hex: key, courses } = JSON.parse(readFileSync(file, "utf8")) as { public_key_hex: string; courses: Course[] };

function answerOf({ sorts, sort_of, gates, refused }: Course, standings: string, whole: boolean): PassesAnswer {
  return { since: "1", whole, sorts, sorts_from: 1, sort_of, refused, gates, standings };
}

function bundleOf(course: Course): Bundle {
  const { timezone, exits, rules } = course;
  return {
    ...{ server_time: "2026-09-01T00:00:00Z", edition_id: 1, edition: "Hội chợ", timezone, gate_id: 1, gate: "Cổng A" },
    ...{ list_id: 1, list_name: "Cửa vào", list_active: true, list_exits: exits, pass_kinds: [], public_keys: { "1": key } },
    list_rules: { ...rules, opens_at: null, closes_at: null, told: "18:00–22:00", note: "", full: "đã đầy", other_types: "loại khác" },
    ...{ revoked: [], labels: [], label_of: "" },
    passes: hear(undefined, answerOf(course, "", true)),
  };
}

const said = ({ verdict, reason }: Answer): string[] => [verdict, reason ?? ""];

for (const course of courses) {
  test(`a phone that made every scan itself: ${course.name}`, async () => {
    const own = await Own.open(await Store.open());
    const bundle = bundleOf(course);
    for (const [number, { at, way, pass, verdict, reason }] of course.steps.entries()) {
      const { code, serial } = course.passes[pass] as { code: string; serial: number };
      const answer = judge(code, `scan-${number}`, bundle, own, new Date(at), way);
      assert.deepEqual(said(answer), [verdict, reason], `${number}: ${at}`);
      if (["admitted", "left"].includes(answer.verdict)) {
        await own.add({ id: `scan-${number}`, list: 1, serial, at: Date.parse(at), inward: way === "in", gate: "Cổng A", handedIn: false });
      }
    }
  });

  test(`a phone that was told of all scans before: ${course.name}`, async () => {
    const own = await Own.open(await Store.open());
    const whole = bundleOf(course);
    for (const [number, { at, way, pass, verdict, reason, told }] of course.steps.entries()) {
      const { code } = course.passes[pass] as { code: string };
      for (const bundle of [
        { ...whole, passes: hear(undefined, answerOf(course, told, true)) },
        { ...whole, passes: hear(whole.passes, answerOf(course, told, false)) },
      ]) {
        assert.deepEqual(said(judge(code, `scan-${number}`, bundle, own, new Date(at), way)), [verdict, reason], `${number}: ${at}`);
      }
    }
  });
}

test("a scan of its own that is not later than what a phone was told changes nothing", async () => {
  const course = courses.find(({ name }) => name === "who went out comes in again, and who is inside does not") as Course;
  const [{ code, serial }] = course.passes as [{ code: string; serial: number }];
  const inside = course.steps[2] as Course["steps"][0]; // it came in at nine
  const nine = Date.parse((course.steps[1] as Course["steps"][0]).at);
  const bundle = { ...bundleOf(course), passes: hear(undefined, answerOf(course, inside.told, true)) };
  const own = await Own.open(await Store.open());
  const verdict = () => judge(code, "scan-0009", bundle, own, new Date(inside.at)).verdict;
  for (const [at, inward] of [[nine - 1, false], [nine, true]] as const) {
    await own.add({ id: `scan-${at}`, list: 1, serial, at, inward, gate: "Cổng A", handedIn: true });
    assert.equal(verdict(), "already_admitted");
  }
  await own.add({ id: "scan-0008", list: 1, serial, at: nine + 1, inward: false, gate: "Cổng A", handedIn: false });
  assert.equal(verdict(), "admitted");
});

test("of a hundred thousand passes no object is kept, and one that came later finds its place", () => {
  const serials = 100_000;
  const standings = Buffer.alloc(9 * serials);
  for (let at = 0; at < standings.length; at += 9) standings.set([2, 1, 0, 0, 0, 1, 129, 1, 0], at);
  const sort_of = Buffer.alloc(serials).toString("base64");
  const told = { since: "1", sorts: [["Vé", null]], sorts_from: 1, refused: null, gates: ["Cổng A"] } satisfies Partial<PassesAnswer>;
  const passes = hear(undefined, { ...told, whole: true, sort_of, standings: standings.toString("base64") });
  const arrays = Object.values(passes).filter((value) => ArrayBuffer.isView(value));
  assert.equal(arrays.length, 7);
  assert.ok(arrays.reduce((sum, array) => sum + array.byteLength, 0) < 16 * serials);
  assert.deepEqual([passes.entries[serials], passes.inside[serials], passes.gate[serials]], [1, 1, 0]);
  const later = Buffer.from([0x80, 0xb5, 0x18, 2, 0, 0, 0, 0, 1, 2, 0]).toString("base64"); // serial 200,000
  const again = hear(passes, { ...told, whole: false, sort_of: "", standings: later });
  assert.equal(again, passes);
  assert.deepEqual([passes.entries[200_000], passes.inside[200_000], passes.entries[serials]], [2, 0, 1]);
});
