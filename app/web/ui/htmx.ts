// htmx and its server-sent events, fetched only by pages that use them.

import htmx from "htmx.org";
import "htmx-ext-sse";
import { csrfToken } from "./page";

htmx.config.allowEval = false;
htmx.config.includeIndicatorStyles = false;
htmx.config.selfRequestsOnly = true;

document.addEventListener("htmx:configRequest", (event) => {
  const { headers } = (event as CustomEvent<{ headers: Record<string, string> }>).detail;
  headers["x-csrftoken"] = csrfToken();
});

// A stream that comes back tells nothing of what happened meanwhile: the page looks.
document.addEventListener("htmx:sseError", (event) => {
  (event.target as HTMLElement).dataset.lost = "yes";
});
document.addEventListener("htmx:sseOpen", (event) => {
  const element = event.target as HTMLElement;
  if (element.dataset.lost) htmx.trigger(element, "sse:message", {});
  delete element.dataset.lost;
});

// Fetched late, htmx begins either never (the document is parsed but not complete) or before its extensions are there.
// A changed attribute makes it look again at what uses one.
for (const element of document.querySelectorAll("[hx-ext]")) element.setAttribute("data-extended", "yes");
htmx.process(document.body);
