// What the cameras of a phone are called.
import assert from "node:assert/strict";
import { test } from "node:test";
import { setMessages } from "@fairground/i18n";
import { cameraNames } from "../../app/web/ui/scan/names";

setMessages({});

const named = (...labels: string[]): string[] => cameraNames(labels.map((label, n) => ({ id: `id-${n}`, label })));

test("cameras that the browser only numbers are told by where they look", () => {
  assert.deepEqual(named("camera2 1, facing front", "camera2 0, facing back"), ["Front camera", "Back camera"]);
  const android = ["camera2 1, facing front", "camera2 2, facing back", "camera2 0, facing back", "camera 3, facing front"];
  assert.deepEqual(named(...android), ["Front camera 1", "Back camera 1", "Back camera 2", "Front camera 2"]);
});

test("a name that says more is left, and none is made up by place", () => {
  assert.deepEqual(named("Camera mặt sau góc siêu rộng", "Integrated Webcam"), ["Camera mặt sau góc siêu rộng", "Integrated Webcam"]);
  assert.deepEqual(named("", ""), ["Camera 1", "Camera 2"]);
});
