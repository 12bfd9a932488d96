// What a page tells its scripts: language, CSRF token.

/** The token that state-changing requests carry; empty where the page has none. */
export function csrfToken(): string {
  const meta = document.querySelector<HTMLMetaElement>('meta[name="csrf-token"]');
  return meta?.content ?? document.querySelector<HTMLInputElement>('input[name="_csrf_token"]')?.value ?? "";
}

/** The page's language: vi, id or en. */
export function pageLocale(): string {
  return document.documentElement.lang || "vi";
}
