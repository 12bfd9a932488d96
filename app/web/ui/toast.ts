// Short messages at the head of the page, some with a way back.

import { t } from "./i18n";

const lifetime = 6000;

export interface ToastOptions {
  /** Called when the person wants it undone; without it there is no such button. */
  undo?: () => void;
}

/** Say something short. It goes by itself, unless it can be undone or the pointer rests on it. */
export function showToast(message: string, { undo }: ToastOptions = {}): void {
  const toast = document.createElement("div");
  toast.className = "toast is-said";
  const text = document.createElement("span");
  text.className = "toast-text";
  text.textContent = message;
  toast.append(text);
  if (undo) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "button";
    button.textContent = t("Undo");
    button.addEventListener("click", () => {
      toast.remove();
      undo();
    });
    toast.append(button);
  }
  const at = region();
  at.style.blockSize = `${at.offsetHeight}px`; // it lies over the page, which must not move under a finger
  at.append(toast);
  expire(toast, () => toast.remove());
}

function region(): HTMLElement {
  const existing = document.getElementById("toasts");
  if (existing) return existing;
  const made = document.createElement("div");
  made.id = "toasts";
  made.className = "toasts";
  made.setAttribute("role", "status");
  document.body.prepend(made);
  return made;
}

function expire(toast: HTMLElement, end: () => void): void {
  const patience = toast.querySelector("button, a") ? 2 * lifetime : lifetime;
  let timer = window.setTimeout(end, patience);
  const hold = () => window.clearTimeout(timer);
  const release = () => {
    hold();
    timer = window.setTimeout(end, patience);
  };
  toast.addEventListener("pointerenter", hold);
  toast.addEventListener("focusin", hold);
  toast.addEventListener("pointerleave", release);
  toast.addEventListener("focusout", release);
}

/** Let the toasts that came with the page go by themselves; their space stays, so that the page does not move. */
export function enhanceToasts(): void {
  for (const toast of document.querySelectorAll<HTMLElement>("#toasts .toast")) expire(toast, () => toast.classList.add("is-over"));
}
