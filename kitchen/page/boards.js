// The boards beside the tickets: what to cook in batches, of which ingredients, for whom with what exception, and what has left.
import { cooked, count, isComplete, needs, unfit, without } from './board.js';
import { SIGN, clock, foreseenOf, h, pad, paging, person } from './view.js';
import { t } from './words.js';

const RECALLED = 7;
// Portions of one step of a batch at most; the protocol's limit.
export const BATCH_MAX = 200;

const never = () => [h('p', { class: 'empty' }, t('never'))];
const ofStation = (station, routes) => ['all', 'pass', 'packing'].includes(station) || routes === station;

export function batchView(link, ui, _now, act) {
  if (!link.board) return never();
  const all = count(foreseenOf(link).tickets, cooked(link.board, link.menu));
  const rows = all.dishes.flatMap((d) => {
    const shown = [...d.textures].filter(([, of]) => ofStation(ui.station, d.routes[of.texture] ?? d.station));
    if (!shown.length && !ofStation(ui.station, d.station)) return [];
    return [dishRow(d, shown, link.board.stopped.has(d.dish), act)];
  });
  return [h('section', { class: 'batch' }, h('h2', {}, `${t('batch')} · ${all.orders} ${t('people_orders')}`), shortView(link), unfitView(link), rows)];
}

// Who must not be served what they ordered, first of all: nobody should find out at the table.
function unfitView(link) {
  const all = unfit(link.board.byNumber());
  if (!all.length) return null;
  return h('article', { class: 'unfit' }, h('h2', {}, `✖ ${t('unfit')}`),
    all.map((g) => h('p', {}, h('b', {}, g.dish), ' ', h('span', { class: 'exception' }, `⚠ ${g.what} × ${g.people.reduce((n, p) => n + p.quantity, 0)}`), ' ', h('span', { class: 'people' }, g.people.map(person).join('、')))),
    h('p', { class: 'cure' }, t('unfit_cure')));
}

// Who goes without, before they find out.
function shortView(link) {
  const all = without(link.board, link.board.byNumber());
  if (!all.length) return null;
  return h('article', { class: 'unfit short' }, h('h2', {}, `✖ ${t('short')}`),
    all.map((g) => h('p', {}, h('b', {}, g.dish), ' ', h('span', { class: 'exception' }, `${t('lacking')} ${g.people.reduce((n, p) => n + p.quantity, 0)}`), ' ', h('span', { class: 'people' }, g.people.map(person).join('、')))),
    h('p', { class: 'cure' }, t('short_cure')));
}

// Whether somebody said what really goes into a dish, and what lots brought into it that nobody did.
function madeOf(d) {
  return [
    d.confirmed ? h('span', { class: 'made' }, `✓ ${t('confirmed', { time: clock(d.confirmed) })}`) : h('span', { class: 'made open' }, `○ ${t('unconfirmed')}`),
    d.brought?.length ? h('span', { class: 'made brought' }, `‼ ${t('brought', { what: d.brought.join('、') })}`) : null,
  ];
}

function dishRow(d, shown, stopped, act) {
  const sum = (key) => shown.reduce((n, [, of]) => n + of[key] + [...of.groups.values()].reduce((m, g) => m + (key === 'portions' ? 0 : g[key]), 0), 0);
  const portions = sum('portions');
  const cooking = sum('cooking');
  const waiting = sum('waiting');
  return h('article', { class: stopped ? 'dishrow stopped' : 'dishrow', 'data-dish': d.dish },
    h('div', { class: 'left' }, h('span', { class: 'station' }, t(d.station)), h('span', { class: 'name' }, d.name), madeOf(d), stopped ? h('span', { class: 'out' }, `✖ ${t('stopped')}`) : null),
    h('div', { class: 'numbers' },
      h('span', { class: 'sum' }, h('b', {}, `${portions}`), h('small', {}, t('total'))),
      h('span', {}, h('b', {}, `${waiting}`), h('small', {}, `${SIGN.waiting} ${t('waiting')}`)),
      h('span', {}, h('b', {}, `${cooking}`), h('small', {}, `${SIGN.cooking} ${t('cooking')}`)),
      h('span', {}, h('b', {}, `${portions - waiting - cooking}`), h('small', {}, `${SIGN.done} ${t('done')}`))),
    h('div', { class: 'splits' }, shown.map(([, of]) => textureView(d, of, act))),
    h('button', { class: stopped ? 'big resume' : 'big stop', onclick: () => act({ action: 'stop', dish: d.dish, stopped: !stopped }) }, stopped ? `↺ ${t('resume')}` : `✖ ${t('stop')}`));
}

function textureView(d, of, act) {
  const { texture, size } = of;
  // Portions with an exception are cooked apart, so they have steps of their own.
  const step = (group, exceptions, from, to, label) => {
    const portions = Math.min(group[from], BATCH_MAX);
    if (!portions) return null;
    return h('button', { class: `step ${to}`, onclick: () => act({ action: 'mark_dish', dish: d.dish, texture, size, exceptions, from, to, portions }) }, `${label} ${portions}`);
  };
  const steps = (group, exceptions) => [step(group, exceptions, 'waiting', 'cooking', `▶ ${t('start')}`), step(group, exceptions, 'cooking', 'done', `✓ ${t('cooked')}`)];
  return h('div', { class: 'split' },
    h('div', { class: 'of' }, h('span', { class: `texture ${texture}` }, t(texture)), size === 'regular' ? null : h('span', { class: 'size' }, t(size)), h('b', {}, `${of.portions}`),
      of.groups.size ? h('span', { class: 'plain' }, `${t('plain')} ${of.plain}`) : null,
      steps(of, [])),
    [...of.groups].sort((a, b) => b[1].portions - a[1].portions).map(([what, g]) => h('div', { class: 'group' },
      h('span', { class: 'exception' }, `⚠ ${what} × ${g.portions}`), ' ', h('span', { class: 'people' }, g.people.map(person).join('、')), steps(g, g.exceptions))));
}

const amount = (mg) => (mg >= 1_000_000 ? `${(mg / 1_000_000).toFixed(2)} ${t('kilos')}` : `${Math.round(mg / 1000)} ${t('grams')}`);

export function ingredientsView(link) {
  if (!link.board) return never();
  const { ingredients } = count(link.board.byNumber(), cooked(link.board, link.menu));
  if (!ingredients.length) return [h('p', { class: 'empty' }, t('nothing'))];
  return [h('section', { class: 'ingredients' }, ingredients.map((of) => h('article', { class: 'ingredient', 'data-ingredient': of.name },
    h('h2', {}, of.name), h('b', {}, amount(of.mg)),
    of.textures.size > 1 || !of.textures.has('regular') ? h('p', { class: 'by' }, [...of.textures].map(([x, mg]) => h('span', {}, `${t(x)} ${amount(mg)}`))) : null,
    h('p', { class: 'used' }, `${t('used_in')} ${of.dishes.join('、')}`),
    of.without.length ? h('p', { class: 'without' }, h('span', { class: 'exception' }, `⚠ ${t('without')} × ${of.without.reduce((n, p) => n + p.quantity, 0)}`), ' ', of.without.map(person).join('、')) : null)))];
}

export function needsView(link, ui) {
  if (!link.board) return never();
  const all = needs(link.board.byNumber(), link.menu ?? [], ui.station);
  if (!all.length) return [h('p', { class: 'empty' }, t('no_needs'))];
  return [unfitView(link) ?? '', h('section', { class: 'needs' }, all.map((g) => h('article', { class: 'need' },
    h('h2', {}, h('b', {}, `${g.portions} ×`), g.texture === 'regular' ? null : h('span', { class: 'texture' }, t(g.texture)), g.size === 'regular' ? null : h('span', { class: 'size' }, t(g.size)), g.what ? h('span', { class: 'exception' }, `⚠ ${g.what}`) : null),
    h('p', { class: 'people' }, g.people.map((p) => h('span', { class: 'one' }, `${person(p)} `, h('small', {}, p.dish)))))))];
}

// Any ticket that has left, the last one first; digits narrow it down by number.
export function recallView(link, ui, _now, act) {
  if (!link.board) return never();
  const done = link.board.byNumber().filter((x) => isComplete(x) && x.state !== 'cancelled' && String(x.no).includes(ui.search));
  done.sort((a, b) => (link.left.get(b.order) ?? 0) - (link.left.get(a.order) ?? 0) || b.no - a.no);
  const of = Math.max(1, Math.ceil(done.length / RECALLED));
  ui.page = Math.min(ui.page, of - 1);
  const digits = [...'0123456789'].map((d) => h('button', { class: 'digit', onclick: () => ui.find(ui.search + d) }, d));
  const search = h('div', { class: 'search' }, h('span', {}, t('number')), h('output', { 'aria-label': t('number') }, ui.search || '···'), digits,
    h('button', { class: 'digit', onclick: () => ui.find(''), 'aria-label': t('del') }, '⌫'));
  const list = done.slice(ui.page * RECALLED, (ui.page + 1) * RECALLED).map((x) => h('article', { class: 'recalled', 'data-order': x.order },
    h('span', { class: 'no' }, pad(x.no)), h('span', { class: 'name' }, x.name || t('guest')),
    h('span', { class: 'what' }, x.lines.map((l) => `${l.quantity}×${l.name}`).join('  ')),
    h('button', { class: 'big', onclick: () => act({ action: 'recall', order: x.order, dishes: [] }) }, `↺ ${t('bring_back')}`)));
  return [search, list.length ? h('section', { class: 'recall' }, list) : h('p', { class: 'empty' }, t('nothing_recall')), h('div', { class: 'foot' }, paging(ui, of))];
}
