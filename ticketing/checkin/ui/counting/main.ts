// Counting at a gate that anybody may enter: +1, +5, and one press that takes the last one back. Each is in line on the
// phone before its figure shows, with the network up or down, and is sent with an id by which it counts once.

import "./counting.css";
import { getJson, postJson } from "@fairground/api";
import { startApp } from "@fairground/app";
import { t, tn } from "@fairground/i18n";
import { pageLocale } from "@fairground/page";
import { newId, Queue, type Keeping, type Queued } from "@fairground/queue";
import { keepAwake } from "@fairground/scan/awake";
import { Clock, deviceClocks } from "../gate/clock";
import { notice } from "../gate/notices";
import { isWithdrawn } from "../gate/service";
import { Store } from "../gate/store";
import { Taps, type Tap } from "./taps";

interface Counted {
  server_time: string;
  gate_id: number;
  gate: string;
  visitors: number;
}

interface Answer {
  client_id: string;
  error?: string;
}

const address = "/api/v1/gate/counts";
const every = 10_000;
const slow = 15_000;
/** Under this name the phone keeps what the service said last: without network it counts on from there. */
const told = "counted-told";
const buzz = 30;

function element<E extends HTMLElement>(id: string): E {
  return document.getElementById(id) as E;
}

class Counter {
  private readonly page = element("counting");
  private readonly undo = element<HTMLButtonElement>("undo");
  /** Counted by all phones as the service last said; undefined before it said anything. */
  private served: number | undefined;
  private gate = Number(this.page.dataset.gate);
  private ended = false;

  constructor(
    private readonly queue: Queue<Tap>,
    private readonly taps: Taps,
    private readonly store: Store,
    private readonly clock: Clock,
  ) {}

  async start(): Promise<void> {
    const kept = await this.store.value<Counted>(told);
    // A page that was opened without network counts on from the same day's figure.
    if (kept?.gate_id === this.gate && sameDay(new Date(kept.server_time), this.clock.now().at)) this.served = kept.visitors;
    for (const button of this.page.querySelectorAll<HTMLButtonElement>("[data-visitors]")) {
      button.addEventListener("click", () => void this.count(Number(button.dataset.visitors)));
    }
    this.undo.addEventListener("click", () => void this.takeBack());
    this.queue.observe((_count, keeping) => void this.show(keeping));
    addEventListener("beforeunload", (event) => {
      if (this.queue.wouldLose) event.preventDefault();
    });
    addEventListener("offline", () => this.online(false));
    addEventListener("online", () => void this.ask());
    this.queue.keepSending((records) => this.send(records));
    keepAwake();
    void this.ask();
    setInterval(() => void this.ask(), every);
  }

  private async count(visitors: number): Promise<void> {
    if (this.ended) return;
    const id = newId();
    await this.queue.add(this.tap(visitors), id);
    await this.taps.counted(id, visitors);
    this.said(visitors);
  }

  private async takeBack(): Promise<void> {
    // Two presses are two counts, and the second must not find the first one's.
    const last = this.taps.last();
    if (!last || this.ended) return;
    await this.queue.add({ ...this.tap(last.visitors), undoes: last.id });
    await this.taps.keep();
    this.said(-last.visitors);
  }

  private tap(visitors: number): Tap {
    return { visitors, device_at: this.clock.now().at.toISOString(), gate: this.gate };
  }

  private said(visitors: number): void {
    navigator.vibrate?.(buzz);
    element("said").textContent = visitors > 0 ? `+${visitors}` : t("{count} taken back", { count: -visitors });
    this.showUndo();
  }

  private async send(records: Queued<Tap>[]): Promise<string[]> {
    try {
      const counts = records.map(({ id, body }) => ({ client_id: id, ...body }));
      const { answers, ...counted } = await postJson<Counted & { answers: Answer[] }>(address, { counts }, { timeout: slow });
      this.heard(counted);
      const refused = answers.filter(({ error }) => error).length;
      if (refused) notice("refused", tn("{n} count was not taken over.", "{n} counts were not taken over.", refused));
      return answers.map(({ client_id }) => client_id);
    } catch (error) {
      this.failed(error);
      throw error;
    }
  }

  /** Hear how many there are by now; while something waits, the answer to it tells. */
  private async ask(): Promise<void> {
    if (this.ended || (await this.queue.count()) > 0) return;
    const asked = this.clock.read();
    try {
      const counted = await getJson<Counted>(address, { timeout: every });
      this.clock.heard(Date.parse(counted.server_time), asked);
      if (this.clock.measured) await this.store.keepMeasured(this.clock.measured);
      if ((await this.queue.count()) === 0) this.heard(counted);
      await this.show(this.queue.keeping);
    } catch (error) {
      this.failed(error);
    }
  }

  private heard(counted: Counted): void {
    void this.store.remember(told, counted);
    this.served = counted.visitors;
    this.gate = counted.gate_id;
    element("gate").textContent = counted.gate;
    this.online(true);
  }

  private failed(error: unknown): void {
    if (!isWithdrawn(error)) {
      this.online(false);
      return;
    }
    this.ended = true;
    notice("withdrawn", t("This phone was withdrawn. Ask the gate lead for a new card."));
    for (const button of this.page.querySelectorAll("button")) button.disabled = true;
  }

  private online(yes: boolean): void {
    element("state").dataset.state = yes ? "online" : "offline";
    element("state-word").textContent = yes ? t("Online") : t("Offline");
  }

  /** What the service knows and, on top of it, what still waits here. */
  private async show(keeping: Keeping): Promise<void> {
    const waiting = await this.queue.pending();
    const more = waiting.reduce((sum, { body }) => sum + (body.undoes ? -body.visitors : body.visitors), 0);
    const figure = this.served === undefined && waiting.length === 0 ? "–" : new Intl.NumberFormat(pageLocale()).format(Math.max(0, (this.served ?? 0) + more));
    element("visitors").textContent = figure;
    element("waiting").hidden = waiting.length === 0;
    element("waiting-count").textContent = String(waiting.length);
    element("waiting-words").textContent = tn("{n} tap waits", "{n} taps wait", waiting.length);
    notice("keeping", keepingWords(keeping));
    this.showUndo();
  }

  private showUndo(): void {
    const last = this.taps.first;
    this.undo.disabled = !last || this.ended;
    element("undo-words").textContent = last ? t("Take back +{count}", { count: last.visitors }) : t("Take back");
  }
}

function sameDay(one: Date, other: Date): boolean {
  return one.toDateString() === other.toDateString();
}

/** What whoever holds this phone has to know about taps that only this page keeps. */
function keepingWords(keeping: Keeping): string {
  if (keeping === "full") return t("This phone is full: taps are kept only while this page is open.");
  return keeping === "memory" ? t("This phone keeps nothing: taps are kept only while this page is open.") : "";
}

async function main(): Promise<void> {
  const [store, queue, scans] = await Promise.all([Store.open(), Queue.open<Tap>("fairground-gate-counts"), Queue.open("fairground-gate-queue")]);
  const mayUpdate = async (): Promise<boolean> => (await queue.count()) + (await scans.count()) === 0;
  void startApp({ worker: "/gate/sw.js", scope: "/gate/", mayUpdate });
  const [taps, measured] = await Promise.all([Taps.open(store), store.measured()]);
  await new Counter(queue, taps, store, new Clock(measured, deviceClocks)).start();
}

void main();
