// The box office by number keys: the type, then how many, Enter; on the page of the passes 1 prints, 2 goes on.

import { openTill } from "./till";

const form = document.querySelector<HTMLFormElement>("form[data-counter]");
const count = document.getElementById("field-count") as HTMLInputElement | null;

document.querySelectorAll<HTMLElement>("[data-till]").forEach(openTill);

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || isText(event.target)) return;
  const digit = /^(?:Digit|Numpad)([1-9])$/.exec(event.code)?.[1];
  if (!digit) return;
  if (form) chooseType(Number(digit), event);
  else document.querySelector<HTMLElement>(`[data-number-key="${digit}"]`)?.click();
});

/** Tick the type with this number and go on to how many. */
function chooseType(number: number, event: KeyboardEvent): void {
  const type = form?.querySelectorAll<HTMLInputElement>('input[name="ticket_type"]')[number - 1];
  if (!type || !count) return;
  event.preventDefault();
  type.checked = true;
  type.dispatchEvent(new Event("change", { bubbles: true }));
  count.focus();
  count.select();
}

function isText(target: EventTarget | null): boolean {
  return target instanceof HTMLTextAreaElement || (target instanceof HTMLInputElement && target.type !== "radio");
}
