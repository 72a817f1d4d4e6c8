// The service worker: keeps the static files, and pages that say that the dashboard is out of reach. No page with
// anybody's figures is ever kept, so none can pass for fresh. `setup` stands before this text: see offline.py.

const CACHE = `plumbline-${setup.version}`;

self.addEventListener("install", (event) => {
  event.waitUntil(fill().then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  event.waitUntil(
    (async () => {
      const names = await caches.keys();
      await Promise.all(names.filter((name) => name !== CACHE).map((name) => caches.delete(name)));
      await self.clients.claim();
    })(),
  );
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== location.origin) return;
  if (url.pathname.startsWith(setup.static)) event.respondWith(file(request));
  else if (request.mode === "navigate") event.respondWith(page(event, url));
});

// What is not there yet; before a sign-in some pages are not to be had, and come later.
async function fill() {
  const cache = await caches.open(CACHE);
  await Promise.all(
    [...setup.pages, ...setup.files].map(async (path) => {
      if (await cache.match(path)) return;
      try {
        const answer = await fetch(path, { cache: "no-cache", credentials: "same-origin" });
        if (answer.ok && !answer.redirected) await cache.put(path, answer);
      } catch {
        // Out of reach: at the next page.
      }
    }),
  );
}

// Static files lie below the name of their content: what is kept is right for good.
async function file(request) {
  const cache = await caches.open(CACHE);
  const kept = await cache.match(request);
  if (kept) return kept;
  const answer = await fetch(request);
  if (answer.ok) await cache.put(request, answer.clone());
  return answer;
}

async function page(event, url) {
  try {
    const answer = await fetch(event.request);
    event.waitUntil(fill());
    return answer;
  } catch (error) {
    const cache = await caches.open(CACHE);
    const [, instead] = setup.instead.find(([prefix]) => `${url.pathname}/`.startsWith(`${prefix}/`)) ?? [];
    const kept = (instead && (await cache.match(instead))) ?? (await cache.match(setup.offline));
    if (!kept) throw error;
    return kept;
  }
}
