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
