// The service worker of an installable island. Its sw.ts is three lines:
//   import { keepOffline } from "@fairground/offline";
//   keepOffline({ app: "gate", pages: ["/gate/"], assets: ["site.css", "checkin-gate.js", "zxing_reader.wasm"] });

declare const self: ServiceWorkerGlobalScope;

export interface OfflineApp {
  /** Name of the app; its caches begin with it. */
  app: string;
  /** Addresses of its pages, to be shown without network. */
  pages: string[];
  /** Logical names of built assets it needs; the typeface comes along by itself. */
  assets: string[];
}

const networkPatience = 4_000;

/** Keep an app's pages and assets on the device. A new version waits until the page says "activate". */
export function keepOffline({ app, pages, assets }: OfflineApp): void {
  const cacheName = `${app}-${__BUILD__}`;
  const fonts = Object.keys(__ASSETS__).filter((name) => name.endsWith(".woff2"));
  const urls = [...assets, ...fonts].map((name) => __ASSETS__[name]).filter((url): url is string => url !== undefined);

  self.addEventListener("install", (event) => {
    event.waitUntil(
      caches.open(cacheName).then((cache) => cache.addAll([...pages.map((page) => new Request(page, { cache: "reload" })), ...urls])),
    );
  });

  self.addEventListener("activate", (event) => {
    event.waitUntil(
      caches
        .keys()
        .then((names) => Promise.all(names.filter((name) => name.startsWith(`${app}-`) && name !== cacheName).map((name) => caches.delete(name))))
        .then(() => self.clients.claim()),
    );
  });

  self.addEventListener("message", (event) => {
    if (event.data === "activate") void self.skipWaiting();
  });

  self.addEventListener("fetch", (event) => {
    const { request } = event;
    if (request.method !== "GET") return;
    const { origin, pathname } = new URL(request.url);
    if (origin !== self.location.origin) return;
    if (urls.includes(pathname)) event.respondWith(fromCache(cacheName, request));
    else if (request.mode === "navigate" && pages.includes(pathname)) event.respondWith(freshPage(cacheName, request, pathname));
  });
}

async function fromCache(cacheName: string, request: Request): Promise<Response> {
  const cache = await caches.open(cacheName);
  return (await cache.match(request)) ?? fetch(request);
}

/** The page from the network if it comes soon and well; else as it was kept. */
async function freshPage(cacheName: string, request: Request, pathname: string): Promise<Response> {
  const cache = await caches.open(cacheName);
  const kept = await cache.match(pathname);
  if (!kept) return fetch(request);
  const late = new Promise<undefined>((resolve) => setTimeout(resolve, networkPatience));
  const fresh = fetch(request).catch(() => undefined);
  const first = await Promise.race([fresh, late]);
  if (!first || first.status >= 500) return kept;
  if (first.ok && !first.redirected) await cache.put(pathname, first.clone());
  return first;
}
