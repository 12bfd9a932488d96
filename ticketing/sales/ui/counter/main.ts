// The box office by number keys: a type, how many, + for another type, Enter; on the page of the passes 1 prints, 2 goes on.

import { openTill } from "./till";

const counts = [...document.querySelectorAll<HTMLInputElement>("[data-type-count]")];

document.querySelectorAll<HTMLElement>("[data-till]").forEach(openTill);
document.querySelectorAll<HTMLElement>("[data-step]").forEach((step) => {
  const count = step.parentElement?.querySelector<HTMLInputElement>("[data-type-count]");
  step.addEventListener("click", () => count && setCount(count, Number(count.value) + Number(step.dataset.step)));
});

// The way back from a sale leads to an empty form: a filled one, kept by the browser, looks as if it waited to be sent.
window.addEventListener("pageshow", ({ persisted }) => {
  if (persisted && document.querySelector("[data-counter]")) location.reload();
});

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey) return;
  const count = counts.find((one) => one === event.target);
  if (count && event.key === "+") {
    event.preventDefault();
    count.blur(); // the next digit is another type's
  }
  if (isText(event.target)) return;
  const digit = /^(?:Digit|Numpad)([1-9])$/.exec(event.code)?.[1];
  if (!digit) return;
  if (counts.length) chooseType(Number(digit), event);
  else document.querySelector<HTMLElement>(`[data-number-key="${digit}"]`)?.click();
});

/** Go to how many of the type with this number: one, unless something else is typed. */
function chooseType(number: number, event: KeyboardEvent): void {
  const count = counts[number - 1];
  if (!count) return;
  event.preventDefault();
  if (!Number(count.value)) setCount(count, 1);
  count.focus();
  count.select();
}

/** Write how many, nothing for none, and let the till know. */
function setCount(count: HTMLInputElement, number: number): void {
  count.value = number > 0 ? String(Math.min(number, 99)) : "";
  count.dispatchEvent(new Event("input", { bubbles: true }));
}

function isText(target: EventTarget | null): boolean {
  return target instanceof HTMLTextAreaElement || (target instanceof HTMLInputElement && target.type !== "radio");
}
