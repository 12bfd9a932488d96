// What goes on being wrong while scanning goes on: a line each under the strip, in red or, to be minded only, in gold.
// What has happened and is over stands in a line that a touch takes away, or the next contact with the service.

export type Tone = "bad" | "mind";

/** Milliseconds for which a line about something past stands at least: it has to be read between two passes. */
const staysFor = 20_000;

/**
 * Show a sentence in the line of this name, in place of what stood there; "" takes the line away. With something to do a
 * touch does it. Returns the line.
 */
export function notice(name: string, sentence: string, tone: Tone = "bad", touched?: () => void): HTMLElement | undefined {
  if (!sentence) return void find(name)?.remove();
  const line = shown(touched ? "button" : "p", name, sentence, tone);
  if (touched) line.onclick = touched;
  return line;
}

/** Show a sentence about something that is over. */
export function passing(name: string, sentence: string): void {
  const line = shown("button", name, sentence, "mind");
  line.dataset.since = String(performance.now());
  line.onclick = () => line.remove();
}

/** The service was heard: what is over and has stood for a while goes. */
export function pass(): void {
  for (const line of lines().querySelectorAll<HTMLElement>("[data-since]")) {
    if (performance.now() - Number(line.dataset.since) >= staysFor) line.remove();
  }
}

function shown(tag: "p" | "button", name: string, sentence: string, tone: Tone): HTMLElement {
  const line = find(name) ?? lines().appendChild(document.createElement(tag));
  line.className = "gate-notice";
  line.dataset.notice = name;
  line.dataset.tone = tone;
  if (line.textContent !== sentence) line.textContent = sentence;
  return line;
}

function find(name: string): HTMLElement | undefined {
  return lines().querySelector<HTMLElement>(`[data-notice="${name}"]`) ?? undefined;
}

function lines(): HTMLElement {
  return document.getElementById("notices") as HTMLElement;
}
