// A scan that is taken back: by the service alone, which then tells so with all else that is new.

import { ApiError } from "@fairground/api";
import { t } from "@fairground/i18n";
import type { Own } from "./own";
import type { Recent, RecentScan } from "./recent";
import { isAway, undoScan } from "./service";

/** Take a scan of this phone back; gives why it could not, or nothing. */
export async function takeBack({ id }: RecentScan, own: Own, recent: Recent): Promise<string> {
  try {
    await undoScan(id);
  } catch (error) {
    return error instanceof ApiError && !isAway(error) ? error.message : t("Without network no scan is taken back. The gate lead can do it on her page.");
  }
  await own.drop([id]);
  await recent.undone(id);
  return "";
}
