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
