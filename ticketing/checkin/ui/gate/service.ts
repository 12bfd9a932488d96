// Asking the service, and knowing whether it answers.

import { ApiError, getJson, OfflineError, postJson } from "@fairground/api";
import type { Queued } from "@fairground/queue";
import type { Answers } from "./asking";
import type { Stamp, Trust } from "./clock";
import type { Answer, Way } from "./judge";
import type { Bundle } from "./store";
import { hear, type Passes, type PassesAnswer } from "./told";

type BundleAnswer = Omit<Bundle, "passes"> & { passes?: PassesAnswer };

/** A scan that was made without the service. */
export interface OfflineScan {
  code: string;
  /** When it was made by the service's clock as far as this phone knew, what its own clock said, and how well it knew. */
  device_at: string;
  device_clock?: string;
  clock?: Trust;
  shown: string;
  way?: Way;
  /** The list and the gate that this phone scanned for then: it may be set to others before it sends. */
  list?: number;
  gate?: number;
  /** The phone that made it, where that could not send it and showed it to this one. */
  device?: number;
  /** What was said to the questions of the list. */
  answers?: Answers;
}

/** A pass that was found by name. */
export interface FoundPass {
  name: string;
  type: string;
  code: string;
  inside: boolean;
}

export interface Status {
  server_time: string;
  inside: number;
  admitted: number;
  list_active: boolean;
  device: number;
  may_search: boolean;
}

const quick = 2_500;
/** For a code that only the service can judge there is nothing but to wait. */
const patient = 8_000;
const slow = 15_000;
/** For all that is known of a hundred thousand passes, over a poor network. */
const whole = 60_000;

/** Whether an error means that the service cannot be asked now, rather than that it said no. */
export function isAway(error: unknown): boolean {
  return error instanceof OfflineError || (error instanceof ApiError && (error.status >= 500 || error.status === 429));
}

/** Whether the service did not say anything in time, rather than that there is no way to it. */
export function isLate(error: unknown): boolean {
  return error instanceof OfflineError && error.cause instanceof DOMException && error.cause.name === "AbortError";
}

/** Whether the service no longer knows this phone. */
export function isWithdrawn(error: unknown): boolean {
  return error instanceof ApiError && error.status === 401;
}

/** Ask for a verdict; gives up soon, for a queue of people waits, unless this phone could not do without the answer. */
export function redeem(
  clientId: string,
  code: string,
  stamp: Stamp,
  way: Way,
  mayJudge: boolean,
  byName = false,
  answers?: Answers,
): Promise<Answer> {
  const body = { client_id: clientId, code, ...timesOf(stamp), way, by_name: byName, answers };
  return postJson<Answer>("/api/v1/gate/redeem", body, { timeout: mayJudge ? quick : patient });
}

/** Ask who of this name has a pass; more says that there are others. */
export function findByName(name: string): Promise<{ passes: FoundPass[]; more: boolean }> {
  return postJson("/api/v1/gate/search", { name }, { timeout: patient });
}

/** The times of a scan as they are sent. */
export function timesOf({ at, device, trust }: Stamp): Required<Pick<OfflineScan, "device_at" | "device_clock" | "clock">> {
  return { device_at: at.toISOString(), device_clock: device.toISOString(), clock: trust };
}

/** Hand over scans made offline; gives the answers. */
export async function handOver(records: Queued<OfflineScan>[]): Promise<Answer[]> {
  const scans = records.map(({ id, body }) => ({ client_id: id, ...body }));
  const { answers } = await postJson<{ answers: Answer[] }>("/api/v1/gate/scans", { scans }, { timeout: slow });
  return answers;
}

/** Take back a scan of this phone. */
export function undoScan(id: string): Promise<unknown> {
  return postJson("/api/v1/gate/undo", { nonce: id }, { timeout: patient });
}

/** What a phone needs to judge alone; of passes what is new since it was told last, and else all. */
export async function fetchBundle(before?: Passes): Promise<Bundle> {
  const since = before?.since ?? "";
  const asked = `/api/v1/gate/bundle?since=${encodeURIComponent(since)}`;
  const { passes, ...bundle } = await getJson<BundleAnswer>(asked, { timeout: whole });
  return passes ? { ...bundle, passes: hear(before, passes) } : bundle;
}

/** How it stands at the gate's list. */
export function fetchStatus(): Promise<Status> {
  return getJson<Status>("/api/v1/gate/status", { timeout: quick });
}
