// Talking to the service's JSON API: the CSRF token of a signed-in browser, or the token of a paired device.

import { csrfToken, pageLocale } from "./page";

/** The service answered no, with a stable code and a sentence in the page's language. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly fields: Record<string, string> = {},
    readonly requestId = "",
  ) {
    super(message);
    this.name = "ApiError";
  }
}

/** No answer came: the network is down, or the time ran out. Try again later with the same id. */
export class OfflineError extends Error {
  constructor(cause?: unknown) {
    super("offline", { cause });
    this.name = "OfflineError";
  }
}

export interface CallOptions {
  /** Sent as `Authorization: Bearer`; in its place the browser's session and CSRF token. */
  deviceToken?: string;
  /** Milliseconds to wait for an answer; 10 seconds unless told. */
  timeout?: number;
}

/** GET a path and return its JSON. Throws ApiError or OfflineError. */
export function getJson<Answer>(path: string, options: CallOptions = {}): Promise<Answer> {
  return call<Answer>("GET", path, undefined, options);
}

/** POST JSON to a path and return its JSON. Throws ApiError or OfflineError. */
export function postJson<Answer>(path: string, body: unknown, options: CallOptions = {}): Promise<Answer> {
  return call<Answer>("POST", path, body, options);
}

/** PUT JSON to a path and return its JSON. Throws ApiError or OfflineError. */
export function putJson<Answer>(path: string, body: unknown, options: CallOptions = {}): Promise<Answer> {
  return call<Answer>("PUT", path, body, options);
}

/** DELETE a path and return its JSON, if any. Throws ApiError or OfflineError. */
export function deleteJson<Answer>(path: string, options: CallOptions = {}): Promise<Answer> {
  return call<Answer>("DELETE", path, undefined, options);
}

/** Half of a character outside the basic plane, as a cut text may end with, is no text: a server refuses all of it. */
function wellFormed(_key: string, value: unknown): unknown {
  return typeof value === "string" ? value.replace(/[\uD800-\uDFFF]/gu, "\uFFFD") : value;
}

async function call<Answer>(method: string, path: string, body: unknown, { deviceToken, timeout = 10_000 }: CallOptions): Promise<Answer> {
  const headers: Record<string, string> = { accept: "application/json", "accept-language": pageLocale() };
  if (body !== undefined) headers["content-type"] = "application/json";
  if (deviceToken) headers.authorization = `Bearer ${deviceToken}`;
  else if (method !== "GET") headers["x-csrftoken"] = csrfToken();
  const patience = new AbortController();
  const timer = setTimeout(() => patience.abort(), timeout);
  try {
    const response = await fetch(path, {
      method,
      headers,
      body: body === undefined ? undefined : JSON.stringify(body, wellFormed),
      credentials: "same-origin",
      cache: "no-store",
      signal: patience.signal,
    });
    const text = await response.text();
    const answer: unknown = text && isJson(response) ? JSON.parse(text) : undefined;
    if (response.ok) return answer as Answer;
    throw asError(response, answer);
  } catch (error) {
    if (error instanceof ApiError) throw error;
    throw new OfflineError(error);
  } finally {
    clearTimeout(timer);
  }
}

function isJson(response: Response): boolean {
  return /\bjson\b/.test(response.headers.get("content-type") ?? "");
}

interface ErrorBody {
  code?: string;
  message?: string;
  fields?: Record<string, string>;
  request_id?: string;
}

/** A proxy's own 502 to 504 is no answer of the service: it counts as offline. */
function asError(response: Response, answer: unknown): Error {
  if (response.status >= 502 && response.status <= 504) return new OfflineError(response.status);
  const { code, message, fields, request_id: requestId } = (answer ?? {}) as ErrorBody;
  return new ApiError(response.status, code ?? "error", message ?? response.statusText, fields, requestId);
}
