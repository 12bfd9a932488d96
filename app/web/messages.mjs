// Finds the messages that TypeScript sources ask for: t("…") and tn("one …", "many …", n).
// They are double-quoted literals by rule, so that this and Babel's extractor see the same.

const string = String.raw`"((?:[^"\\]|\\.)*)"`;
const single = new RegExp(String.raw`(?<![\w.])t\(\s*${string}`, "g");
const plural = new RegExp(String.raw`(?<![\w.])tn\(\s*${string}\s*,\s*${string}`, "g");
const comments = /\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm;
const text = (literal) => JSON.parse(`"${literal}"`);

/**
 * @param {string[]} sources texts of TypeScript files
 * @returns {(string | [string, string])[]} each message once, sorted; a pair where it has a plural
 */
export function messagesIn(sources) {
  const found = new Map();
  for (const commented of sources) {
    const source = commented.replace(comments, "");
    for (const [, one] of source.matchAll(single)) found.set(text(one), text(one));
    for (const [, one, many] of source.matchAll(plural)) found.set(text(one), [text(one), text(many)]);
  }
  return [...found.keys()].sort().map((key) => found.get(key));
}
