// What is on the screen, made anew from the state; nothing is kept here but the page that is shown.
import { count, isComplete, isMade, isWalkIn, needsAck, stage, withWaiting } from './board.js';
import { t } from './words.js';

// Minutes after which a ticket turns yellow and red.
const YELLOW = 5;
const RED = 8;
const SLOTS = 8;
const STATIONS = ['all', 'hot', 'cold', 'staple', 'soup', 'special', 'packing'];

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
const pad = (no) => String(no).padStart(3, '0');

// The tickets that belong on the screen now, oldest first, with what still waits to be sent already applied.
export function open(link, now) {
  if (!link.board) return { shown: [], later: 0, appear: 0 };
  const cutOff = Date.parse(link.sitting.cut_off) * 1000;
  const appear = Date.parse(link.sitting.serve_from) - link.lead * 60_000;
  const waiting = link.outbox.filter((c) => c.sitting === link.board.sitting);
  const shown = [];
  let later = 0;
  for (const original of link.board.byNumber()) {
    const { ticket, waits } = waiting.length ? withWaiting(original, waiting) : { ticket: original, waits: false };
    const rings = needsAck(ticket, cutOff);
    if (ticket.state === 'cancelled' ? !rings : isComplete(ticket)) continue;
    if (ticket.state === 'not_served') continue;
    const walkIn = isWalkIn(ticket, cutOff);
    if (!walkIn && !rings && now < appear) { later += 1; continue; }
    // A served pre-order has been handed over whatever the displays say.
    if (ticket.state === 'served' && !walkIn) continue;
    const since = walkIn ? ticket.accepted_us / 1000 : Math.max(appear, ticket.accepted_us / 1000);
    const news = !rings ? null : ticket.state === 'cancelled' ? 'cancelled' : ticket.version > 1 && ticket.acked > 0 || ticket.version > 1 ? 'changed' : 'fresh';
    shown.push({ ticket, waits, rings, news, since, walkIn });
  }
  shown.sort((a, b) => a.since - b.since || a.ticket.no - b.ticket.no);
  return { shown, later, appear };
}

const stationOf = (link, line) => link.menu?.find((m) => m.dish === line.dish)?.station ?? 'hot';

export function forStation(link, shown, station) {
  if (station === 'all') return shown;
  return shown.filter(({ ticket, rings }) => {
    const mine = ticket.lines.filter((l) => stationOf(link, l) === station || (station === 'packing' && ticket.channel !== 'dine_in'));
    return mine.length && (rings || mine.some((l) => stage(ticket, l) !== 'done'));
  });
}

const weight = (lines) => lines.reduce((sum, l) => sum + 1 + (l.exceptions.length || l.texture !== 'regular' ? 0.75 : 0), 0);

// Pages of eight places in four columns of two. A ticket takes as many as it needs to show every line: one, both of a column, or
// two columns; a line that one must scroll to is a line that is not cooked.
export function pages(link, entries, station) {
  const all = [[]];
  let used = 0;
  for (const entry of entries) {
    const lines = linesFor(link, entry.ticket, station);
    const size = weight(lines) + (entry.ticket.note ? 0.8 : 0) + (entry.news ? 0.7 : 0) + (lines.length < entry.ticket.lines.length ? 0.6 : 0);
    const need = size > 9 ? 4 : size > 3.3 ? 2 : 1;
    const at = need > 1 && used % 2 ? used + 1 : used;
    if (at + need > SLOTS && all.at(-1).length) { all.push([]); used = 0; } else used = at;
    const shape = { 1: '', 2: 'tall', 4: 'tall wide' }[need];
    all.at(-1).push({ ...entry, lines, shape, column: Math.floor(used / 2) + 1, row: (used % 2) + 1 });
    used += need;
  }
  return all;
}

function linesFor(link, ticket, station) {
  if (station === 'all' || station === 'packing') return ticket.lines;
  return ticket.lines.filter((l) => stationOf(link, l) === station);
}

const SIGN = { waiting: '○', cooking: '◐', done: '✓' };
const NEXT = { waiting: 'cooking', cooking: 'done', done: 'waiting' };

function lineView(entry, line, act) {
  const { ticket } = entry;
  const at = stage(ticket, line);
  const dead = ticket.state === 'cancelled';
  const extra = [];
  if (line.texture !== 'regular') extra.push(h('span', { class: 'texture' }, t(line.texture)));
  for (const e of line.exceptions) extra.push(h('span', { class: 'exception' }, `⚠ ${e}`));
  const content = [
    h('span', { class: 'sign', 'aria-label': t(at) }, SIGN[at]),
    h('span', { class: line.quantity > 1 ? 'quantity many' : 'quantity' }, `${line.quantity}×`),
    h('span', { class: 'dish' }, line.name),
    extra.length ? h('span', { class: 'extra' }, extra) : null,
  ];
  return h('li', { class: `line ${at}` }, h('button', {
    disabled: dead, class: 'tap',
    onclick: () => act({ action: 'mark', order: ticket.order, dishes: [line.dish], stage: NEXT[at] }),
  }, content));
}

// What the big button of a ticket does next.
export function next(entry, station) {
  const { ticket, rings, lines } = entry;
  if (rings) return { label: t('ack'), sign: '✓', do: { action: 'acknowledge', order: ticket.order, version: ticket.version } };
  const open = lines.filter((l) => stage(ticket, l) !== 'done');
  if (open.length) {
    if (open.every((l) => stage(ticket, l) === 'waiting') && station !== 'packing') {
      return { label: t('start'), sign: '▶', do: { action: 'mark', order: ticket.order, dishes: open.map((l) => l.dish), stage: 'cooking' } };
    }
    return { label: t('made'), sign: '✓', do: { action: 'mark', order: ticket.order, dishes: open.map((l) => l.dish), stage: 'done' } };
  }
  if (isMade(ticket)) return { label: t('finish'), sign: '⇥', do: { action: 'finish', order: ticket.order } };
  return null;
}

function ticketView(link, entry, index, now, station, chosen, act) {
  const { ticket, news, shape, waits } = entry;
  const minutes = Math.max(0, Math.floor((now - entry.since) / 60_000));
  const age = ticket.state === 'cancelled' ? 'void' : minutes >= RED ? 'red' : minutes >= YELLOW ? 'yellow' : 'fine';
  const ageSign = { red: '‼ ', yellow: '! ', fine: '', void: '' }[age];
  const big = next(entry, station);
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
  h('ul', {}, entry.lines.map((line) => lineView(entry, line, act))),
  foreign > 0 && station !== 'all' ? h('p', { class: 'foreign' }, `+${foreign}`) : null,
  ticket.note ? h('p', { class: 'note' }, `✎ ${ticket.note}`) : null,
  h('footer', {}, waits ? h('span', { class: 'pending' }, '⇪') : null,
    big ? h('button', { class: `big ${big.do.action}`, onclick: () => act(big.do) }, `${big.sign} ${big.label}`) : h('span', { class: 'idle' }, '…')));
}

export function ticketsView(link, ui, now, act) {
  const { shown, later, appear } = open(link, now);
  const mine = forStation(link, shown, ui.station);
  const all = pages(link, mine, ui.station);
  ui.page = Math.min(ui.page, all.length - 1);
  ui.onPage = all[ui.page];
  if (ui.pick >= ui.onPage.length) ui.pick = -1;
  const rest = all.slice(ui.page + 1).reduce((sum, p) => sum + p.length, 0);
  const foot = h('div', { class: 'foot' },
    later ? h('span', { class: 'later' }, `○ ${t('later')} ${later} ${t('people_orders')} · ${t('appear')} ${clock(appear)}`) : h('span', { class: 'keys' }, t('keys')),
    rest ? h('span', { class: 'more' }, `▶ ${t('more', { n: rest })}`) : null,
    all.length > 1 ? h('span', { class: 'paging' },
      h('button', { class: 'turn', onclick: () => ui.turn(-1), disabled: ui.page === 0, 'aria-label': '◀' }, '◀'),
      t('page', { n: ui.page + 1, of: all.length }),
      h('button', { class: 'turn', onclick: () => ui.turn(1), disabled: ui.page === all.length - 1, 'aria-label': '▶' }, '▶')) : null);
  if (!ui.onPage.length) return [h('p', { class: 'empty' }, t('nothing')), foot];
  return [h('section', { class: 'tickets' }, ui.onPage.map((entry, i) => ticketView(link, entry, i, now, ui.station, i === ui.pick, act))), foot];
}

const person = (p) => `${pad(p.no)} ${p.name || t('guest')}${p.quantity > 1 ? `×${p.quantity}` : ''}`;

export function batchView(link, ui, _now, act) {
  if (!link.board) return [h('p', { class: 'empty' }, t('never'))];
  const all = count(link.board, link.menu ?? []);
  const dishes = all.dishes.filter((d) => ui.station === 'all' || ui.station === 'packing' || d.station === ui.station);
  const rows = dishes.map((d) => {
    const stopped = link.board.stopped.has(d.dish);
    const textures = [...d.textures].map(([texture, of]) => h('div', { class: 'split' },
      h('span', { class: `texture ${texture}` }, t(texture)), h('b', {}, `${of.portions}`), ' ',
      of.groups.size ? h('span', { class: 'plain' }, `${t('plain')} ${of.plain}`) : null,
      [...of.groups].sort((a, b) => b[1].portions - a[1].portions).map(([what, g]) => h('div', { class: 'group' },
        h('span', { class: 'exception' }, `⚠ ${what} × ${g.portions}`), ' ', h('span', { class: 'people' }, g.people.map(person).join('、'))))));
    return h('article', { class: stopped ? 'dishrow stopped' : 'dishrow', 'data-dish': d.dish },
      h('div', { class: 'left' }, h('span', { class: 'station' }, t(d.station)), h('span', { class: 'name' }, d.name), stopped ? h('span', { class: 'out' }, `✖ ${t('stopped')}`) : null),
      h('div', { class: 'numbers' },
        h('span', { class: 'sum' }, h('b', {}, `${d.portions}`), h('small', {}, t('total'))),
        h('span', {}, h('b', {}, `${d.portions - d.done - d.cooking}`), h('small', {}, `○ ${t('waiting')}`)),
        h('span', {}, h('b', {}, `${d.cooking}`), h('small', {}, `◐ ${t('cooking')}`)),
        h('span', {}, h('b', {}, `${d.done}`), h('small', {}, `✓ ${t('done')}`))),
      h('div', { class: 'splits' }, textures),
      h('button', { class: stopped ? 'big resume' : 'big stop', onclick: () => act({ action: 'stop', dish: d.dish, stopped: !stopped }) }, stopped ? `↺ ${t('resume')}` : `✖ ${t('stop')}`));
  });
  return [h('section', { class: 'batch' }, h('h2', {}, `${t('batch')} · ${all.orders} ${t('people_orders')}`), rows)];
}

const amount = (mg) => (mg >= 1_000_000 ? `${(mg / 1_000_000).toFixed(2)} ${t('kilos')}` : `${Math.round(mg / 1000)} ${t('grams')}`);

export function ingredientsView(link) {
  if (!link.board) return [h('p', { class: 'empty' }, t('never'))];
  const { ingredients } = count(link.board, link.menu ?? []);
  return [h('section', { class: 'ingredients' }, ingredients.map(([name, of]) => h('div', { class: 'ingredient' },
    h('span', { class: 'name' }, name), h('b', {}, amount(of.mg)), h('small', {}, `${t('used_in')} ${of.dishes.join('、')}`))))];
}

export function recallView(link, ui, _now, act) {
  const done = link.board ? link.board.byNumber().filter((x) => isComplete(x) && x.state !== 'cancelled').reverse() : [];
  if (!done.length) return [h('p', { class: 'empty' }, t('nothing_recall'))];
  return [h('section', { class: 'recall' }, done.slice(0, 60).map((x) => h('article', { class: 'recalled', 'data-order': x.order },
    h('span', { class: 'no' }, pad(x.no)), h('span', { class: 'name' }, x.name || t('guest')),
    h('span', { class: 'what' }, x.lines.map((l) => `${l.quantity}×${l.name}`).join('  ')),
    h('button', { class: 'big', onclick: () => act({ action: 'recall', order: x.order, dishes: [] }) }, `↺ ${t('bring_back')}`))))];
}

export { STATIONS };
