// The page's language in scripts. The server puts the messages of a script into
// <script type="application/json" id="messages">: {"English": "translation", "one …": ["one …", "many …"]}.

type Messages = Record<string, string | [string, string]>;
type Values = Record<string, string | number>;

let messages: Messages | undefined;

function read(): Messages {
  if (messages) return messages;
  const source = document.getElementById("messages");
  messages = source?.textContent ? (JSON.parse(source.textContent) as Messages) : {};
  return messages;
}

/** Use other messages than the page's own (workers, tests). */
export function setMessages(other: Messages): void {
  messages = other;
}

/** A message in the page's language, its {names} filled in. The message is a double-quoted literal. */
export function t(message: string, values: Values = {}): string {
  const found = read()[message];
  return fill(Array.isArray(found) ? found[0] : (found ?? message), values);
}

/** A message with a number, such as 3, that stands as {n} in both its forms. */
export function tn(one: string, many: string, n: number, values: Values = {}): string {
  const found = read()[one];
  const [first, rest] = Array.isArray(found) ? found : [one, many];
  return fill(n === 1 ? first : rest, { n, ...values });
}

function fill(text: string, values: Values): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => (name in values ? String(values[name]) : whole));
}
