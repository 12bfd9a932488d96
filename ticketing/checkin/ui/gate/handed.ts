// Scans that a phone could not send, as texts for QR codes: numbered, each whole in itself, in capitals and digits alone
// so that a code holds many. Another phone reads them in any order; a scan's own id makes that it counts once.

import type { OfflineScan } from "./service";

/** A scan with the client-made id under which it is sent. */
export interface HandedScan {
  id: string;
  body: OfflineScan;
}

/** What one code says: which of how many it is, which phone made the scans, and the scans. */
export interface Handed {
  part: number;
  parts: number;
  device: number;
  scans: HandedScan[];
}

const prefix = "FAIRGROUND-SCANS-1";
/** Scans in a code: with three it has 73 modules to a side, which a camera of 640 by 480 reads off the screen of a phone. */
export const inOneCode = 3;
/** By their places in codes: new words come last. */
const shownWords = [
  ...["admitted", "already_admitted", "not_valid_yet", "expired", "revoked", "wrong_list", "unknown", "late_conflict", "left", "not_inside"],
  ...["blocked", "unpaid", "cancelled", "wrong_type", "full", "question_required", "bad_signature", "wrong_edition"],
];
/** Times of scans, and numbers of phones, lists and gates, that the service takes. */
const [earliest, latest, largest] = [Date.UTC(2020, 0), Date.UTC(2100, 0), 2 ** 31 - 1];

/** The texts of the codes by which scans leave a phone. */
export function asCodes(device: number, scans: readonly HandedScan[]): string[] {
  const parts = Math.ceil(scans.length / inOneCode);
  return Array.from({ length: parts }, (_, part) => {
    const some = scans.slice(part * inOneCode, (part + 1) * inOneCode);
    return [prefix, `${part + 1}/${parts}`, device, ...some.map(asText)].join(":");
  });
}

/** What a code says; undefined where it is none of these. */
export function fromCode(text: string): Handed | undefined {
  const [head, place = "", device = "", ...records] = text.split(":");
  const numbered = /^(\d+)\/(\d+)$/.exec(place);
  if (head !== prefix || !numbered || !/^\d+$/.test(device)) return undefined;
  const scans = records.map(fromText);
  if (scans.length === 0 || scans.includes(undefined) || Number(device) > largest) return undefined;
  return { part: Number(numbered[1]), parts: Number(numbered[2]), device: Number(device), scans: scans as HandedScan[] };
}

function asText({ id, body }: HandedScan): string {
  const at = Date.parse(body.device_at).toString(36);
  const shown = shownWords.indexOf(shownWords.includes(body.shown) ? body.shown : "unknown").toString(36);
  const way = body.way === "out" ? "O" : "I";
  const place = [body.list, body.gate].map((number) => number?.toString(36) ?? "");
  return [body.code, id.replaceAll("-", ""), at, shown, way, ...place].join(".").toUpperCase();
}

function fromText(record: string): HandedScan | undefined {
  const [code = "", id = "", at = "", shown = "", way, list = "", gate = ""] = record.split(".");
  const word = shownWords[parseInt(shown, 36)];
  const time = parseInt(at, 36);
  const known = /^([0-9A-F]{8})([0-9A-F]{4})([0-9A-F]{4})([0-9A-F]{4})([0-9A-F]{12})$/.exec(id);
  if (!code || !known || !word || !(time >= earliest && time < latest)) return undefined;
  const place = (text: string): number | undefined => (/^[0-9A-Z]{1,6}$/.test(text) ? Math.min(parseInt(text, 36), largest) : undefined);
  const body = { code, device_at: new Date(time).toISOString(), shown: word, way: way === "O" ? "out" : "in", list: place(list), gate: place(gate) } as const;
  return { id: known.slice(1).join("-").toLowerCase(), body };
}
