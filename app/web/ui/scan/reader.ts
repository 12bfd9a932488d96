// USB and Bluetooth readers type what they read, quickly, and press Enter. Physical keys are taken, not letters:
// a Vietnamese keyboard would turn "AA" into "Â".

const gap = 60;
const shortest = 5;
const plain: Record<string, string> = { Slash: "/", Period: ".", Minus: "-", Space: " ", Equal: "=", Semicolon: ";", Backquote: "`" };
const shifted: Record<string, string> = { Slash: "?", Minus: "_", Equal: "+", Semicolon: ":", Digit5: "%", Digit7: "&" };

/** Report what a hand reader types anywhere on the page. Returns what ends it. */
export function listenForReader(onCode: (text: string) => void): () => void {
  let text = "";
  let last = 0;
  const onKey = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    if (event.timeStamp - last > gap) text = "";
    last = event.timeStamp;
    if (event.key === "Enter" || event.key === "Tab") {
      if (text.length < shortest) return;
      event.preventDefault();
      event.stopPropagation();
      const read = text;
      text = "";
      onCode(read);
      return;
    }
    text += typed(event);
  };
  document.addEventListener("keydown", onKey, { capture: true });
  return () => document.removeEventListener("keydown", onKey, { capture: true });
}

function typed({ code, key, shiftKey }: KeyboardEvent): string {
  if (shiftKey && shifted[code]) return shifted[code];
  if (plain[code]) return plain[code];
  const letter = /^Key([A-Z])$/.exec(code)?.[1];
  if (letter) return shiftKey ? letter : letter.toLowerCase();
  const digit = /^(?:Digit|Numpad)([0-9])$/.exec(code)?.[1];
  if (digit) return digit;
  return code === "" && key.length === 1 ? key : ""; // some Bluetooth readers send no code
}
