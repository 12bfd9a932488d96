// What the tablet knows: the bundle from the service, and what the judge has written on this device.

export interface Criterion {
  id: number;
  name: string;
  /** What to look for; empty where the name says it all. */
  explanation?: string;
  weight: number;
  min: number;
  max: number;
  anchors: Record<string, string>;
}

export interface Round {
  id: number;
  number: number;
  name: string;
  contest: string;
  edition: string;
  open: boolean;
  closes_at: string | null;
  /** The same as people write it, in the edition's zone; empty for an open end. */
  closes?: string;
  criteria: Criterion[];
}

export interface Head {
  hash: string;
  number: number;
  scores: Record<string, number>;
  comment_to_team: string;
  comment_to_jury: string;
}

export interface Entry {
  id: number;
  title: string;
  summary: string;
  problem: string;
  solution: string;
  progress: string;
  team_name: string;
  category: string;
  ward: string;
}

export interface Task {
  assignment_id: number;
  round_id: number;
  entry: Entry;
  head: Head | null;
}

export interface Bundle {
  judge: { id: number; name: string };
  server_time: string;
  rounds: Round[];
  tasks: Task[];
}

/** What is written on this device for one idea. */
export interface Draft {
  assignment_id: number;
  scores: Record<string, number>;
  comment_to_team: string;
  comment_to_jury: string;
  /** The head this draft began from: the service answers with a conflict when it has another. */
  base_hash: string;
  /** The number of that head; 0 before the first. */
  number: number;
  /** empty: nothing to send; typing: not whole yet; queued: whole and in line; saved, aside, refused: answered. */
  state: "empty" | "typing" | "queued" | "saved" | "aside" | "refused";
  /** The ballot in line, so that an older answer does not overwrite a newer state. */
  client_id: string;
  /** What the service said about a ballot that it set aside or refused. */
  said: string;
}

/** What is sent: one version of a ballot. */
export interface SentBallot {
  assignment_id: number;
  base_hash: string;
  scores: Record<string, number>;
  comment_to_team: string;
  comment_to_jury: string;
  scored_at: string;
}

export interface Receipt {
  client_id: string;
  status: "saved" | "set_aside" | "refused";
  reason: string | null;
  number: number;
  head_hash: string;
  code: string | null;
  message: string | null;
}

/** What the way to the service is like: shut out when it no longer knows this tablet as the judge's. */
export type Link = "online" | "offline" | "shut out";

/** A draft that stands where the service stands. */
export function draftOf(task: Task): Draft {
  const { head } = task;
  return {
    assignment_id: task.assignment_id,
    scores: { ...(head?.scores ?? {}) },
    comment_to_team: head?.comment_to_team ?? "",
    comment_to_jury: head?.comment_to_jury ?? "",
    base_hash: head?.hash ?? "",
    number: head?.number ?? 0,
    state: head ? "saved" : "empty",
    client_id: "",
    said: "",
  };
}

/** Whether a ballot that is sent at `now` (milliseconds) counts by itself; the bundle may be older than the end. */
export function isOpen(round: Round, now: number): boolean {
  return round.open && (round.closes_at === null || Date.parse(round.closes_at) > now);
}

/** Whether every criterion has a score. */
export function isWhole(draft: Draft, round: Round): boolean {
  return round.criteria.every(({ id }) => draft.scores[String(id)] !== undefined);
}

/** Whether something is written on this device that neither the service has nor the line to it. */
export function isOnlyHere({ state }: Draft): boolean {
  return state === "typing" || state === "refused";
}

/** How many ballots stand in line to the service, counting those that are just being put there. */
export function inLine(drafts: Draft[], waiting: number): number {
  return Math.max(waiting, drafts.filter(({ state }) => state === "queued").length);
}

/** Take what the service knows into a draft: what is written here and not yet answered, or newer, stays. */
export function refreshed(draft: Draft | undefined, task: Task): Draft {
  if (!draft) return draftOf(task);
  const number = task.head?.number ?? 0;
  if (draft.state === "aside") return number > draft.number ? draftOf(task) : draft; // the chair let it count
  const settled = draft.state === "empty" || draft.state === "saved";
  return settled && number >= draft.number ? draftOf(task) : draft;
}

/** A draft after the service answered one ballot; a newer version written meanwhile keeps its place in line. */
export function answered(draft: Draft, receipt: Receipt): Draft {
  const head = receipt.status === "refused" ? {} : { base_hash: receipt.head_hash, number: receipt.number };
  if (receipt.client_id !== draft.client_id) return receipt.status === "saved" ? { ...draft, ...head } : draft;
  if (receipt.status === "saved") return { ...draft, ...head, state: draft.state === "typing" ? "typing" : "saved", said: "" };
  if (receipt.status === "set_aside") return { ...draft, ...head, state: "aside", said: receipt.reason ?? "" };
  return { ...draft, state: "refused", said: receipt.message ?? "" };
}
