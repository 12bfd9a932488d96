import { startScanner } from "@fairground/scan";

const list = document.querySelector("ol") as HTMLOListElement;
const say = (text: string) => list.append(Object.assign(document.createElement("li"), { textContent: text }));
startScanner(document.querySelector("video") as HTMLVideoElement, { onCode: say, onProblem: (problem) => problem && say(problem.reason) });
