// Asking the service, and knowing whether it answers.

import { ApiError, getJson, OfflineError, postJson } from "@fairground/api";
import type { Queued } from "@fairground/queue";
import type { Answer, Way } from "./judge";
import type { Bundle } from "./store";

/** A scan that was made without the service. */
export interface OfflineScan {
  code: string;
  device_at: string;
  shown: string;
  way?: Way;
  /** The list and the gate that this phone scanned for then: it may be set to others before it sends. */
  list?: number;
  gate?: number;
}

interface Status {
  server_time: string;
  inside: number;
  admitted: number;
  list_active: boolean;
}

const quick = 2_500;
const slow = 15_000;

/** Whether an error means that the service cannot be asked now, rather than that it said no. */
export function isAway(error: unknown): boolean {
  return error instanceof OfflineError || (error instanceof ApiError && (error.status >= 500 || error.status === 429));
}

/** Whether the service no longer knows this phone. */
export function isWithdrawn(error: unknown): boolean {
  return error instanceof ApiError && error.status === 401;
}

/** Ask for a verdict; gives up soon, for a queue of people waits. */
export function redeem(clientId: string, code: string, at: Date, way: Way): Promise<Answer> {
  return postJson<Answer>("/api/v1/gate/redeem", { client_id: clientId, code, device_at: at.toISOString(), way }, { timeout: quick });
}

/** Hand over scans made offline; gives the answers. */
export async function handOver(records: Queued<OfflineScan>[]): Promise<Answer[]> {
  const scans = records.map(({ id, body }) => ({ client_id: id, ...body }));
  const { answers } = await postJson<{ answers: Answer[] }>("/api/v1/gate/scans", { scans }, { timeout: slow });
  return answers;
}

/** The bundle, and the offset of this device's clock measured on the way. */
export async function fetchBundle(): Promise<{ bundle: Bundle; offset: number }> {
  const asked = Date.now();
  const bundle = await getJson<Bundle>("/api/v1/gate/bundle", { timeout: slow });
  return { bundle, offset: offsetOf(bundle.server_time, asked) };
}

/** How it stands at the gate's list. */
export async function fetchStatus(): Promise<Status> {
  return getJson<Status>("/api/v1/gate/status", { timeout: quick });
}

/** Half the way there and back is taken as the way back. */
function offsetOf(serverTime: string, asked: number): number {
  return Date.parse(serverTime) - (asked + Date.now()) / 2;
}
