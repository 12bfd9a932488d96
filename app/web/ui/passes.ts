// The signed code of a pass, read and verified with no network. The layout and its reasons stand in
// app/decisions/0002-pass-format.md; tests/events/pass_vectors.json holds this and the Python side together.

import { hashes, verify } from "@noble/ed25519";
import { sha512 } from "@noble/hashes/sha2.js";

hashes.sha512 = sha512;

const version = 1;
const codeLength = 135;
const payloadLength = 20;
const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const context = new TextEncoder().encode("fairground-pass-1");
const epoch = Date.UTC(2020, 0, 1);
const lastMinute = (Date.UTC(9999, 11, 31, 23, 59) - epoch) / 60_000;

export const passKinds = ["visitor", "exhibitor", "staff", "judge", "speaker", "guest"] as const;
export type PassKind = (typeof passKinds)[number];
export type Refusal = "malformed" | "version" | "unknown_key" | "signature";

/** What a code says. The pass counts from validFrom until before validUntil. */
export interface PassPayload {
  keyId: number;
  edition: number;
  serial: number;
  kind: PassKind;
  validFrom: Date;
  validUntil: Date;
}

export type Verdict = { valid: true; pass: PassPayload; code: string } | { valid: false; reason: Refusal };

/** The code inside what a scanner read: the address of a pass, or the code itself. */
export function codeIn(text: string): string {
  const upper = text.trim().toUpperCase();
  return upper.slice(upper.lastIndexOf("/P/") < 0 ? 0 : upper.lastIndexOf("/P/") + 3);
}

/** Whether a text looks like a pass at all, so that other codes can be told from bad passes. */
export function looksLikePass(text: string): boolean {
  return new RegExp(`^[${alphabet}]{${codeLength}}$`).test(codeIn(text));
}

/**
 * Tell a genuine pass from any other text, offline.
 * @param text what was scanned: an address or a bare code, in either case
 * @param publicKeys 32 bytes by key id
 */
export function verifyPass(text: string, publicKeys: ReadonlyMap<number, Uint8Array>): Verdict {
  const code = codeIn(text);
  const raw = fromBase32(code);
  if (!raw) return { valid: false, reason: "malformed" };
  if (raw[0] !== version) return { valid: false, reason: "version" };
  const body = raw.subarray(0, payloadLength);
  const pass = readPayload(body);
  if (!pass) return { valid: false, reason: "malformed" };
  const key = publicKeys.get(pass.keyId);
  if (!key) return { valid: false, reason: "unknown_key" };
  const signed = new Uint8Array(context.length + body.length);
  signed.set(context);
  signed.set(body, context.length);
  return isSignedBy(key, signed, raw.subarray(payloadLength)) ? { valid: true, pass, code } : { valid: false, reason: "signature" };
}

/** What a code says, genuine or not; undefined for a text that is no code. */
export function readPass(text: string): PassPayload | undefined {
  const raw = fromBase32(codeIn(text));
  return raw && raw[0] === version ? readPayload(raw.subarray(0, payloadLength)) : undefined;
}

/** Whether a pass counts at an instant. */
export function passCovers(pass: PassPayload, at: Date): boolean {
  return pass.validFrom <= at && at < pass.validUntil;
}

/** A pass of an edition that was postponed: it counts so many minutes later than its code says. */
export function passMoved(pass: PassPayload, minutes: number): PassPayload {
  const later = (at: Date) => new Date(at.getTime() + minutes * 60_000);
  return { ...pass, validFrom: later(pass.validFrom), validUntil: later(pass.validUntil) };
}

function isSignedBy(key: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  try {
    return verify(signature, message, key, { zip215: false });
  } catch {
    return false; // a signature or key that is no point of the curve
  }
}

/** The 84 bytes of a code, or undefined where length, alphabet or spare bits are wrong. */
function fromBase32(code: string): Uint8Array | undefined {
  if (code.length !== codeLength) return undefined;
  const bytes = new Uint8Array((codeLength * 5) >> 3);
  let bits = 0;
  let held = 0;
  let at = 0;
  for (const letter of code) {
    const value = alphabet.indexOf(letter);
    if (value < 0) return undefined;
    held = (held << 5) | value;
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      bytes[at++] = held >> bits;
      held &= (1 << bits) - 1;
    }
  }
  return held === 0 ? bytes : undefined;
}

function readPayload(body: Uint8Array): PassPayload | undefined {
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  const kind = passKinds[view.getUint8(11) - 1];
  const validFrom = view.getUint32(12);
  const validUntil = view.getUint32(16);
  if (!kind || validFrom > lastMinute || validUntil > lastMinute) return undefined;
  return {
    keyId: view.getUint16(1),
    edition: view.getUint32(3),
    serial: view.getUint32(7),
    kind,
    validFrom: new Date(epoch + validFrom * 60_000),
    validUntil: new Date(epoch + validUntil * 60_000),
  };
}

/** Bytes from hexadecimal or Base64 text, as the server gives keys. */
export function keyFromText(text: string): Uint8Array {
  if (/^[0-9a-f]{64}$/i.test(text)) return Uint8Array.from({ length: 32 }, (_, i) => parseInt(text.slice(2 * i, 2 * i + 2), 16));
  return Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (letter) => letter.charCodeAt(0));
}
