// What people call the cameras of their phone. Browsers say "camera2 2, facing back", or nothing at all.

import { t } from "../i18n";

/** A camera of this device. The label is the browser's, and empty until cameras are allowed. */
export interface Camera {
  id: string;
  label: string;
}

/** A name for each camera, in their order; no two of those that the browser tells apart by number alone are alike. */
export function cameraNames(cameras: readonly Camera[]): string[] {
  const kinds = cameras.map(({ label }) => kindOf(label));
  return cameras.map(({ label }, place) => {
    const kind = kinds[place];
    const alike = kinds.filter((other) => other === kind).length;
    const n = kinds.slice(0, place + 1).filter((other) => other === kind).length;
    if (kind === "front") return alike > 1 ? t("Front camera {n}", { n }) : t("Front camera");
    if (kind === "back") return alike > 1 ? t("Back camera {n}", { n }) : t("Back camera");
    return label || t("Camera {n}", { n: place + 1 });
  });
}

/** Which way a camera looks of which the browser says no more; other names are shown as they are. */
function kindOf(label: string): "front" | "back" | "named" {
  const found = /^camera2? ?\d+, facing (front|back)$/i.exec(label.trim())?.[1]?.toLowerCase();
  return found === "front" || found === "back" ? found : "named";
}
