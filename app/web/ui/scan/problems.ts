// Why there is no picture, in words that say what to do.

import { t } from "../i18n";

export type CameraReason = "refused" | "missing" | "busy" | "insecure" | "decoder";

/** The camera or the decoder cannot be used; `message` is a sentence for the person. */
export class CameraProblem extends Error {
  constructor(
    readonly reason: CameraReason,
    cause?: unknown,
  ) {
    super(sentence(reason), { cause });
    this.name = "CameraProblem";
  }
}

function sentence(reason: CameraReason): string {
  switch (reason) {
    case "refused":
      return t("The camera is not allowed here. Allow it in the browser's settings for this site, or type the code.");
    case "missing":
      return t("No camera was found. Type the code, or use a hand scanner.");
    case "busy":
      return t("Another app uses the camera. Close it and try again.");
    case "insecure":
      return t("The camera works only over a secure connection (https). Ask whoever runs this service.");
    case "decoder":
      return t("The scanner could not be loaded. Check the network and open this page again.");
  }
}

/** The reason behind what getUserMedia throws. */
export function cameraProblem(error: unknown): CameraProblem {
  if (error instanceof CameraProblem) return error;
  const name = error instanceof DOMException ? error.name : "";
  if (name === "NotAllowedError" || name === "SecurityError") return new CameraProblem("refused", error);
  if (name === "NotFoundError" || name === "OverconstrainedError") return new CameraProblem("missing", error);
  return new CameraProblem("busy", error);
}
