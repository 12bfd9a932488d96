// The gate: camera, verdict, on to the next. Online the service judges; offline this phone does, and queues.

import "./gate.css";
import { isInstalled, startApp } from "@fairground/app";
import { usedStorage } from "@fairground/disk";
import { t } from "@fairground/i18n";
import { pageLocale } from "@fairground/page";
import { readPass } from "@fairground/passes";
import { newId, Queue, type Keeping } from "@fairground/queue";
import { listenForReader, signal, startScanner, unlockSound, type Camera, type Scanner } from "@fairground/scan";
import { Asking, type Answers } from "./asking";
import { Finder } from "./finding";
import { fromCode } from "./handed";
import { HandingOver } from "./handing_over";
import { Clock, deviceClocks, type Reading, type Stamp } from "./clock";
import { asSent, asShown, canJudge, isPartial, judge, looksTyped, type Answer, type Verdict, type Way } from "./judge";
import { notice, pass, passing } from "./notices";
import { Own, type OwnScan } from "./own";
import { freshFor, hedgeAfter, Pace, within } from "./pace";
import { Recent, type RecentScan } from "./recent";
import { RecentView } from "./recent_view";
import { Screen } from "./screen";
import { fetchBundle, fetchStatus, handOver, isAway, isLate, isWithdrawn, redeem, timesOf, type OfflineScan } from "./service";
import { Store, type Bundle } from "./store";
import { takeBack } from "./taking_back";
import { TakingOver } from "./taking_over";
import { Tools } from "./tools";
import { Unanswered } from "./unanswered";
import { settled } from "./untaken";
import { UntakenView } from "./untaken_view";
import { clockTime, spanTold, word } from "./words";

const statusEvery = 10_000;
/** Short of the time for which a bundle is new enough to judge by while the service is slow. */
const bundleEvery = 110_000;
const storageEvery = 60_000;
const clockEvery = 2_000;
/** Milliseconds after which whoever typed a code is told that the service takes its time. */
const slowAfter = 1_200;

class Gate {
  private readonly screen = new Screen();
  private readonly view = new RecentView((scan) => this.undo(scan));
  private readonly untaken: UntakenView;
  private readonly asking = new Asking();
  private bundle: Bundle | undefined;
  /** When the bundle came. */
  private fetched: Reading | undefined;
  private readonly pace = new Pace();
  private online = true;
  private busy = false;
  private readonly unanswered: Unanswered;
  private inside: number | undefined;
  private way: Way = "in";
  private scanner: Scanner | undefined;
  private refreshing: Promise<void> | undefined;
  private readonly takingOver: TakingOver;
  private readonly finder = new Finder({
    onChosen: (code) => void this.scan(code, true, true),
    onOpen: () => this.scanner?.pause(),
    onClose: () => this.scanner?.resume(),
    onError: (error) => void this.failed(error),
  });

  constructor(
    private readonly store: Store,
    private readonly queue: Queue<OfflineScan>,
    private readonly recent: Recent,
    private readonly own: Own,
    private readonly clock: Clock,
  ) {
    this.unanswered = new Unanswered(clock);
    this.takingOver = new TakingOver(queue);
    this.untaken = new UntakenView(store, () => this.showRecent());
  }

  async start(): Promise<void> {
    this.bundle = await this.store.bundle();
    this.showWay(this.way);
    const [last] = this.recent.all;
    if (last) this.screen.last(last, this.timezone, this.clock.now().at);
    this.queue.observe((count, keeping) => {
      this.screen.waiting(count);
      notice("keeping", keepingWords(keeping));
    });
    void this.untaken.show(this.timezone, this.clock.now().at);
    void watchStorage();
    setInterval(() => void watchStorage(), storageEvery);
    addEventListener("beforeunload", (event) => {
      if (this.queue.wouldLose) event.preventDefault();
    });
    this.queue.keepSending((records) => this.send(records));
    this.listen();
    await this.openCamera();
    await this.refreshBundle();
    setInterval(() => void this.refreshBundle(), bundleEvery);
    await this.refreshStatus();
    setInterval(() => void this.refreshStatus(), statusEvery);
    setInterval(() => this.watchClock(), clockEvery);
  }

  private get timezone(): string {
    return this.bundle?.timezone ?? "Asia/Ho_Chi_Minh";
  }

  private listen(): void {
    document.addEventListener("pointerdown", unlockSound);
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
    document.getElementById("last")?.addEventListener("click", () => this.showRecent());
    addEventListener("offline", () => this.setOnline(false));
    addEventListener("online", () => void this.refreshStatus());
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden) void this.wake();
    });
  }

  private showRecent(): void {
    this.view.show(this.recent.all, this.timezone, this.clock.now().at);
  }

  private showWay(way: Way): void {
    const exits = this.bundle?.list_exits ?? false;
    this.way = exits ? way : "in";
    this.screen.way(this.way, exits);
  }

  private async openCamera(): Promise<void> {
    const video = document.getElementById("camera") as HTMLVideoElement;
    const scanner = startScanner(video, {
      camera: await this.store.value<Camera>("camera"),
      onCode: (text) => this.scan(text),
      onProblem: (problem) => this.screen.problem(problem?.message ?? "", problem?.reason === "refused"),
      onOpen: () => void tools.offer(),
    });
    const tools = new Tools(scanner, this.store);
    document.getElementById("retry")?.addEventListener("click", () => scanner.retry());
    this.scanner = scanner;
  }

  private async undo(scan: RecentScan): Promise<string> {
    const problem = await takeBack(scan, this.own, this.recent);
    if (!problem) {
      this.showRecent();
      void this.refreshStatus();
      void this.refreshBundle().then(() => this.refreshBundle()); // the first may have been asked before
    }
    return problem;
  }

  /** The phone was put away and is looked at again: what it knows may be hours old. */
  private async wake(): Promise<void> {
    this.watchClock();
    await this.refreshStatus();
    if (!this.isFresh()) await this.refreshBundle();
  }

  /** One pass, from the text to the end of its verdict. */
  private async scan(text: string, typed = false, byName = false): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    this.finder.close();
    this.scanner?.pause();
    this.screen.clear();
    this.view.close();
    const handed = fromCode(text);
    try {
      if (handed) await this.takingOver.take(handed, this.screen);
      else if (typed && isPartial(text)) await this.screen.say(t("Not complete"), t("The code under the QR code has eight characters."));
      else await this.answer(asSent(text), byName);
    } finally {
      this.busy = false;
      this.scanner?.resume();
    }
  }

  /**
   * `said` is what was answered to the questions with which the service refused this pass a moment ago; `byName`: its
   * holder was found by name.
   */
  private async answer(text: string, byName = false, said?: Answers): Promise<void> {
    if (!canJudge(text) && !looksTyped(text)) {
      await this.screen.say(t("Not a pass"), t("This code belongs to something else. Scan the code of the pass."));
      return;
    }
    const way = this.way;
    const id = this.unanswered.take(text, way) ?? newId();
    const stamp = this.clock.now();
    if (!this.online && (canJudge(text) || !this.pace.tooSlow)) {
      await this.answerAlone(text, id, stamp, way, said);
      return;
    }
    const asking = this.ask(id, text, stamp, way, byName, said);
    try {
      const answer = this.mayHedge(text) ? await within(hedgeAfter, asking) : await this.patiently(text, asking);
      if (answer) {
        const answers = answer.questions?.length ? await this.asking.put(answer.questions, answer.label ?? "", said !== undefined) : undefined;
        await (answers ? this.answer(text, byName, answers) : this.took(answer, text, stamp, way, false));
        return;
      }
    } catch (error) {
      if (isLate(error) && !canJudge(text)) {
        this.unanswered.note(text, way, id);
        await this.screen.say(t("The network is slow"), t("No answer has come yet. Type the code again, or scan the QR code."));
        return;
      }
      if (!isAway(error) && !isWithdrawn(error)) {
        await this.screen.say(t("Not possible now"), error instanceof Error ? error.message : "");
        return;
      }
      await this.failed(error);
      if (!isWithdrawn(error)) await this.answerAlone(text, id, stamp, way, said);
      return;
    }
    const alone = this.answerAlone(text, id, stamp, way, said);
    asking.then(
      (late) => alone.then((shown) => this.compare(shown, late, text, stamp)),
      (error: unknown) => this.failed(error),
    );
    await alone;
  }

  /** Wait for an answer that this phone cannot do without, and say so when it takes long. */
  private async patiently(text: string, asking: Promise<Answer>): Promise<Answer> {
    if (canJudge(text)) return asking;
    const answer = await within(slowAfter, asking);
    if (answer) return answer;
    notice("asking", t("The network is slow: waiting for the service to know this code."), "mind");
    return asking.finally(() => notice("asking", ""));
  }

  /** Ask the service, and mind how long it takes. */
  private async ask(id: string, text: string, stamp: Stamp, way: Way, byName: boolean, said?: Answers): Promise<Answer> {
    const asked = performance.now();
    try {
      return await redeem(id, text, stamp, way, canJudge(text), byName, said);
    } finally {
      this.pace.answered(performance.now() - asked);
      if (this.pace.tooSlow) this.setOnline(true); // it answers, and yet is not waited for
    }
  }

  /** Whether this phone knows enough, and lately enough, to let nobody wait for a service that is slow. */
  private mayHedge(text: string): boolean {
    return canJudge(text) && this.bundle?.list_active === true && this.isFresh();
  }

  private isFresh(): boolean {
    return this.fetched !== undefined && this.clock.since(this.fetched) < freshFor;
  }

  /** The service answered after this phone had: where it says something else, whoever stands there shall know. */
  private async compare(shown: Verdict | undefined, late: Answer, text: string, stamp: Stamp): Promise<void> {
    if (!shown || shown === late.verdict) return;
    await this.remember(late, text, stamp, false);
    await this.recent.heard([late]);
    const words = { time: clockTime(stamp.at, this.timezone), label: late.label ?? "", shown: word({ verdict: shown }), said: word(late) };
    signal("look");
    passing("differs", t("{time} {label}: this phone said “{shown}”, the service says “{said}”.", words));
  }

  private async failed(error: unknown): Promise<void> {
    if (isWithdrawn(error)) await this.withdrawn();
    else if (isAway(error)) this.setOnline(false);
  }

  /** Without the service: judge here, put the scan in line, and then show it. Gives what was shown of a pass. */
  private async answerAlone(text: string, id: string, stamp: Stamp, way: Way, said?: Answers): Promise<Verdict | undefined> {
    if (!this.bundle) {
      await this.screen.say(t("No network"), t("This phone has to be online once before it can check passes alone."));
      return undefined;
    }
    if (!canJudge(text)) {
      await this.screen.say(t("No network"), t("Typed codes need the network. Scan the QR code."));
      return undefined;
    }
    if (!this.bundle.list_active) {
      await this.screen.say(t("Closed"), this.bundle.list_name);
      return undefined;
    }
    const answer = judge(text, id, this.bundle, this.own, stamp.at, way);
    const { list_id: list, gate_id: gate } = this.bundle;
    await this.queue.add({ code: text, ...timesOf(stamp), shown: asShown(answer), way, list, gate, answers: said }, id);
    await this.took(answer, text, stamp, way, true);
    return answer.verdict;
  }

  /** An answer stands: it is remembered, noted and shown. */
  private async took(answer: Answer, text: string, stamp: Stamp, way: Way, alone: boolean): Promise<void> {
    await this.remember(answer, text, stamp, alone);
    void this.recent.add(answer, stamp, this.bundle?.gate ?? "", way, alone);
    await this.screen.show(answer, this.timezone, stamp.at);
  }

  /** What an answer says of a pass is known from now on, too, until the service tells of it. */
  private async remember(answer: Answer, text: string, { at }: Stamp, alone: boolean): Promise<void> {
    if (answer.replayed || !this.bundle) return;
    const { list_id: list, gate } = this.bundle;
    const scan = { id: answer.client_id, list, at: at.getTime(), inward: answer.verdict !== "left", gate, handedIn: !alone };
    if (answer.verdict === "already_admitted" && answer.previous_at && !alone) {
      // Another gate let it in.
      const earlier = { id: `${scan.id} before`, at: Date.parse(answer.previous_at), gate: answer.previous_gate ?? "" };
      await this.know(text, { ...scan, ...earlier });
      return;
    }
    const step = answer.verdict === "admitted" ? 1 : answer.verdict === "left" ? -1 : 0;
    if (step === 0) return;
    if (this.inside !== undefined) this.screen.inside((this.inside = Math.max(0, this.inside + step)));
    await this.know(text, scan);
  }

  private async know(text: string, scan: Omit<OwnScan, "serial">): Promise<void> {
    const serial = canJudge(text) ? readPass(text)?.serial : undefined;
    if (serial !== undefined) await this.own.add({ ...scan, serial });
    else if (scan.handedIn) void this.refreshBundle(); // typed, or found by name: the service knows whose it is
  }

  private async send(records: Parameters<typeof handOver>[0]): Promise<string[]> {
    const answers = await handOver(records);
    this.setOnline(true);
    void this.refreshStatus();
    await this.recent.heard(answers.filter(({ error }) => !error));
    const { ids, taken } = await settled(records, answers, this.store);
    await this.own.handedIn(taken);
    await this.untaken.show(this.timezone, this.clock.now().at);
    return ids;
  }

  /** One at a time: an answer that was overtaken by a later one would take back what that has told. */
  private refreshBundle(): Promise<void> {
    this.refreshing ??= this.fetchAnew().finally(() => {
      this.refreshing = undefined;
    });
    return this.refreshing;
  }

  private async fetchAnew(): Promise<void> {
    const asked = this.clock.read();
    const handedIn = this.own.known();
    try {
      const bundle = await fetchBundle(this.bundle?.passes);
      this.heard(bundle.server_time, asked);
      [this.bundle, this.fetched] = [bundle, this.clock.read()];
      const kept = await this.store.keep(bundle);
      if (bundle.passes) await this.own.drop(handedIn, kept);
      this.screen.gate(bundle.gate);
      this.showWay(this.way);
      this.setOnline(true, true);
    } catch (error) {
      await this.failed(error);
    }
  }

  private async refreshStatus(): Promise<void> {
    const asked = this.clock.read();
    try {
      const { inside, server_time, device, may_search } = await fetchStatus();
      this.finder.allow(may_search);
      if (this.bundle) await this.store.remember("owner", { device, edition: this.bundle.edition_id });
      this.pace.asked(this.clock.read().steady - asked.steady);
      this.heard(server_time, asked);
      this.inside = inside;
      this.screen.inside(inside);
      this.setOnline(true);
    } catch (error) {
      await this.failed(error);
    }
  }

  /** A contact with the service: the clock is measured, and what is over need not be said any longer. */
  private heard(serverTime: string, asked: Reading): void {
    const moved = this.clock.heard(Date.parse(serverTime), asked);
    if (this.clock.measured) void this.store.keepMeasured(this.clock.measured);
    pass();
    if (moved) passing("moved", t("The clock of this phone was moved by {time}. Scans go by the clock of the service.", { time: spanTold(moved) }));
    this.watchClock();
  }

  /** Say while the time is not certain; where the service can be asked, it is. */
  private watchClock(): void {
    const { trust } = this.clock.now();
    const unsure = trust === "jumped" && !this.online;
    notice("clock", unsure ? t("This phone slept, or its clock was moved: times are uncertain until it is online.") : "", "mind");
    if (trust === "jumped" && this.online && !document.hidden) void this.refreshStatus();
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
    this.view.close();
    this.finder.allow(false);
    this.asking.close();
    this.recent.forget();
    this.own.forget();
    await this.store.forget();
    this.screen.forget();
    this.screen.problem(t("This phone was withdrawn. Ask the gate lead for a new card."));
  }
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
  const [store, queue, counts] = await Promise.all([Store.open(), Queue.open<OfflineScan>("fairground-gate-queue"), Queue.open("fairground-gate-counts")]);
  void startApp({ worker: "/gate/sw.js", scope: "/gate/", mayUpdate: async () => (await queue.count()) + (await counts.count()) === 0 });
  document.documentElement.classList.toggle("installed", isInstalled());
  const [recent, own, measured] = await Promise.all([Recent.open(store), Own.open(store), store.measured()]);
  new HandingOver(store, queue);
  await new Gate(store, queue, recent, own, new Clock(measured, deviceClocks)).start();
}

void main();
