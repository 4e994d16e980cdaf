// Keeps the page's own files, so that it opens without network. Data never goes through here.
const NAME = "courier-2";
const WAIT_MS = 4000;
const FILES = ["/courier", "/courier/page.css", "/courier/page.js"];

addEventListener("install", (event) => event.waitUntil(caches.open(NAME).then((cache) => cache.addAll(FILES))));
addEventListener("activate", (event) => event.waitUntil(caches.keys().then((names) => Promise.all(names.filter((name) => name !== NAME).map((name) => caches.delete(name))))));
addEventListener("fetch", (event) => {
  const path = new URL(event.request.url).pathname;
  if (event.request.method !== "GET" || !FILES.includes(path)) return;
  // Network first: a new version is taken at once; the kept one when there is no network, or one that does not answer.
  event.respondWith(fetch(event.request, { signal: AbortSignal.timeout(WAIT_MS) }).then((answer) => {
    const copy = answer.clone();
    event.waitUntil(caches.open(NAME).then((cache) => cache.put(event.request, copy)));
    return answer;
  }).catch(() => caches.match(event.request)));
});
