// What a phone alone answers at a gate, by the cases that the service is held to, too.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { setMessages } from "@fairground/i18n";
import type { ListRules } from "../../ticketing/checkin/ui/gate/hours";
import { judge } from "../../ticketing/checkin/ui/gate/judge";
import { Own } from "../../ticketing/checkin/ui/gate/own";
import { Store, type Bundle } from "../../ticketing/checkin/ui/gate/store";

setMessages({});

interface Case {
  name: string;
  timezone: string;
  pass_kinds: string[];
  rules: Omit<ListRules, "told" | "note">;
  pass: { serial: number; state: "issued" | "revoked" | "blocked"; code: string };
  earlier: string | null;
  moments: { at: string; verdict: string; because: "" | "list" | "blocked" }[];
}

const file = `${process.env.FAIRGROUND_ROOT}/tests/ticketing/checkin/cases.json`;
const { public_key_hex: key, cases } = JSON.parse(readFileSync(file, "utf8")) as { public_key_hex: string; cases: Case[] };

function bundleOf({ timezone, pass_kinds, rules, pass }: Case): Bundle {
  return {
    server_time: "2026-09-01T00:00:00Z",
    edition_id: 1,
    edition: "Hội chợ",
    timezone,
    gate_id: 1,
    gate: "Cổng A",
    list_id: 1,
    list_name: "Cửa vào",
    list_active: true,
    list_exits: false,
    list_rules: { ...rules, told: "18:00–22:00", note: "" },
    pass_kinds,
    public_keys: { "1": key },
    revoked: pass.state === "issued" ? [] : [pass.serial],
    blocked: pass.state === "blocked" ? [pass.serial] : [],
    labels: [],
    label_of: "",
  };
}

for (const one of cases) {
  test(`a phone alone: ${one.name}`, async () => {
    const bundle = bundleOf(one);
    const code = one.pass.code;
    const own = await Own.open(await Store.open());
    const earlier = { id: "scan-0000", list: 1, serial: one.pass.serial, inward: true, gate: "Cổng A", handedIn: false };
    if (one.earlier) await own.add({ ...earlier, at: Date.parse(one.earlier) });
    for (const { at, verdict, because } of one.moments) {
      const answer = judge(code, "scan-0001", bundle, own, new Date(at));
      const told = answer.reason === "blocked" ? "blocked" : answer.note === undefined ? "" : "list";
      assert.deepEqual([answer.verdict, told], [verdict, because], at);
    }
  });
}
