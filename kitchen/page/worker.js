// Keeps the page's files, so that a display starts without network. The network comes first: a new page is used at once.
const CACHE = 'nuanfan-kitchen';
const FILES = ['./', 'style.css', 'main.js', 'board.js', 'sha256.js', 'link.js', 'people.js', 'view.js', 'boards.js', 'words.js', 'sound.js', 'manifest.json', 'icon.svg'];

self.addEventListener('install', (e) => e.waitUntil(caches.open(CACHE).then((c) => c.addAll(FILES)).then(() => self.skipWaiting())));
self.addEventListener('activate', (e) => e.waitUntil(self.clients.claim()));
self.addEventListener('fetch', (e) => {
  const url = new URL(e.request.url);
  if (e.request.method !== 'GET' || url.origin !== location.origin || !url.pathname.startsWith('/kitchen/') || url.pathname.startsWith('/kitchen/v1/')) return;
  e.respondWith(
    fetch(e.request)
      .then((answer) => {
        if (answer.ok) { const copy = answer.clone(); caches.open(CACHE).then((c) => c.put(e.request, copy)); }
        return answer;
      })
      .catch(() => caches.match(e.request, { ignoreSearch: true }).then((kept) => kept ?? Response.error())),
  );
});
