// What the judge sees. Plain DOM: a list of ideas, and one idea in two panes.

import { getJson, OfflineError } from "@fairground/api";
import { isInstalled } from "@fairground/app";
import { t, tn } from "@fairground/i18n";
import { inLine, isOnlyHere, isWhole, type Bundle, type Criterion, type Draft, type Link, type Round, type Task } from "./model";

/** What the screens need of the app. */
export interface View {
  readonly bundle: Bundle;
  readonly waiting: number;
  /** What the way to the service is like, as far as is known. */
  readonly link: Link;
  roundOf(task: Task): Round;
  draftOf(task: Task): Draft;
  /** Whether a ballot counts by itself at this moment. */
  isOpen(round: Round): boolean;
  /** Whether what the judge last wrote is on this device's disk. */
  keptHere(task: Task): "yes" | "writing" | "failed";
  change(task: Task, values: Partial<Draft>): void;
}

type Child = Node | string | false;
type Refreshed = HTMLElement & { refresh?: () => void };

function make(tag: string, className: string, ...children: Child[]): HTMLElement {
  const element = document.createElement(tag);
  if (className) element.className = className;
  element.append(...children.filter((child): child is Node | string => child !== false));
  return element;
}

/** An element that is written anew whenever the state changes. */
function stateful(element: HTMLElement, write: (element: HTMLElement) => void): HTMLElement {
  const refreshed: Refreshed = element;
  refreshed.dataset.state = "";
  refreshed.refresh = () => write(refreshed);
  refreshed.refresh();
  return refreshed;
}

function go(hash: string): void {
  location.hash = hash;
}

function badge(word: string, tone: string): HTMLElement {
  return make("span", `badge tone-${tone}`, word);
}

/** Word and tone of an idea's ballot. */
function stateOf(view: View, task: Task, round: Round): [string, string] {
  const draft = view.draftOf(task);
  const kept = view.keptHere(task);
  if (kept !== "yes" && (draft.state === "typing" || draft.state === "queued")) {
    return kept === "writing" ? [t("Saving"), "plain"] : [t("This tablet could not keep it: please write your scores down"), "refused"];
  }
  switch (draft.state) {
    case "saved":
      return [t("Saved at the server"), "done"];
    case "queued":
      return [t("Saved here, waiting for the network"), "wait"];
    case "typing":
      return isWhole(draft, round) ? [t("Saved here"), "wait"] : [t("Saved here, not complete"), "info"];
    case "aside":
      return [t("Kept for the chair to decide"), "wait"];
    case "refused":
      return [t("Not taken"), "refused"];
    default:
      return [t("To score"), "plain"];
  }
}

/** Until when ballots count, or that they no longer do. */
function term(view: View, round: Round): string {
  if (!view.isOpen(round)) return t("closed: what you send now is for the chair to decide about");
  return round.closes ? t("until {time}", { time: round.closes }) : "";
}

function asideReason(said: string): string {
  if (said === "late") return t("It came after the round had closed. The chair decides whether it counts.");
  if (said === "conflict") return t("Another tablet had saved a score for this idea first. The chair decides which one counts.");
  if (said === "off_panel") return t("You are no longer assigned to this idea. The chair decides whether it counts.");
  return said;
}

/** The strip that is always in sight: network, and how much waits. */
function strip(view: View): HTMLElement {
  const element = make("div", "status-strip");
  element.setAttribute("role", "status");
  return stateful(element, (self) => {
    const drafts = view.bundle.tasks.map((task) => view.draftOf(task));
    const kept = drafts.filter(isOnlyHere).length;
    const queued = inLine(drafts, view.waiting);
    let waiting = t("Everything is at the server");
    if (queued) waiting = tn("{n} ballot waits on this tablet", "{n} ballots wait on this tablet", queued);
    else if (kept) waiting = tn("{n} score is on this tablet only", "{n} scores are on this tablet only", kept);
    self.replaceChildren(make("span", "", wordOf(view.link)), make("span", "number", waiting));
  });
}

function wordOf(link: Link): string {
  if (link === "shut out") return t("No longer bound to you: scan your card again");
  return link === "online" ? t("Online") : t("No network: go on scoring");
}

/** All ideas by round, with the state of each. */
export function listScreen(view: View): HTMLElement[] {
  const { bundle } = view;
  const sections: HTMLElement[] = [];
  for (const round of bundle.rounds) {
    const tasks = bundle.tasks.filter(({ round_id }) => round_id === round.id);
    const heading = make("h2", "", round.name);
    const done = stateful(make("p", "muted"), (self) => {
      const saved = tasks.filter((task) => view.draftOf(task).state === "saved").length;
      self.textContent = [t("{done} of {all} scored", { done: saved, all: tasks.length }), term(view, round)].filter(Boolean).join(" · ");
    });
    sections.push(make("section", "", heading, done, ...tasks.map((task) => listItem(view, task, round))));
  }
  if (!sections.length) sections.push(make("p", "empty", t("No idea is waiting for you. When the chair gives you ideas, they appear here.")));
  if (!isInstalled() && /iP(hone|ad)|Macintosh.*Mobile/.test(navigator.userAgent)) {
    sections.unshift(make("p", "notice tone-info", t("Add this page to the home screen: only then does this tablet keep your scores for sure.")));
  }
  const head = make("header", "jury-head", make("h1", "", t("Ideas to score")), make("span", "muted", bundle.judge.name));
  return [head, make("div", "jury-list scroll stack", ...sections), strip(view)];
}

function listItem(view: View, task: Task, round: Round): HTMLElement {
  const button = make("button", "jury-item");
  button.addEventListener("click", () => go(String(task.assignment_id)));
  const state = stateful(make("span", ""), (self) => self.replaceChildren(badge(...stateOf(view, task, round))));
  button.append(make("span", "", make("strong", "", task.entry.title), document.createElement("br"), make("span", "muted", task.entry.team_name)), state);
  return button;
}

/** One idea: what is read and what is scored; what is saved and the next idea at the foot. */
export function taskScreen(view: View, task: Task): HTMLElement[] {
  const round = view.roundOf(task);
  const back = make("button", "button button-quiet", t("All ideas"));
  back.addEventListener("click", () => go(""));
  const head = make("header", "jury-head", back, make("h1", "", task.entry.title), stateful(make("span", "muted"), (self) => {
    self.textContent = [round.name, term(view, round)].filter(Boolean).join(" · ");
  }));
  const panes = make("div", "jury-panes", materials(task), scoring(view, task, round));
  return [head, panes, foot(view, task, round), strip(view)];
}

function materials(task: Task): HTMLElement {
  const { entry } = task;
  const parts: [string, string][] = [
    ["", entry.summary],
    [t("The problem"), entry.problem],
    [t("How it works"), entry.solution],
    [t("What is there already"), entry.progress],
  ];
  const pane = make("section", "jury-pane prose", make("p", "muted", [entry.team_name, entry.category, entry.ward].filter(Boolean).join(" · ")));
  for (const [heading, text] of parts) {
    if (!text) continue;
    if (heading) pane.append(make("h2", "", heading));
    for (const block of text.split(/\n+/)) pane.append(make("p", "", block));
  }
  pane.tabIndex = 0;
  pane.setAttribute("aria-label", t("The idea"));
  return pane;
}

function scoring(view: View, task: Task, round: Round): HTMLElement {
  const pane = make("section", "jury-pane", ...round.criteria.map((criterion) => criterionField(view, task, criterion)));
  pane.append(
    commentField(view, task, "comment_to_team", t("To the team"), t("They read it when the result is published, without your name.")),
    commentField(view, task, "comment_to_jury", t("To the jury only"), ""),
  );
  pane.append(wayOut(task));
  pane.setAttribute("aria-label", t("Scoring"));
  return pane;
}

/** To the page where a judge steps back; that page needs the network, so it is asked for before this one is left. */
function wayOut(task: Task): HTMLElement {
  const anchor = document.createElement("a");
  anchor.href = `/judge/entries/${task.assignment_id}?away=1#step-back`;
  anchor.textContent = t("I should not judge this idea");
  const said = make("span", "small");
  said.setAttribute("role", "status");
  anchor.addEventListener("click", (event) => {
    event.preventDefault();
    const leave = (): void => location.assign(anchor.href);
    getJson(anchor.href).then(leave, (error: unknown) => {
      if (!(error instanceof OfflineError)) leave();
      else {
        said.textContent = t("This needs the network. Please try again when it is back; your scores stay on this tablet.");
        said.scrollIntoView({ block: "nearest" }); // it stands at the very end of what scrolls
      }
    });
  });
  return make("p", "small", anchor, document.createElement("br"), said);
}

/** Number buttons of 64 pixels; touching one says what it means. */
function criterionField(view: View, task: Task, criterion: Criterion): HTMLElement {
  const key = String(criterion.id);
  const name = `score-${task.assignment_id}-${key}`;
  const anchor = make("p", "jury-anchor");
  anchor.setAttribute("aria-live", "polite");
  const tell = (score: number | undefined): void => {
    anchor.textContent = score === undefined ? t("Touch a number to see what it means.") : (criterion.anchors[String(score)] ?? between(criterion, score));
  };
  const scores = make("div", criterion.max - criterion.min > 4 ? "jury-scores jury-scores-many" : "jury-scores");
  for (let score = criterion.min; score <= criterion.max; score += 1) {
    const input = document.createElement("input");
    input.type = "radio";
    input.name = name;
    input.value = String(score);
    input.checked = view.draftOf(task).scores[key] === score;
    input.addEventListener("change", () => {
      view.change(task, { scores: { ...view.draftOf(task).scores, [key]: score } });
      tell(score);
    });
    const label = make("label", "jury-score", input, make("span", "", String(score)));
    label.addEventListener("pointerenter", () => tell(score));
    label.addEventListener("pointerleave", () => tell(view.draftOf(task).scores[key]));
    scores.append(label);
  }
  tell(view.draftOf(task).scores[key]);
  const legend = make("legend", "field-label", criterion.name, " ", make("span", "muted", t("weight {weight}", { weight: criterion.weight })));
  const explained = criterion.explanation ? make("p", "field-hint", criterion.explanation) : false;
  return make("fieldset", "jury-criterion", legend, explained, scores, anchor);
}

/** What a number without words of its own stands for. */
function between(criterion: Criterion, score: number): string {
  const known = Object.keys(criterion.anchors).map(Number).sort((a, b) => a - b);
  const below = known.filter((other) => other < score).pop();
  const above = known.find((other) => other > score);
  return below === undefined || above === undefined ? "" : t("Between {low} and {high}", { low: below, high: above });
}

function commentField(view: View, task: Task, field: "comment_to_team" | "comment_to_jury", label: string, hint: string): HTMLElement {
  const input = document.createElement("textarea");
  input.className = "input";
  input.id = field;
  input.rows = 3;
  input.maxLength = 4000;
  input.value = view.draftOf(task)[field];
  input.addEventListener("input", () => view.change(task, { [field]: input.value }));
  const name = make("label", "field-label", label);
  name.setAttribute("for", field);
  return make("div", "field", name, hint !== "" && make("span", "field-hint", hint), input);
}

function foot(view: View, task: Task, round: Round): HTMLElement {
  const tasks = view.bundle.tasks;
  const place = tasks.findIndex(({ assignment_id }) => assignment_id === task.assignment_id);
  const following = tasks[place + 1];
  const state = stateful(make("div", "jury-state"), (self) => {
    const draft = view.draftOf(task);
    const said = draft.state === "aside" ? asideReason(draft.said) : draft.said;
    self.replaceChildren(badge(...stateOf(view, task, round)), ...(said ? [make("span", "small", said)] : []));
  });
  state.setAttribute("role", "status");
  const next = make("button", "button button-large", following ? t("Next idea") : t("All ideas"));
  next.addEventListener("click", () => go(following ? String(following.assignment_id) : ""));
  return make("footer", "jury-foot", state, next);
}
