// The last scans of this phone, over the picture: a line each, and at a touch what explains it.

import "./recent.css";
import { t } from "@fairground/i18n";
import type { RecentScan } from "./recent";
import { explained, looks, momentTold, word } from "./words";

export class RecentView {
  private readonly dialog = document.getElementById("recent") as HTMLDialogElement;
  private readonly list = document.getElementById("recent-scans") as HTMLOListElement;
  private readonly line = document.getElementById("recent-scan") as HTMLTemplateElement;

  /** `undo` takes a scan back, and gives why it could not, or nothing. */
  constructor(private readonly undo: (scan: RecentScan) => Promise<string>) {
    document.getElementById("recent-close")?.addEventListener("click", () => this.close());
  }

  show(scans: readonly RecentScan[], timezone: string, now: Date): void {
    (document.getElementById("recent-none") as HTMLElement).hidden = scans.length > 0;
    this.list.replaceChildren(...scans.map((scan) => this.drawn(scan, timezone, now)));
    if (!this.dialog.open) this.dialog.showModal();
  }

  close(): void {
    if (this.dialog.open) this.dialog.close();
  }

  private drawn(scan: RecentScan, timezone: string, now: Date): DocumentFragment {
    const line = this.line.content.cloneNode(true) as DocumentFragment;
    const part = (name: string): HTMLElement => line.querySelector(`[data-part="${name}"]`) as HTMLElement;
    const more = part("more");
    const look = looks[scan.verdict];
    for (const symbol of line.querySelectorAll<HTMLElement>(".gate-symbol")) symbol.hidden = symbol.dataset.look !== look;
    part("time").textContent = momentTold(new Date(scan.at), timezone, now);
    part("word").textContent = word(scan);
    part("place").textContent = [scan.label, scan.gate].filter(Boolean).join(" · ");
    const button = part("undo");
    button.hidden = !mayUndo(scan, now.getTime());
    button.addEventListener("click", () => {
      void this.undo(scan).then((problem) => {
        if (problem) more.append(Object.assign(document.createElement("p"), { textContent: problem, role: "alert" }));
      });
    });
    more.replaceChildren(...told(scan, timezone).map((sentence) => Object.assign(document.createElement("p"), { textContent: sentence })));
    return line;
  }
}

/** For so long, in milliseconds, a scan can be taken back. */
const undoFor = 15 * 60_000;

/** Whether somebody came in or went out by a scan a short while ago. */
function mayUndo({ verdict, at, undone }: RecentScan, now: number): boolean {
  return (verdict === "admitted" || verdict === "left") && !undone && now - at < undoFor;
}

/** What explains a scan, a sentence each. */
function told(scan: RecentScan, timezone: string): string[] {
  const at = new Date(scan.at);
  const device = momentTold(new Date(scan.device), timezone, at);
  return [
    explained(scan, timezone, at),
    scan.alone ? t("This phone checked it alone, without the service.") : "",
    scan.undone ? t("Taken back: it counts for nothing.") : "",
    scan.said ? t("The service says “{said}”.", { said: word({ verdict: scan.said }) }) : "",
    scan.trust === "measured" ? "" : t("The time is not certain: the clock of this phone said {time}.", { time: device }),
  ].filter(Boolean);
}
