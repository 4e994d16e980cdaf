// Puts the display together: the link, what is on the screen, keys and sounds.
import { Link } from './link.js';
import { People } from './people.js';
import { Sound } from './sound.js';
import { byDish } from './board.js';
import { batchView, ingredientsView, needsView, recallView } from './boards.js';
import { STATIONS, clock, h, next, open, ticketsView } from './view.js';
import { language, speak, t } from './words.js';

const VIEWS = { tickets: ticketsView, batch: batchView, needs: needsView, ingredients: ingredientsView, recall: recallView };
const KEYS = '23456789ABCDEFGHJKLMNPQRSTUVWXYZ';

const remembered = (name, otherwise) => localStorage.getItem(`nuanfan.kitchen.${name}`) ?? otherwise;
const remember = (name, value) => localStorage.setItem(`nuanfan.kitchen.${name}`, value);

speak(remembered('lang', 'zh'));
const sound = new Sound();
const ui = {
  view: 'tickets', station: remembered('station', 'all'), page: 0, pick: -1, onPage: [], code: '', pairing: '', search: '',
  find(number) { ui.search = number.slice(0, 4); ui.page = 0; draw(); },
  turn(by) { ui.page = Math.max(0, ui.page + by); ui.pick = -1; draw(); },
};
const unseen = new Map();

const link = new Link(() => draw(), said);
const people = new People(link, () => draw());

function said(what, say, queued) {
  const message = language() === 'zh' ? say?.message : say?.message_en;
  const no = queued && link.board?.tickets.get(queued.do.order)?.no;
  const text = t(what, { message: `${no ? `${String(no).padStart(3, '0')}：` : ''}${message ?? ''}` });
  const toast = h('p', { class: 'toast' }, text);
  document.getElementById('toasts').append(toast);
  setTimeout(() => toast.remove(), 8000);
}

const act = (what) => { sound.wake(); link.command(what); };

let due = false;
function draw() {
  // Any number of events in one frame of the screen cost one drawing.
  if (due) return;
  due = true;
  requestAnimationFrame(() => { due = false; paint(); });
}

function keepFocus(paintNow) {
  const from = document.activeElement?.closest?.('[data-order]');
  const order = from?.dataset.order;
  const at = from ? [...from.querySelectorAll('button')].indexOf(document.activeElement) : -1;
  paintNow();
  if (order && at >= 0) document.querySelector(`[data-order="${order}"]`)?.querySelectorAll('button')[at]?.focus();
}

function paint() {
  const now = link.now();
  alarm(now);
  if (!link.token && !link.board) { pairing(); return; }
  keepFocus(() => {
    document.getElementById('bar').replaceChildren(...bar(now));
    const view = document.getElementById('view');
    view.className = ui.view;
    const scrolled = view.scrollTop;
    if (people.open && link.token) { view.className = 'people'; view.replaceChildren(...people.view()); return; }
    view.replaceChildren(...(link.token ? VIEWS[ui.view](link, ui, now, act) : [...pairingView(), ...VIEWS[ui.view](link, ui, now, act)]));
    view.scrollTop = scrolled;
  });
  document.body.dataset.seq = link.seq ?? 0;
  document.body.dataset.proofs = link.proofs;
  document.body.dataset.rung = Object.entries(sound.played).map(([kind, n]) => `${kind}:${n}`).join(' ');
  if (link.lastNewAt) { document.body.dataset.painted = String(performance.now() - link.lastNewAt); link.lastNewAt = 0; }
}

function alarm(now) {
  const lines = [];
  if (link.isStale() && (link.token || link.board)) {
    lines.push(h('p', { class: 'stale' }, `⚠ ${link.provedAt ? t('stale', { time: clock(link.provedAt + link.skew) }) : t('never')}`));
  }
  const rings = open(link, now).shown.filter((e) => e.rings);
  const known = new Set(rings.map((e) => `${e.ticket.order}/${e.ticket.version}`));
  for (const key of unseen.keys()) if (!known.has(key)) unseen.delete(key);
  for (const key of known) if (!unseen.has(key)) { unseen.set(key, Date.now()); sound.last = 0; }
  const old = [...unseen.values()].filter((since) => Date.now() - since > link.escalate).length;
  if (old) lines.push(h('p', { class: 'escalated' }, `‼ ${t('unacked', { n: old })}`));
  sound.ring(rings.map((e) => e.news), old > 0);
  const box = document.getElementById('alarm');
  const text = lines.map((l) => l.textContent).join();
  if (box.dataset.text !== text) { box.dataset.text = text; box.replaceChildren(...lines); }
  box.hidden = !lines.length;
}

const choose = (name, value) => () => { ui[name] = value; ui.page = 0; ui.pick = -1; ui.search = ''; if (name === 'station') remember('station', value); draw(); };

function bar(now) {
  const sitting = link.sitting;
  const label = (s) => `${s.date.slice(5)} ${t(s.meal)}`;
  const sittings = h('select', { class: 'sitting', 'aria-label': t('current') },
    h('option', { value: '' }, `${t('current')}${sitting && !link.chosen ? ` ${label(sitting)}` : ''}`),
    (link.sittings ?? []).map((s) => h('option', { value: s.id, selected: s.id === link.chosen }, label(s))));
  sittings.addEventListener('change', () => link.choose(sittings.value || null));
  const waiting = link.outbox.filter((c) => !c.accepted).length;
  const state = link.state === 'on' && !link.isStale() ? 'online' : link.state === 'connecting' ? 'connecting' : link.isStale() ? 'offline' : 'connecting';
  return [
    h('h1', {}, link.canteen ?? t('title')), sittings,
    h('nav', { 'aria-label': t('views') }, Object.keys(VIEWS).map((v) => h('button', { class: ui.view === v ? 'tab on' : 'tab', 'aria-pressed': String(ui.view === v), onclick: choose('view', v) }, t(v)))),
    h('nav', { class: 'posts', 'aria-label': t('posts') }, STATIONS.map((s) => h('button', { class: ui.station === s ? 'tab on' : 'tab', 'aria-pressed': String(ui.station === s), onclick: choose('station', s) }, t(s)))),
    h('div', { class: 'right' },
      h('span', { class: `state ${state}` }, `${{ online: '●', connecting: '◌', offline: '✖' }[state]} ${t(state)}${waiting ? ` · ${t('queued', { n: waiting })}` : ''}`),
      h('button', { class: 'tab', id: 'who', 'aria-pressed': String(people.open), onclick: () => people.toggle() }, `☺ ${link.whoStands()?.name ?? t('nobody')}`),
      h('button', { class: 'tab', id: 'sound', onclick: () => { sound.wake().then(draw); } }, sound.isAwake() ? `✓ ${t('sound_on')}` : `✖ ${t('sound_off')}`),
      h('button', { class: 'tab', onclick: () => { const to = language() === 'zh' ? 'en' : 'zh'; remember('lang', to); speak(to); draw(); } }, t('lang')),
      h('span', { class: 'clock' }, clock(now))),
  ];
}

function pairingView() {
  const type = (c) => () => { ui.code = (ui.code + c).slice(0, 8); paint(); };
  return [h('section', { class: 'pairing', id: 'pairing' },
    h('h2', {}, t('pair_title')), h('p', {}, t('pair_hint')),
    h('output', { id: 'code' }, ui.code.padEnd(8, '·')),
    h('p', { class: 'fault', role: 'alert' }, ui.pairing),
    h('div', { class: 'keypad' }, [...KEYS].map((c) => h('button', { onclick: type(c) }, c)),
      h('button', { class: 'wide', onclick: () => { ui.code = ui.code.slice(0, -1); paint(); } }, `⌫ ${t('del')}`),
      h('button', { class: 'wide go', id: 'pair', disabled: ui.code.length !== 8, onclick: pair }, t('pair_do'))))];
}

function pairing() {
  document.getElementById('bar').replaceChildren(h('h1', {}, t('title')), h('div', { class: 'right' }, h('button', { class: 'tab', onclick: () => { const to = language() === 'zh' ? 'en' : 'zh'; remember('lang', to); speak(to); draw(); } }, t('lang'))));
  document.getElementById('view').replaceChildren(...pairingView());
}

async function pair() {
  try {
    const answer = await fetch('/v1/devices', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ code: ui.code }) });
    if (answer.ok) {
      const { token } = await answer.json();
      Object.assign(ui, { code: '', pairing: '' });
      link.pair(token);
      return;
    }
    ui.pairing = t(answer.status === 429 ? 'pair_many' : answer.status >= 500 ? 'pair_net' : 'pair_bad');
  } catch { ui.pairing = t('pair_net'); }
  ui.code = '';
  draw();
}

function key(e) {
  if (e.ctrlKey || e.altKey || e.metaKey || e.target.tagName === 'SELECT') return;
  if (!link.token) {
    const c = e.key.toUpperCase();
    if (KEYS.includes(c) && c.length === 1) ui.code = (ui.code + c).slice(0, 8);
    else if (e.key === 'Backspace') ui.code = ui.code.slice(0, -1);
    else if (e.key === 'Enter' && ui.code.length === 8) pair();
    else return;
    e.preventDefault();
    draw();
    return;
  }
  if (people.open) { if (people.key(e.key)) { e.preventDefault(); draw(); } return; }
  const views = Object.keys(VIEWS);
  if (ui.view === 'recall' && /^[0-9]$/.test(e.key)) { ui.find(ui.search + e.key); e.preventDefault(); return; }
  if (ui.view === 'recall' && e.key === 'Backspace') { ui.find(ui.search.slice(0, -1)); e.preventDefault(); return; }
  const after = (list, now) => list[(list.indexOf(now) + 1) % list.length];
  const pick = ui.onPage[ui.pick];
  if (/^[1-9]$/.test(e.key) && ui.view === 'tickets') ui.pick = Math.min(Number(e.key), ui.onPage.length) - 1;
  else if (e.key === 'Enter' && document.activeElement?.tagName === 'BUTTON') return;
  else if (e.key === 'Enter' && pick && ui.view === 'tickets') { const big = next(byDish(link.menu), pick, ui.station); if (big.do) act(big.do); }
  else if (e.key === 'ArrowRight') ui.turn(1);
  else if (e.key === 'ArrowLeft') ui.turn(-1);
  else if (e.key.toLowerCase() === 's') choose('station', after(STATIONS, ui.station))();
  else if (e.key.toLowerCase() === 'v') choose('view', after(views, ui.view))();
  else if (e.key.toLowerCase() === 'p') people.toggle();
  else if (e.key.toLowerCase() === 'r') choose('view', 'recall')();
  else if (e.key.toLowerCase() === 'a') {
    const first = open(link, link.now()).shown.find((x) => x.rings);
    if (first) act({ action: 'acknowledge', order: first.ticket.order, version: first.ticket.version });
  } else return;
  e.preventDefault();
  draw();
}

document.addEventListener('keydown', key);
document.addEventListener('pointerdown', () => sound.wake(), { once: true });
if ('serviceWorker' in navigator) navigator.serviceWorker.register('worker.js').catch(() => {});
link.connect();
draw();
