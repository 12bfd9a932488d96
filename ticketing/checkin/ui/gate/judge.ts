// The verdict of a phone alone, with no network: what the signed code, the bundle and its own memory say.

import { codeIn, looksLikePass, passCovers, passMoved, verifyPass, type PassKind } from "@fairground/passes";
import { t } from "@fairground/i18n";
import type { Question } from "./asking";
import { known } from "./known";
import type { Bundle, Entry, Store } from "./store";

export type Verdict =
  | "admitted"
  | "already_admitted"
  | "not_valid_yet"
  | "expired"
  | "revoked"
  | "wrong_list"
  | "unknown"
  | "late_conflict"
  | "left"
  | "not_inside";

/** Which way somebody goes through the gate. */
export type Way = "in" | "out";

/** What the service, or this phone in its place, answers to a scan. */
export interface Answer {
  client_id: string;
  verdict: Verdict;
  label?: string;
  /** What stood against it; `blocked` where a pass is refused only until somebody lifts that. */
  reason?: Verdict | "blocked" | "question_required";
  previous_at?: string;
  previous_gate?: string;
  /** What a pass refused for its day holds for: from the first instant until before the second. */
  valid_from?: string;
  valid_until?: string;
  /** What the list wants shown with it: when it takes people, or what to do with whom it lets in. */
  note?: string;
  /** What has to be asked before the pass is let in; then it is scanned again with the answers. */
  questions?: Question[];
  replayed?: boolean;
}

/** Whether a phone can judge this text alone; a short code says nothing without the service. */
export function canJudge(text: string): boolean {
  return looksLikePass(text);
}

/** What is sent of a text: the code alone, for the address around it may be longer than the service takes. */
export function asSent(text: string): string {
  return canJudge(text) ? codeIn(text) : text.trim();
}

/** Whether a text may be the short code under a QR code. */
export function looksTyped(text: string): boolean {
  return /^[0-9A-Za-z][0-9A-Za-z .-]{5,10}[0-9A-Za-z]$/.test(text.trim()) && codeIn(text).length <= 12;
}

/** Whether a text that was typed is the beginning of a short code only. */
export function isPartial(text: string): boolean {
  return /^[0-9A-Za-z]{1,7}$/.test(text.replace(/[ .-]/g, ""));
}

/** Judge a pass as the service would, as far as this phone can know; of who leaves only the signature is asked. */
export async function judge(text: string, clientId: string, bundle: Bundle, store: Store, now: Date, way: Way = "in"): Promise<Answer> {
  const { keys, revoked, blocked, takes, labelOf, dayOf, refusedAt } = known(bundle);
  const found = verifyPass(text, keys);
  if (!found.valid || found.pass.edition !== bundle.edition_id) return { client_id: clientId, verdict: "unknown" };
  const pass = passMoved(found.pass, bundle.key_shifts?.[found.pass.keyId] ?? 0);
  const answer = (verdict: Verdict, entry?: Entry): Answer => ({
    client_id: clientId,
    verdict,
    label: labelOf(pass.serial) ?? kindName(pass.kind),
    previous_at: entry && new Date(entry.at).toISOString(),
    previous_gate: entry?.gate,
  });
  if (way === "out") return answer("left");
  if (blocked.has(pass.serial)) return { ...answer("revoked"), reason: "blocked" };
  if (revoked.has(pass.serial)) return answer("revoked");
  if (!takes(pass.kind)) return answer("wrong_list");
  if (!passCovers(pass, now)) {
    const days = { valid_from: pass.validFrom.toISOString(), valid_until: pass.validUntil.toISOString() };
    return { ...answer(now < pass.validFrom ? "not_valid_yet" : "expired"), ...days };
  }
  const closed = refusedAt(now.getTime());
  if (closed) return { ...answer(closed), note: `${bundle.list_name}: ${bundle.list_rules?.told ?? ""}` };
  const entry = await store.entry(entryKey(bundle, text));
  if (entry && dayOf(entry.at) === dayOf(now.getTime())) return answer("already_admitted", entry);
  return { ...answer("admitted"), note: bundle.list_rules?.note || undefined };
}

/** Under which name an admission of this pass is remembered. */
export function entryKey(bundle: Bundle, text: string): string {
  return `${bundle.list_id}:${codeIn(text)}`;
}

function kindName(kind: PassKind): string {
  switch (kind) {
    case "visitor":
      return t("Visitor");
    case "exhibitor":
      return t("Exhibitor");
    case "staff":
      return t("Staff");
    case "judge":
      return t("Judge");
    case "speaker":
      return t("Speaker");
    case "guest":
      return t("Guest");
  }
}
