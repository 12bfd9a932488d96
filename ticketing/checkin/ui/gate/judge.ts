// The verdict of a phone alone, with no network: what the signed code, the bundle and its own memory say.

import { codeIn, looksLikePass, passCovers, passMoved, verifyPass, type PassKind } from "@fairground/passes";
import { t } from "@fairground/i18n";
import type { Question } from "./asking";
import { insideNow, known, standing } from "./known";
import type { Own } from "./own";
import { isInside, takes, type Standing } from "./standing";
import type { Bundle } from "./store";
import type { Refusal } from "./told";

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

/** What phones are told by an older word, with this as the reason. */
export type Closer = Exclude<Refusal, "revoked"> | "wrong_type" | "full" | "question_required" | "bad_signature" | "wrong_edition";

/** Which way somebody goes through the gate. */
export type Way = "in" | "out";

/** What the service, or this phone in its place, answers to a scan. */
export interface Answer {
  client_id: string;
  verdict: Verdict;
  label?: string;
  /** What stood against it, or says it closer: `blocked` where a pass is refused only until somebody lifts that. */
  reason?: Verdict | Closer;
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
  /** The code of what kept a scan of a queue from being taken over. */
  error?: string;
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

/** Judge a pass as the service would, by what it has told and by this phone's own scans. */
export function judge(text: string, clientId: string, bundle: Bundle, own: Own, now: Date, way: Way = "in"): Answer {
  const { keys, refusalOf, takesKind, takesType, labelOf, refusedAt, limitsAt } = known(bundle);
  const found = verifyPass(text, keys);
  const unknown: Answer = { client_id: clientId, verdict: "unknown" };
  if (!found.valid) return found.reason === "signature" ? { ...unknown, reason: "bad_signature" } : unknown;
  if (found.pass.edition !== bundle.edition_id) return { ...unknown, reason: "wrong_edition" };
  const pass = passMoved(found.pass, bundle.key_shifts?.[found.pass.keyId] ?? 0);
  const answer = (verdict: Verdict, reason?: Closer, note?: string): Answer => ({
    ...{ client_id: clientId, verdict, label: labelOf(pass.serial) || kindName(pass.kind) },
    ...(reason && { reason }),
    ...(note && { note }),
  });
  const limits = limitsAt(now.getTime());
  const stands = standing(bundle, own, pass.serial);
  // Without word of who is inside nobody is kept from leaving.
  if (way === "out") return answer(!bundle.passes || isInside(stands, limits) ? "left" : "not_inside");
  const refusal = refusalOf(pass.serial);
  if (refusal) return answer("revoked", refusal === "revoked" ? undefined : refusal);
  if (!takesKind(pass.kind)) return answer("wrong_list");
  if (!takesType(pass.serial)) return answer("wrong_list", "wrong_type", bundle.list_rules?.other_types);
  if (!passCovers(pass, now)) {
    const days = { valid_from: pass.validFrom.toISOString(), valid_until: pass.validUntil.toISOString() };
    return { ...answer(now < pass.validFrom ? "not_valid_yet" : "expired"), ...days };
  }
  const closed = refusedAt(now.getTime());
  if (closed) return answer(closed, undefined, `${bundle.list_name}: ${bundle.list_rules?.told ?? ""}`);
  if (!takes(stands, limits)) return { ...answer("already_admitted"), ...before(stands) };
  const room = bundle.list_rules?.capacity ?? Infinity;
  if (room !== Infinity && !isInside(stands, limits) && insideNow(bundle, own, limits) >= room) {
    return answer("wrong_list", "full", bundle.list_rules?.full);
  }
  return answer("admitted", undefined, bundle.list_rules?.note);
}

/** What the service is told that this phone showed: the closer word, where there is one. */
export function asShown({ verdict, reason }: Answer): string {
  return reason ?? verdict;
}

/** When and where a pass came in last. */
function before({ admittedAt, gate }: Standing): Pick<Answer, "previous_at" | "previous_gate"> {
  return admittedAt === undefined ? {} : { previous_at: new Date(admittedAt).toISOString(), previous_gate: gate };
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
