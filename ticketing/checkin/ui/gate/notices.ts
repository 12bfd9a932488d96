// What goes on being wrong while scanning goes on: a line each under the strip, in red or, to be minded only, in gold.

export type Tone = "bad" | "mind";

/** Show a sentence in the line of this name, in place of what stood there; "" takes the line away. Returns the line. */
export function notice(name: string, sentence: string, tone: Tone = "bad"): HTMLElement | undefined {
  const lines = document.getElementById("notices") as HTMLElement;
  const present = lines.querySelector<HTMLElement>(`[data-notice="${name}"]`);
  if (!sentence) {
    present?.remove();
    return undefined;
  }
  const line = present ?? lines.appendChild(document.createElement("p"));
  line.className = "gate-notice";
  line.dataset.notice = name;
  line.dataset.tone = tone;
  if (line.textContent !== sentence) line.textContent = sentence;
  return line;
}
