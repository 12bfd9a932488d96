import assert from "node:assert/strict";
import { test } from "node:test";
import { setMessages, t, tn } from "@fairground/i18n";
import { messagesIn } from "../../app/web/messages.mjs";

test("a message is translated, and its names are filled in", () => {
  setMessages({ "Used at {gate}": "Đã dùng ở {gate}" });
  assert.equal(t("Used at {gate}", { gate: "Đoan Môn" }), "Đã dùng ở Đoan Môn");
  assert.equal(t("Inside: {n}", { n: 3 }), "Inside: 3");
  assert.equal(t("{unknown} stays"), "{unknown} stays");
});

test("a number chooses the form", () => {
  setMessages({});
  assert.equal(tn("{n} scan waits", "{n} scans wait", 1), "1 scan waits");
  assert.equal(tn("{n} scan waits", "{n} scans wait", 4), "4 scans wait");
  setMessages({ "{n} scan waits": ["{n} lượt chờ gửi", "{n} lượt chờ gửi"] });
  assert.equal(tn("{n} scan waits", "{n} scans wait", 1), "1 lượt chờ gửi");
});

test("the build finds the messages of a source, and none in comments", () => {
  const source = `// t("not this")\n/** t("nor this") */\nsay(t("Undo")); const a = tn(\n "{n} a", "{n} as", 2); wait("x"); at("y"); o.t("z"); t("say \\"so\\"")`;
  assert.deepEqual(messagesIn([source]), ["Undo", 'say "so"', ["{n} a", "{n} as"]]);
});
