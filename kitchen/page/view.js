// The tickets on the screen, made anew from the state; nothing is kept here but the page that is shown.
import { byDish, difference, foreseen, isComplete, isMade, isWalkIn, linesOf, needsAck, ownLines, stage, stationsOf } from './board.js';
import { t } from './words.js';

const SLOTS = 8;
export const STATIONS = ['all', 'hot', 'cold', 'staple', 'soup', 'special', 'packing', 'pass'];
export const SIGN = { waiting: '○', cooking: '◐', done: '✓' };

export function h(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === undefined || value === null || value === false) continue;
    if (name === 'onclick') element.addEventListener('click', value);
    else element.setAttribute(name, value === true ? '' : value);
  }
  element.append(...children.flat().filter((c) => c !== null && c !== undefined && c !== false));
  return element;
}

export const clock = (ms) => new Date(ms + 8 * 3_600_000).toISOString().slice(11, 16);
export const pad = (no) => String(no).padStart(3, '0');
export const person = (p) => `${pad(p.no)} ${p.name || t('guest')}${p.quantity > 1 ? `×${p.quantity}` : ''}`;

export const foreseenOf = (link) => foreseen(link.board, link.outbox.filter((c) => c.sitting === link.board.sitting));

// The tickets that belong on the screen now, oldest first, with what still waits to be sent already applied.
export function open(link, now) {
  if (!link.board) return { shown: [], later: 0, appear: 0 };
  const cutOff = Date.parse(link.sitting.cut_off) * 1000;
  const appear = Date.parse(link.sitting.serve_from) - link.lead * 60_000;
  const shown = [];
  let later = 0;
  const { tickets, waits: waiting } = foreseenOf(link);
  for (const ticket of tickets) {
    const waits = waiting.has(ticket.order);
    const rings = needsAck(ticket, cutOff);
    if (ticket.state === 'cancelled' ? !rings : isComplete(ticket)) continue;
    if (ticket.state === 'not_served') continue;
    const walkIn = isWalkIn(ticket, cutOff);
    if (!walkIn && !rings && now < appear) { later += 1; continue; }
    // A served pre-order has been handed over whatever the displays say.
    if (ticket.state === 'served' && !walkIn) continue;
    const since = walkIn ? ticket.accepted_us / 1000 : Math.max(appear, ticket.accepted_us / 1000);
    const news = !rings ? null : ticket.state === 'cancelled' ? 'cancelled' : ticket.version > 1 ? 'changed' : 'fresh';
    shown.push({ ticket, waits, rings, news, since, walkIn });
  }
  shown.sort((a, b) => a.since - b.since || a.ticket.no - b.ticket.no);
  return { shown, later, appear };
}

// A station keeps a ticket until its own lines are made; expediter and packing until it has left.
function forStation(menu, shown, station) {
  if (station === 'all' || station === 'pass') return shown;
  return shown.filter(({ ticket, rings }) => {
    const mine = linesOf(menu, ticket, station);
    if (station === 'packing' && ticket.channel !== 'dine_in') return mine.length;
    return mine.length && (rings || mine.some((l) => stage(ticket, l) !== 'done'));
  });
}

const weight = (lines) => lines.reduce((sum, l) => sum + 1 + (l.unfit ? 0.75 : 0) + (l.exceptions.length || l.size !== 'regular' || l.texture !== 'regular' ? 0.75 : 0), 0);

// How many lines fit one place, and both of a column: less while an alarm stands above. In pixels: foot and gaps, head and button of
// a ticket, a line.
function room() {
  const height = (document.getElementById('view').clientHeight || 930) - 106;
  const lines = (pixels) => (pixels - 184) / 64;
  return { one: Math.max(0.5, lines(height / 2) - 0.26), two: Math.max(2, lines(height) - 1) };
}

// Pages of eight places in four columns of two. A ticket takes as many as it needs to show every line: one, both of a column, or
// two columns; a line that one must scroll to is a line that is not cooked.
function pages(link, menu, entries, station) {
  const { one, two } = room();
  const all = [[]];
  let used = 0;
  for (const entry of entries) {
    const lines = linesOf(menu, entry.ticket, station);
    const stations = station === 'pass' || station === 'packing' ? stationsOf(menu, entry.ticket) : [];
    const changes = entry.news === 'changed' ? difference(link.was.get(entry.ticket.order), entry.ticket) : null;
    const told = changes ? changes.removed.length + changes.changed.size * 0.75 : 0;
    const size = weight(lines) + told + (entry.ticket.note ? 0.8 : 0) + (entry.news ? 0.7 : 0) +
      (lines.length < entry.ticket.lines.length ? 0.6 : 0) + (stations.length ? 0.8 : 0);
    const need = size > two ? 4 : size > one ? 2 : 1;
    const at = need > 1 && used % 2 ? used + 1 : used;
    if (at + need > SLOTS && all.at(-1).length) { all.push([]); used = 0; } else used = at;
    const shape = { 1: '', 2: 'tall', 4: 'tall wide' }[need];
    all.at(-1).push({ ...entry, lines, stations, changes, shape, column: Math.floor(used / 2) + 1, row: (used % 2) + 1 });
    used += need;
  }
  return all;
}

const NEXT = { waiting: 'cooking', cooking: 'done', done: 'waiting' };

function was(line) {
  const parts = [`${line.quantity}×`, line.texture === 'regular' ? '' : t(line.texture), ...line.exceptions];
  return h('span', { class: 'was' }, `${t('was')} ${parts.filter(Boolean).join(' ')}`);
}

function lineView(entry, line, mine, act) {
  const { ticket, changes } = entry;
  const at = stage(ticket, line);
  const extra = [];
  if (changes?.added.has(line.dish)) extra.push(h('span', { class: 'added' }, `＋ ${t('added')}`));
  if (changes?.changed.has(line.dish)) extra.push(was(changes.changed.get(line.dish)));
  if (line.texture !== 'regular') extra.push(h('span', { class: 'texture' }, t(line.texture)));
  if (line.size !== 'regular') extra.push(h('span', { class: 'size' }, t(line.size)));
  for (const e of line.exceptions) extra.push(h('span', { class: 'exception' }, `⚠ ${e}`));
  if (line.unfit) extra.push(h('span', { class: 'hold' }, `✖ ${t('hold')}`));
  const content = [
    h('span', { class: 'sign', role: 'img', 'aria-label': t(at) }, SIGN[at]),
    h('span', { class: line.quantity > 1 ? 'quantity many' : 'quantity' }, `${line.quantity}×`),
    h('span', { class: 'dish' }, line.name),
    extra.length ? h('span', { class: 'extra' }, extra) : null,
  ];
  return h('li', { class: `line ${at}` }, h('button', {
    disabled: ticket.state === 'cancelled' || !mine, class: 'tap',
    onclick: () => act({ action: 'mark', order: ticket.order, dishes: [line.dish], stage: NEXT[at] }),
  }, content));
}

const removedView = (line) => h('li', { class: 'line removed' }, h('span', { class: 'tap' },
  h('span', { class: 'sign', role: 'img', 'aria-label': t('removed') }, '✖'), h('del', { class: 'dish' }, `${line.quantity}× ${line.name}`), h('span', { class: 'was' }, t('removed'))));

// What the big button of a ticket does next; without `do` it says what is waited for.
export function next(menu, entry, station) {
  const { ticket, rings } = entry;
  if (rings) return { label: t('ack'), sign: '✓', do: { action: 'acknowledge', order: ticket.order, version: ticket.version } };
  const mine = ownLines(menu, ticket, station).filter((l) => stage(ticket, l) !== 'done');
  if (mine.length) {
    const [stageTo, label, sign] = mine.every((l) => stage(ticket, l) === 'waiting') ? ['cooking', t('start'), '▶'] : ['done', t('made'), '✓'];
    return { label, sign, do: { action: 'mark', order: ticket.order, dishes: mine.map((l) => l.dish), stage: stageTo } };
  }
  if (isMade(ticket)) return { label: t('finish'), sign: '⇥', do: { action: 'finish', order: ticket.order } };
  const missing = stationsOf(menu, ticket).filter(([, n]) => n).map(([s]) => t(s));
  return { label: t('waits_for', { stations: missing.join('、') }), sign: '…' };
}

function ticketView(link, menu, entry, index, now, station, chosen, act) {
  const { ticket, news, shape, waits } = entry;
  const minutes = Math.max(0, Math.floor((now - entry.since) / 60_000));
  const [yellow, red] = link.ageing;
  const age = ticket.state === 'cancelled' ? 'void' : minutes >= red ? 'red' : minutes >= yellow ? 'yellow' : 'fine';
  const ageSign = { red: '‼ ', yellow: '! ', fine: '', void: '' }[age];
  const big = next(menu, entry, station);
  const own = new Set(ownLines(menu, ticket, station));
  const foreign = ticket.lines.length - entry.lines.length;
  return h('article', {
    class: `ticket ${age} ${news ?? ''} ${shape} ${chosen ? 'chosen' : ''} ${waits ? 'waits' : ''} column-${entry.column} row-${entry.row}`,
    'data-order': ticket.order, 'data-news': news, 'aria-label': `${pad(ticket.no)} ${ticket.name}`,
  },
  h('header', {},
    h('span', { class: 'no' }, pad(ticket.no)),
    h('span', { class: 'who' }, h('b', {}, ticket.name || t('guest')), h('span', { class: `channel ${ticket.channel}` }, t(ticket.channel))),
    h('span', { class: 'age' }, `${ageSign}${minutes}`, h('small', {}, t('minutes'))),
    h('kbd', { 'aria-hidden': 'true' }, String(index + 1)),
  ),
  news ? h('p', { class: `news ${news}` }, { fresh: '★ ', changed: '✎ ', cancelled: '✖ ' }[news] + t(news)) : null,
  h('ul', {}, entry.lines.map((line) => lineView(entry, line, own.has(line), act)), (entry.changes?.removed ?? []).map(removedView)),
  foreign > 0 ? h('p', { class: 'foreign' }, t('elsewhere', { n: foreign })) : null,
  entry.stations.length ? h('p', { class: 'stations' }, entry.stations.map(([s, n]) => h('span', { class: n ? 'part open' : 'part' }, `${n ? '○' : '✓'} ${t(s)}`))) : null,
  ticket.note ? h('p', { class: 'note' }, `✎ ${ticket.note}`) : null,
  h('footer', {}, waits ? h('span', { class: 'pending', role: 'img', 'aria-label': t('unsent') }, '⇪') : null,
    big.do ? h('button', { class: `big ${big.do.action}`, onclick: () => act(big.do) }, `${big.sign} ${big.label}`) : h('span', { class: 'idle' }, `${big.sign} ${big.label}`)));
}

export function ticketsView(link, ui, now, act) {
  const { shown, later, appear } = open(link, now);
  const menu = byDish(link.menu);
  const all = pages(link, menu, forStation(menu, shown, ui.station), ui.station);
  ui.page = Math.min(ui.page, all.length - 1);
  ui.onPage = all[ui.page];
  if (ui.pick >= ui.onPage.length) ui.pick = -1;
  const rest = all.slice(ui.page + 1).reduce((sum, p) => sum + p.length, 0);
  const foot = h('div', { class: 'foot' },
    later ? h('span', { class: 'later' }, `○ ${t('later')} ${later} ${t('people_orders')} · ${t('appear')} ${clock(appear)}`) : h('span', { class: 'keys' }, t('keys')),
    rest ? h('span', { class: 'more' }, `▶ ${t('more', { n: rest })}`) : null,
    paging(ui, all.length));
  if (!ui.onPage.length) return [h('p', { class: 'empty' }, t('nothing')), foot];
  return [h('section', { class: 'tickets' }, ui.onPage.map((entry, i) => ticketView(link, menu, entry, i, now, ui.station, i === ui.pick, act))), foot];
}

export function paging(ui, of) {
  if (of < 2) return null;
  return h('span', { class: 'paging' },
    h('button', { class: 'turn', onclick: () => ui.turn(-1), disabled: ui.page === 0, 'aria-label': t('back') }, '◀'),
    t('page', { n: ui.page + 1, of }),
    h('button', { class: 'turn', onclick: () => ui.turn(1), disabled: ui.page === of - 1, 'aria-label': t('forward') }, '▶'));
}
