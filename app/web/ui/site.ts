// The one script of ordinary pages. Everything works without it; it makes some things quicker.

import { enhanceConfirmations, enhanceDialogs, enhanceForms, enhanceMenus, showCurrent, showError } from "./enhance";
import { enhanceToasts } from "./toast";
import { restoreTheme } from "./theme";

const usesHtmx = "[hx-get],[hx-post],[hx-trigger],[hx-boost],[hx-ext],[sse-connect]";

restoreTheme();
document.documentElement.classList.add("scripted");
enhanceToasts();
enhanceDialogs();
enhanceConfirmations();
enhanceForms();
enhanceMenus();
showCurrent();
showError();
if (document.querySelector(usesHtmx)) void import("./htmx");
