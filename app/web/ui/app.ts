// An installable island from the page's side: its service worker, its storage, and updates at a quiet moment.

export interface AppOptions {
  /** Address of the service worker, such as /gate/sw.js. */
  worker: string;
  /** The pages it answers for, such as /gate/. */
  scope: string;
  /** Whether nothing is lost by a reload now (the queue is empty, nothing half written). */
  mayUpdate: () => Promise<boolean> | boolean;
}

/** Register the app's worker, ask that its storage be kept, and let a new version in when it may. */
export async function startApp({ worker, scope, mayUpdate }: AppOptions): Promise<void> {
  if (!("serviceWorker" in navigator)) return;
  const registration = await navigator.serviceWorker.register(worker, { scope });
  void navigator.storage?.persist?.();
  let hadController = navigator.serviceWorker.controller !== null;
  navigator.serviceWorker.addEventListener("controllerchange", () => {
    if (hadController) location.reload();
    hadController = true;
  });
  const letIn = async (): Promise<void> => {
    if (registration.waiting && navigator.serviceWorker.controller && (await mayUpdate())) registration.waiting.postMessage("activate");
  };
  registration.addEventListener("updatefound", () => {
    registration.installing?.addEventListener("statechange", () => void letIn());
  });
  setInterval(() => void letIn(), 30_000);
  setInterval(() => void registration.update().catch(() => undefined), 15 * 60_000);
  await letIn();
}

/** Whether this runs as an installed app; on iOS only that keeps its storage. */
export function isInstalled(): boolean {
  return matchMedia("(display-mode: standalone), (display-mode: fullscreen)").matches || "standalone" in navigator && navigator.standalone === true;
}
