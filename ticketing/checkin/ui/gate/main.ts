// The gate: camera, verdict, on to the next. Online the service judges; offline this phone does, and queues.

import "./gate.css";
import { isInstalled, startApp } from "@fairground/app";
import { usedStorage } from "@fairground/disk";
import { t } from "@fairground/i18n";
import { pageLocale } from "@fairground/page";
import { newId, Queue, type Keeping } from "@fairground/queue";
import { CameraProblem, listenForReader, signal, startScanner, unlockSound, type Scanner } from "@fairground/scan";
import { asSent, canJudge, entryKey, isPartial, judge, looksTyped, type Answer, type Verdict, type Way } from "./judge";
import { notice } from "./notices";
import { freshFor, hedgeAfter, Pace, within } from "./pace";
import { Screen, word } from "./screen";
import { fetchBundle, fetchStatus, handOver, isAway, isWithdrawn, redeem, type OfflineScan } from "./service";
import { Store, type Bundle } from "./store";

const statusEvery = 10_000;
/** Short of the time for which a bundle is new enough to judge by while the service is slow. */
const bundleEvery = 110_000;
const storageEvery = 60_000;

class Gate {
  private readonly screen = new Screen();
  private bundle: Bundle | undefined;
  private offset = 0;
  /** Milliseconds of the steady clock at which the bundle came. */
  private fetchedAt = -Infinity;
  private readonly pace = new Pace();
  private online = true;
  private busy = false;
  /** What was shown before the service had answered, by the id of the scan. */
  private readonly shown = new Map<string, Verdict>();
  private inside: number | undefined;
  private way: Way = "in";
  private scanner: Scanner | undefined;

  constructor(
    private readonly store: Store,
    private readonly queue: Queue<OfflineScan>,
  ) {}

  async start(): Promise<void> {
    this.bundle = await this.store.bundle();
    this.offset = await this.store.offset();
    this.showWay(this.way);
    this.queue.observe((count, keeping) => {
      this.screen.waiting(count);
      notice("keeping", keepingWords(keeping));
    });
    void watchStorage();
    setInterval(() => void watchStorage(), storageEvery);
    addEventListener("beforeunload", (event) => {
      if (this.queue.wouldLose) event.preventDefault();
    });
    this.queue.keepSending((records) => this.send(records));
    this.listen();
    void this.openCamera();
    await this.refreshBundle();
    setInterval(() => void this.refreshBundle(), bundleEvery);
    await this.refreshStatus();
    setInterval(() => void this.refreshStatus(), statusEvery);
  }

  private listen(): void {
    document.addEventListener("pointerdown", unlockSound, { once: true });
    const typed = document.getElementById("typed") as HTMLFormElement;
    const input = document.getElementById("code") as HTMLInputElement;
    listenForReader((text) => {
      input.value = ""; // where the field has the focus, the reader has typed into it, too
      void this.scan(text);
    });
    typed.addEventListener("submit", (event) => {
      event.preventDefault();
      const text = input.value;
      input.value = "";
      input.blur();
      if (text.trim()) void this.scan(text, true);
    });
    for (const button of document.querySelectorAll<HTMLElement>("[data-way]")) {
      button.addEventListener("click", () => this.showWay(button.dataset.way === "out" ? "out" : "in"));
    }
    addEventListener("offline", () => this.setOnline(false));
    addEventListener("online", () => void this.refreshStatus());
  }

  private showWay(way: Way): void {
    const exits = this.bundle?.list_exits ?? false;
    this.way = exits ? way : "in";
    this.screen.way(this.way, exits);
  }

  private async openCamera(): Promise<void> {
    const video = document.getElementById("camera") as HTMLVideoElement;
    try {
      this.scanner = await startScanner(video, {
        onCode: (text) => this.scan(text),
        onError: (problem) => this.screen.problem(problem.message),
      });
      this.offerTools(this.scanner);
    } catch (error) {
      if (!(error instanceof CameraProblem)) throw error;
      this.screen.problem(error.message);
    }
  }

  private offerTools(scanner: Scanner): void {
    const torch = document.getElementById("torch") as HTMLButtonElement;
    let on = false;
    torch.hidden = !scanner.hasTorch();
    torch.addEventListener("click", () => {
      on = !on;
      torch.setAttribute("aria-pressed", String(on));
      void scanner.setTorch(on);
    });
    const flip = document.getElementById("flip") as HTMLButtonElement;
    void navigator.mediaDevices.enumerateDevices().then((devices) => {
      flip.hidden = devices.filter(({ kind }) => kind === "videoinput").length < 2;
    });
    flip.addEventListener("click", () => void scanner.nextCamera().catch((problem: CameraProblem) => this.screen.problem(problem.message)));
  }

  /** One pass, from the text to the end of its verdict. */
  private async scan(text: string, typed = false): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    this.scanner?.pause();
    this.screen.clear();
    try {
      if (typed && isPartial(text)) await this.screen.say(t("Not complete"), t("The code under the QR code has eight characters."));
      else await this.answer(asSent(text));
    } finally {
      this.busy = false;
      this.scanner?.resume();
    }
  }

  private async answer(text: string): Promise<void> {
    const timezone = this.bundle?.timezone ?? "Asia/Ho_Chi_Minh";
    if (!canJudge(text) && !looksTyped(text)) {
      await this.screen.say(t("Not a pass"), t("This code belongs to something else. Scan the code of the pass."));
      return;
    }
    const id = newId();
    const at = this.now();
    const way = this.way;
    if (this.online) {
      const asking = this.ask(id, text, at, way);
      try {
        const answer = this.mayHedge(text) ? await within(hedgeAfter, asking) : await asking;
        if (answer) {
          await this.remember(answer, text, at);
          await this.screen.show(answer, timezone, at);
          return;
        }
        const alone = this.answerAlone(text, id, at, way, timezone);
        asking.then(
          (late) => alone.then(() => this.compare(id, late, text, at)),
          (error: unknown) => this.failed(error),
        );
        return await alone;
      } catch (error) {
        if (!isAway(error) && !isWithdrawn(error)) {
          await this.screen.say(t("Not possible now"), error instanceof Error ? error.message : "");
          return;
        }
        await this.failed(error);
        if (isWithdrawn(error)) return;
      }
    }
    await this.answerAlone(text, id, at, way, timezone);
  }

  /** Ask the service, and mind how long it takes. */
  private async ask(id: string, text: string, at: Date, way: Way): Promise<Answer> {
    const asked = performance.now();
    try {
      return await redeem(id, text, at, way);
    } finally {
      this.pace.answered(performance.now() - asked);
      if (this.pace.tooSlow) this.setOnline(true); // it answers, and yet is not waited for
    }
  }

  /** Whether this phone knows enough, and lately enough, to let nobody wait for a service that is slow. */
  private mayHedge(text: string): boolean {
    return canJudge(text) && this.bundle?.list_active === true && performance.now() - this.fetchedAt < freshFor;
  }

  /** The service answered after this phone had: where it says something else, whoever stands there shall know. */
  private async compare(id: string, late: Answer, text: string, at: Date): Promise<void> {
    const shown = this.shown.get(id);
    this.shown.delete(id);
    if (!shown || shown === late.verdict) return;
    await this.remember(late, text, at);
    const time = clockTime(at, this.bundle?.timezone);
    const words = { time, label: late.label ?? "", shown: word({ verdict: shown }), said: word(late) };
    signal("look");
    notice("differs", t("{time} {label}: this phone said “{shown}”, the service says “{said}”.", words), "mind");
  }

  private async failed(error: unknown): Promise<void> {
    if (isWithdrawn(error)) await this.withdrawn();
    else if (isAway(error)) this.setOnline(false);
  }

  /** Without the service: judge here, show it, and put the scan in line. */
  private async answerAlone(text: string, id: string, at: Date, way: Way, timezone: string): Promise<void> {
    if (!this.bundle) {
      await this.screen.say(t("No network"), t("This phone has to be online once before it can check passes alone."));
      return;
    }
    if (!canJudge(text)) {
      await this.screen.say(t("No network"), t("Typed codes need the network. Scan the QR code."));
      return;
    }
    if (!this.bundle.list_active) {
      await this.screen.say(t("Closed"), this.bundle.list_name);
      return;
    }
    const answer = await judge(text, id, this.bundle, this.store, at, way);
    if (this.online) this.shown.set(id, answer.verdict); // the service's answer is still to come
    const { list_id: list, gate_id: gate } = this.bundle;
    await this.queue.add({ code: text, device_at: at.toISOString(), shown: answer.verdict, way, list, gate }, id);
    await this.remember(answer, text, at);
    await this.screen.show(answer, timezone, at);
  }

  private async remember(answer: Answer, text: string, at: Date): Promise<void> {
    if (answer.replayed || !this.bundle) return;
    if (answer.verdict === "already_admitted" && answer.previous_at && canJudge(text)) {
      // Another gate let it in: without the network this phone shall know, too.
      const entry = { at: Date.parse(answer.previous_at), gate: answer.previous_gate ?? "" };
      await this.store.enter({ key: entryKey(this.bundle, text), ...entry });
      return;
    }
    const step = answer.verdict === "admitted" ? 1 : answer.verdict === "left" ? -1 : 0;
    if (step === 0) return;
    if (this.inside !== undefined) this.screen.inside((this.inside = Math.max(0, this.inside + step)));
    if (step < 0) await this.store.leave(entryKey(this.bundle, text));
    else if (canJudge(text)) await this.store.enter({ key: entryKey(this.bundle, text), at: at.getTime(), gate: this.bundle.gate });
  }

  private async send(records: Parameters<typeof handOver>[0]): Promise<string[]> {
    const answers = await handOver(records);
    this.setOnline(true);
    void this.refreshStatus();
    return answers.map(({ client_id }) => client_id);
  }

  private async refreshBundle(): Promise<void> {
    try {
      const { bundle, offset } = await fetchBundle();
      [this.bundle, this.offset, this.fetchedAt] = [bundle, offset, performance.now()];
      await this.store.keep(bundle, offset);
      this.screen.gate(bundle.gate);
      this.showWay(this.way);
      this.setOnline(true, true);
    } catch (error) {
      await this.failed(error);
    }
  }

  private async refreshStatus(): Promise<void> {
    const asked = performance.now();
    try {
      const { inside } = await fetchStatus();
      this.pace.asked(performance.now() - asked);
      this.inside = inside;
      this.screen.inside(inside);
      this.setOnline(true);
    } catch (error) {
      await this.failed(error);
    }
  }

  /** Whichever answer tells it first that the network is back: what the phone judges by is fetched anew. */
  private setOnline(answers: boolean, fetched = false): void {
    const yes = answers && !this.pace.tooSlow;
    notice("slow", answers && this.pace.tooSlow ? t("The network is slow: this phone checks passes alone and sends them later.") : "", "mind");
    const back = yes && !this.online;
    if (back) this.queue.keepSending((records) => this.send(records));
    this.online = yes;
    this.screen.online(yes);
    if (back && !fetched) void this.refreshBundle();
  }

  /** The gate lead withdrew this phone: it forgets what let it judge, and stops. What waits to be sent stays. */
  private async withdrawn(): Promise<void> {
    this.scanner?.stop();
    this.bundle = undefined;
    await this.store.forget();
    this.screen.problem(t("This phone was withdrawn. Ask the gate lead for a new card."));
  }

  private now(): Date {
    return new Date(Date.now() + this.offset);
  }
}

/** The time of day at the edition's place. */
function clockTime(at: Date, timeZone = "Asia/Ho_Chi_Minh"): string {
  return new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone }).format(at);
}

/** What whoever holds this phone has to know about scans that only this page keeps. */
function keepingWords(keeping: Keeping): string {
  if (keeping === "full") return t("This phone is full: scans are kept only while this page is open.");
  return keeping === "memory" ? t("This phone keeps nothing: scans are kept only while this page is open.") : "";
}

async function watchStorage(): Promise<void> {
  const used = await usedStorage();
  const percent = new Intl.NumberFormat(pageLocale(), { style: "percent" }).format(used ?? 0);
  notice("storage", used ? t("This phone is nearly full ({percent}). Delete photos or apps from it.", { percent }) : "", "mind");
}

async function main(): Promise<void> {
  const [store, queue] = await Promise.all([Store.open(), Queue.open<OfflineScan>("fairground-gate-queue")]);
  void startApp({ worker: "/gate/sw.js", scope: "/gate/", mayUpdate: async () => (await queue.count()) === 0 });
  document.documentElement.classList.toggle("installed", isInstalled());
  await new Gate(store, queue).start();
}

void main();
