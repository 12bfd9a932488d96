// Small helps, asked for by attributes:
//   <a href="#id" data-dialog>            opens <dialog id> as a modal
//   <form data-confirm="Sentence" data-confirm-word="Withdraw">   asks before it sends; {name} is what its field says,
//                                         {name:VND} the amount in it
//   <form data-autosubmit>                sends itself when a choice changes (filters)
//   <button data-copy="text">             copies, and says so
//   <button data-print>                   prints the page
//   <label data-dropzone>                 takes a dragged file into its input
//   <span class="file">                   says which file is chosen
//   <details class="menu">                closes when a finger goes elsewhere
//   <input data-select-all="name">        ticks all checkboxes of that name

import { t, tn } from "./i18n";
import { saidAmount } from "./money";
import { showToast } from "./toast";

/** Where and when somebody clicked last. */
let clicked = { x: 0, y: 0, at: -Infinity };
const doubleClick = { milliseconds: 500, pixels: 12 };

/** Whether a click is the second half of the double click that opened a dialog, meant for what stood there before. */
function isSecondHalf(event: MouseEvent, opening: typeof clicked): boolean {
  if (event.timeStamp - opening.at > doubleClick.milliseconds) return false;
  return event.detail > 1 || Math.hypot(event.clientX - opening.x, event.clientY - opening.y) < doubleClick.pixels;
}

/** Open a dialog that a double click neither answers nor closes. */
function open(dialog: HTMLDialogElement): void {
  const opening = clicked;
  let movedOn = false; // by keys, whose clicks tell no place: what they press from then on is meant
  dialog.addEventListener("keydown", ({ key }) => (movedOn ||= key === "Tab"));
  const ignore = (event: MouseEvent): void => {
    if ((movedOn && event.detail === 0) || !isSecondHalf(event, opening)) return;
    event.preventDefault();
    event.stopPropagation();
  };
  dialog.addEventListener("click", ignore, true);
  dialog.addEventListener("close", () => dialog.removeEventListener("click", ignore, true), { once: true });
  dialog.showModal();
}

/** Open and close dialogs; a click beside one closes it. */
export function enhanceDialogs(): void {
  const remember = ({ clientX, clientY, timeStamp, isTrusted }: MouseEvent): void => {
    if (isTrusted) clicked = { x: clientX, y: clientY, at: timeStamp };
  };
  document.addEventListener("click", remember, true);
  document.addEventListener("click", (event) => {
    const target = event.target as Element;
    const opener = target.closest<HTMLAnchorElement>("a[data-dialog]");
    if (opener) {
      const dialog = document.getElementById(opener.hash.slice(1));
      if (dialog instanceof HTMLDialogElement) {
        event.preventDefault();
        open(dialog);
      }
      return;
    }
    const dialog = target.closest("dialog");
    if (dialog && (target === dialog || target.closest("[data-close]"))) {
      event.preventDefault();
      dialog.close();
    }
  });
}

/** Ask before a form with `data-confirm` is sent. */
export function enhanceConfirmations(): void {
  document.addEventListener("submit", (event) => {
    const form = event.target as HTMLFormElement;
    const submitter = event.submitter as HTMLElement | null;
    const sentence = submitter?.dataset.confirm ?? form.dataset.confirm;
    if (!sentence || form.dataset.confirmed) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    const word = submitter?.dataset.confirmWord ?? form.dataset.confirmWord ?? submitter?.textContent?.trim();
    void confirmInDialog(said(sentence, form), word || t("Yes")).then((yes) => {
      if (!yes) return;
      form.dataset.confirmed = "1";
      form.requestSubmit(submitter);
      delete form.dataset.confirmed;
    });
  });
}

/** A sentence with each {name} filled in as the form's field of that name reads, {name:VND} as an amount of money. */
function said(sentence: string, form: HTMLFormElement): string {
  return sentence.replace(/\{(\w+)(?::([A-Z]{3}))?\}/g, (whole, name: string, currency: string | undefined) => {
    const field = form.elements.namedItem(name);
    if (field instanceof HTMLSelectElement) return field.selectedOptions[0]?.text ?? "";
    if (!(field instanceof HTMLInputElement)) return whole;
    return currency ? saidAmount(field.value, currency, document.documentElement.lang) : field.value;
  });
}

/** Ask a yes-or-no question in a dialog; `word` stands on the button that does it. */
export function confirmInDialog(sentence: string, word: string): Promise<boolean> {
  const dialog = document.createElement("dialog");
  dialog.className = "dialog";
  dialog.setAttribute("aria-labelledby", "confirm-sentence");
  const text = document.createElement("p");
  text.id = "confirm-sentence";
  text.textContent = sentence;
  const actions = document.createElement("form");
  actions.method = "dialog";
  actions.className = "form-actions";
  const yes = choice(word, "yes", "button");
  const no = choice(t("Cancel"), "no", "button button-second");
  actions.append(yes, no);
  dialog.append(text, actions);
  document.body.append(dialog);
  open(dialog);
  no.focus();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      resolve(dialog.returnValue === "yes");
      dialog.remove();
    });
  });
}

function choice(word: string, value: string, className: string): HTMLButtonElement {
  const button = document.createElement("button");
  button.className = className;
  button.value = value;
  button.textContent = word;
  return button;
}

/** Forms that send themselves, are sent once only, take dragged files; buttons that copy. */
export function enhanceForms(): void {
  document.addEventListener("change", (event) => {
    const input = event.target as HTMLInputElement;
    if (input.type === "file") nameFiles(input);
    if (input.dataset.selectAll) tickAll(input);
    else if (input.type !== "search") input.closest<HTMLFormElement>("form[data-autosubmit]")?.requestSubmit();
  });
  document.addEventListener("submit", sendOnce);
  document.addEventListener("click", (event) => {
    const button = (event.target as Element).closest<HTMLElement>("[data-copy]");
    if (button) void copyText(button.dataset.copy ?? "");
    if ((event.target as Element).closest("[data-print]")) window.print();
  });
  // A page that comes back from the browser's history must be usable again.
  window.addEventListener("pageshow", ({ persisted }) => {
    if (!persisted) return;
    for (const button of document.querySelectorAll('.button[aria-busy="true"]')) button.removeAttribute("aria-busy");
  });
  for (const input of document.querySelectorAll<HTMLInputElement>(".file > input")) nameFiles(input);
  for (const zone of document.querySelectorAll<HTMLElement>("[data-dropzone]")) enhanceDropzone(zone);
}

function sendOnce(event: SubmitEvent): void {
  const form = event.target as HTMLFormElement;
  if (form.method !== "post" || event.defaultPrevented) return;
  const button = event.submitter ?? form.querySelector("button:not([type=button])");
  if (!button) return;
  if (button.getAttribute("aria-busy") === "true") event.preventDefault();
  else {
    button.setAttribute("aria-busy", "true");
    leaveAnswer(form);
  }
}

/**
 * What answered a form lies in the history as the sending of that form, and on the way back browsers ask whether to
 * send it again. Once another form is sent from it, such as the corrected one, the way back leads to where the first
 * one stood.
 */
function leaveAnswer(form: HTMLFormElement): void {
  const before = document.referrer;
  if (!("posted" in document.documentElement.dataset) || !form.hasAttribute("action") || !before) return;
  if (new URL(before).origin === location.origin) history.replaceState(history.state, "", before);
}

async function copyText(text: string): Promise<void> {
  await navigator.clipboard.writeText(text);
  showToast(t("Copied"));
}

function tickAll(input: HTMLInputElement): void {
  const name = CSS.escape(input.dataset.selectAll ?? "");
  const scope = input.form ?? document;
  for (const box of scope.querySelectorAll<HTMLInputElement>(`input[type=checkbox][name="${name}"]`)) box.checked = input.checked;
}

function nameFiles(input: HTMLInputElement): void {
  const place = input.parentElement?.querySelector(".file-name");
  const [first, ...more] = input.files ?? [];
  if (!place) return;
  place.textContent = !first ? t("No file chosen") : more.length ? tn("{n} file", "{n} files", more.length + 1) : first.name;
}

function enhanceDropzone(zone: HTMLElement): void {
  const input = zone.querySelector<HTMLInputElement>("input[type=file]");
  if (!input) return;
  for (const name of ["dragenter", "dragover"]) {
    zone.addEventListener(name, (event) => {
      event.preventDefault();
      zone.classList.add("is-over");
    });
  }
  for (const name of ["dragleave", "drop"]) zone.addEventListener(name, () => zone.classList.remove("is-over"));
  zone.addEventListener("drop", (event) => {
    event.preventDefault();
    if (!event.dataTransfer?.files.length) return;
    input.files = event.dataTransfer.files;
    nameFiles(input);
  });
}

/** Close the menus that lie open when somebody touches something else; one name closes them only in newer browsers. */
export function enhanceMenus(): void {
  document.addEventListener("click", (event) => {
    for (const menu of document.querySelectorAll<HTMLDetailsElement>("details.menu[open]")) {
      if (!menu.contains(event.target as Node)) menu.open = false;
    }
  });
}

/** Show what is wrong with a form that came back, where the browser itself has not gone to it, as on iPhones. */
export function showError(): void {
  const place = document.querySelector<HTMLElement>("main [autofocus]");
  if (!place || location.hash || window.scrollY || document.activeElement === place) return;
  place.focus({ preventScroll: true });
  place.scrollIntoView({ block: "center", behavior: "instant" });
}

/** On a narrow screen rows of sections and tabs scroll, and so does a plan: bring the open one, the sought booth, into the middle. */
export function showCurrent(): void {
  for (const tab of document.querySelectorAll('.tabs [aria-current="page"], .site-nav [aria-current="page"]')) {
    const row = tab.closest("ul"); // alone: the page itself stays where it begins, or where an error or a part is sought
    const [{ left, width }, frame] = [tab.getBoundingClientRect(), row?.getBoundingClientRect()];
    row?.scrollBy({ left: left + width / 2 - ((frame?.left ?? 0) + (frame?.width ?? 0) / 2), behavior: "instant" });
  }
  for (const current of document.querySelectorAll(".map-here + .map #here")) {
    current.scrollIntoView({ block: "nearest", inline: "center" });
  }
}
