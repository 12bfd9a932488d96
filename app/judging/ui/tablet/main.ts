// The judge's tablet: one idea a screen, what is read beside what is scored, with the network up or down.
// Every press is kept on this device first; a whole ballot then stands in line until the service has answered it.

import { ApiError, getJson, OfflineError, postJson } from "@fairground/api";
import { startApp } from "@fairground/app";
import { newId, Queue } from "@fairground/queue";
import { answered, isOpen, isWhole, refreshed, type Bundle, type Draft, type Link, type Receipt, type Round, type SentBallot, type Task } from "./model";
import { Store } from "./store";
import { listScreen, taskScreen, type View } from "./view";

const sendAfter = 900;
const refreshEvery = 60_000;
const askAgainAfter = 5_000;

class Tablet implements View {
  bundle: Bundle;
  readonly drafts = new Map<number, Draft>();
  waiting = 0;
  /** Milliseconds to add to this device's clock; measured whenever the service answers. */
  private offset = 0;
  /** How the last question to the service went; the browser alone cannot tell that its network leads there. */
  private answer: Link = "online";
  private askAgain: number | undefined;
  private readonly timers = new Map<number, number>();
  /** Drafts that this device is still writing, or could not write. */
  private readonly unwritten = new Map<number, { failed: boolean }>();

  constructor(
    private readonly root: HTMLElement,
    private readonly store: Store,
    private readonly queue: Queue<SentBallot>,
  ) {
    this.bundle = store.bundle;
  }

  async start(): Promise<void> {
    for (const draft of await this.store.drafts()) this.drafts.set(draft.assignment_id, draft);
    this.queue.observe((count) => {
      this.waiting = count;
      this.showState();
    });
    this.show();
    await this.resume();
    await this.refresh();
    this.queue.keepSending((records) => this.send(records));
    addEventListener("online", () => {
      this.showState();
      void this.refresh();
    });
    addEventListener("offline", () => this.showState());
    addEventListener("hashchange", () => this.show());
    addEventListener("pagehide", () => void this.sendTyped());
    setInterval(() => void this.refresh(), refreshEvery);
  }

  /** Put in line what the last visit had no time for. */
  private async resume(): Promise<void> {
    for (const task of this.bundle.tasks) {
      const draft = this.draftOf(task);
      if (draft.state === "typing") await this.putInLine(task);
      else if (draft.state === "queued") await this.queue.add(this.ballotOf(draft), draft.client_id);
    }
  }

  /** Fetch the bundle; without network the kept one serves. */
  private async refresh(): Promise<void> {
    try {
      const bundle = await this.told(fetchBundle());
      this.offset = Date.parse(bundle.server_time) - Date.now();
      await this.store.keepBundle(bundle);
      if (bundle.judge.id !== this.bundle.judge.id) {
        location.reload(); // the tablet was handed on; what waits here stays in its own storage
        return;
      }
      const before = this.shown();
      this.bundle = bundle;
      for (const task of bundle.tasks) this.drafts.set(task.assignment_id, refreshed(this.drafts.get(task.assignment_id), task));
      // Drawn anew the screen would lose its place and the keyboard's: only where there is something new.
      if (!this.isTyping() && this.shown() !== before) this.show();
      else this.showState();
    } catch {
      this.showState();
    }
  }

  get link(): Link {
    return navigator.onLine ? this.answer : "offline";
  }

  /** Wait for an answer of the service, and keep whether one came. */
  private async told<Answer>(call: Promise<Answer>): Promise<Answer> {
    try {
      const answer = await call;
      this.reach("online");
      return answer;
    } catch (error) {
      const refused = error instanceof ApiError && (error.status === 401 || error.status === 403);
      this.reach(refused ? "shut out" : error instanceof OfflineError ? "offline" : "online");
      throw error;
    }
  }

  private reach(answer: Link): void {
    this.answer = answer;
    clearTimeout(this.askAgain);
    // The browser tells when its own network is back; that the service is, only an answer tells.
    if (answer === "offline" && navigator.onLine) this.askAgain = window.setTimeout(() => void this.refresh(), askAgainAfter);
    this.showState();
  }

  /** What of the bundle stands on the screen, to be compared. */
  private shown(): string {
    const { rounds, tasks, judge } = this.bundle;
    const task = this.task();
    if (!task) return JSON.stringify([judge, rounds, tasks.map(({ assignment_id, round_id, entry }) => [assignment_id, round_id, entry])]);
    const { scores, comment_to_team, comment_to_jury } = this.draftOf(task);
    const round = this.roundOf(task);
    const given = round.criteria.map(({ id }) => scores[String(id)]);
    return JSON.stringify([task.entry, round, tasks[tasks.indexOf(task) + 1]?.assignment_id, given, comment_to_team, comment_to_jury]);
  }

  task(): Task | undefined {
    const id = Number(location.hash.slice(1));
    return this.bundle.tasks.find((task) => task.assignment_id === id);
  }

  roundOf(task: Task): Round {
    const found = this.bundle.rounds.find(({ id }) => id === task.round_id);
    if (!found) throw new Error("a task without its round");
    return found;
  }

  isOpen(round: Round): boolean {
    return isOpen(round, Date.now() + this.offset);
  }

  draftOf(task: Task): Draft {
    const draft = refreshed(this.drafts.get(task.assignment_id), task);
    this.drafts.set(task.assignment_id, draft);
    return draft;
  }

  /** The judge changed something: keep it here at once, and put it in line when it is whole. */
  change(task: Task, values: Partial<Draft>): void {
    const draft: Draft = { ...this.draftOf(task), ...values, state: "typing", said: "" };
    void this.keep(draft);
    clearTimeout(this.timers.get(task.assignment_id));
    if (isWhole(draft, this.roundOf(task))) {
      this.timers.set(task.assignment_id, window.setTimeout(() => void this.putInLine(task), sendAfter));
    }
  }

  keptHere({ assignment_id }: Task): "yes" | "writing" | "failed" {
    const unwritten = this.unwritten.get(assignment_id);
    if (!unwritten) return "yes";
    return unwritten.failed ? "failed" : "writing";
  }

  /** Write a draft on this device. Until it is on disk the screen says so: a page that is left now would lose it. */
  private async keep(draft: Draft): Promise<void> {
    const write = { failed: false };
    this.drafts.set(draft.assignment_id, draft);
    this.unwritten.set(draft.assignment_id, write);
    this.showState();
    try {
      await this.store.keepDraft(draft);
      if (this.unwritten.get(draft.assignment_id) === write) this.unwritten.delete(draft.assignment_id);
    } catch {
      write.failed = true;
    }
    this.showState();
  }

  private async putInLine(task: Task): Promise<void> {
    this.timers.delete(task.assignment_id);
    const draft = this.draftOf(task);
    if (draft.state !== "typing" || !isWhole(draft, this.roundOf(task))) return;
    // One version in line at a time: the next one starts from the answer to this.
    if (await this.isInLine(draft.client_id)) {
      this.timers.set(task.assignment_id, window.setTimeout(() => void this.putInLine(task), sendAfter));
      return;
    }
    const queued: Draft = { ...this.draftOf(task), state: "queued", client_id: newId() };
    await this.keep(queued);
    await this.queue.add(this.ballotOf(queued), queued.client_id);
    this.showState();
  }

  private ballotOf({ assignment_id, base_hash, scores, comment_to_team, comment_to_jury }: Draft): SentBallot {
    const scored_at = new Date(Date.now() + this.offset).toISOString();
    return { assignment_id, base_hash, scores, comment_to_team, comment_to_jury, scored_at };
  }

  private async isInLine(clientId: string): Promise<boolean> {
    return clientId !== "" && (await this.queue.pending()).some(({ id }) => id === clientId);
  }

  /** Whatever is whole and still waiting for its pause goes in line now. */
  async sendTyped(): Promise<void> {
    const ids = [...this.timers.keys()];
    await Promise.all(
      ids.map((id) => {
        clearTimeout(this.timers.get(id));
        const task = this.bundle.tasks.find(({ assignment_id }) => assignment_id === id);
        return task ? this.putInLine(task) : undefined;
      }),
    );
  }

  private async send(records: { id: string; body: SentBallot }[]): Promise<string[]> {
    const ballots = records.map(({ id, body }) => ({ client_id: id, ...body }));
    const { answers, server_time } = await this.told(
      postJson<{ answers: Receipt[]; server_time: string }>("/api/v1/judge/ballots", { ballots }),
    );
    this.offset = Date.parse(server_time) - Date.now();
    for (const [index, receipt] of answers.entries()) {
      const id = ballots[index]?.assignment_id;
      const draft = id === undefined ? undefined : this.drafts.get(id);
      if (!draft) continue;
      await this.keep(answered(draft, receipt));
    }
    return answers.map(({ client_id }) => client_id);
  }

  private isTyping(): boolean {
    return document.activeElement instanceof HTMLTextAreaElement || this.timers.size > 0;
  }

  /** Draw the screen that the address names. */
  show(): void {
    const task = this.task();
    this.root.replaceChildren(...(task ? taskScreen(this, task) : listScreen(this)));
    this.showState();
  }

  /** Bring the words about saving up to date, in place. */
  showState(): void {
    for (const element of this.root.querySelectorAll<HTMLElement & { refresh?: () => void }>("[data-state]")) element.refresh?.();
  }
}

function fetchBundle(): Promise<Bundle> {
  return getJson<Bundle>("/api/v1/judge/bundle");
}

async function start(root: HTMLElement): Promise<void> {
  const store = await Store.open(fetchBundle);
  const queue = await Queue.open<SentBallot>(`judge-ballots-${store.bundle.judge.id}`);
  const tablet = new Tablet(root, store, queue);
  await tablet.start();
  await startApp({
    worker: "/judge/sw.js",
    scope: "/judge/",
    mayUpdate: () => tablet.waiting === 0 && ![...tablet.drafts.values()].some(({ state }) => state === "typing"),
  });
}

const root = document.getElementById("content");
// Without storage or at a first visit without network the plain list stays, which works by itself.
if (root && "indexedDB" in window) void start(root).catch(() => undefined);
