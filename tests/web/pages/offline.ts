import { startApp } from "@fairground/app";

void startApp({ worker: "/app/sw.js", scope: "/app/", mayUpdate: () => true });
document.body.dataset.ready = "1";
