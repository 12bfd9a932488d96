// Scans that the service did not take: their list or gate is gone, or their number stands for another scan. They are kept
// here until somebody takes them off the phone.

import type { Queued } from "@fairground/queue";
import type { Answer } from "./judge";
import type { OfflineScan } from "./service";
import type { Store } from "./store";

/** A scan that was not taken, and the code of what kept it. */
export interface Untaken extends OfflineScan {
  id: string;
  error: string;
}

const columns = ["device_at", "device_clock", "clock", "gate", "list", "way", "shown", "code", "error", "id"] as const;

/** The ids of records that may leave the queue by these answers: those taken over, and those of the others that lie on the disk. */
export async function settled(records: Queued<OfflineScan>[], answers: Answer[], store: Store): Promise<{ ids: string[]; taken: string[] }> {
  const errors = new Map(answers.map(({ client_id, error }) => [client_id, error]));
  const answered = records.filter(({ id }) => errors.has(id));
  const scans = answered.flatMap(({ id, body }) => (errors.get(id) ? [{ ...body, id, error: errors.get(id) as string }] : []));
  const taken = answered.filter(({ id }) => !errors.get(id)).map(({ id }) => id);
  const kept = scans.length === 0 || (await store.keepUntaken(scans));
  return { ids: kept ? answered.map(({ id }) => id) : taken, taken };
}

/** Such scans as a sheet, with a line each. */
export function asSheet(scans: readonly Untaken[]): string {
  const quoted = (value: unknown): string => `"${String(value ?? "").replaceAll('"', '""')}"`;
  return [columns.join(","), ...scans.map((scan) => columns.map((name) => quoted(scan[name])).join(","))].join("\r\n") + "\r\n";
}
