// The projection of one sitting: the same rules as the service's, so that the state hashes can be compared.
import { sha256 } from './sha256.js';

const same = (mark, line) =>
  mark.quantity === line.quantity && mark.texture === line.texture && mark.size === line.size &&
  mark.exceptions.length === line.exceptions.length && mark.exceptions.every((e, i) => e === line.exceptions[i]);

export const stage = (ticket, line) => {
  const mark = ticket.marks.find((m) => m.dish === line.dish);
  return mark && same(mark, line) ? mark.stage : 'waiting';
};
export const isMade = (ticket) => ticket.lines.every((line) => stage(ticket, line) === 'done');
export const isComplete = (ticket) => ticket.bumped && isMade(ticket);
export const isWalkIn = (ticket, cutOff) => ticket.via === 'counter' || ticket.accepted_us >= cutOff;
export const needsAck = (ticket, cutOff) =>
  (ticket.state === 'confirmed' || ticket.state === 'cancelled') &&
  (isWalkIn(ticket, cutOff) || ticket.changed_us >= cutOff) && ticket.acked < ticket.version;

const setMark = (ticket, mark) => {
  const at = ticket.marks.findIndex((m) => m.dish >= mark.dish);
  if (at < 0) ticket.marks.push(mark);
  else if (ticket.marks[at].dish === mark.dish) ticket.marks[at] = mark;
  else ticket.marks.splice(at, 0, mark);
};

export class Board {
  constructor(sitting, tickets = [], stopped = [], real = [], short = []) {
    this.sitting = sitting;
    this.tickets = new Map(tickets.map((t) => [t.order, t]));
    this.stopped = new Set(stopped);
    this.real = new Map(real.map((r) => [r.dish, r]));
    this.short = new Map(short.map((s) => [s.dish, s]));
  }

  apply(change) {
    const known = this.tickets.get(change.order);
    switch (change.kind) {
      case 'order': {
        const before = this.tickets.get(change.ticket.order);
        const kept = before ?? { marks: [], bumped: false, acked: 0 };
        this.tickets.set(change.ticket.order, { ...change.ticket, marks: kept.marks, bumped: kept.bumped, acked: kept.acked });
        break;
      }
      case 'marked':
        if (known) {
          change.lines.forEach((mark) => setMark(known, mark));
          known.bumped = change.bumped;
        }
        break;
      case 'batch':
        for (const [order, quantity] of change.orders) {
          const ticket = this.tickets.get(order);
          if (ticket) setMark(ticket, { dish: change.dish, stage: change.stage, quantity, texture: change.texture, size: change.size, exceptions: change.exceptions });
        }
        break;
      case 'acknowledged':
        if (known) known.acked = Math.max(known.acked, change.version);
        break;
      case 'stopped':
        if (change.stopped) this.stopped.add(change.dish);
        else this.stopped.delete(change.dish);
        break;
      case 'short':
        if (change.short.orders.length) this.short.set(change.short.dish, change.short);
        else this.short.delete(change.short.dish);
        break;
      case 'real':
        if (change.real.version || change.real.brought.length) this.real.set(change.real.dish, change.real);
        else this.real.delete(change.real.dish);
        break;
    }
  }

  byNumber() {
    return [...this.tickets.values()].sort((a, b) => a.no - b.no || (a.order < b.order ? -1 : 1));
  }

  canonical() {
    const tickets = this.byNumber().map((t) => [
      t.order, t.no, t.name, t.channel, t.via, t.state, t.version, t.accepted_us, t.changed_us, t.note,
      t.lines.map((l) => [l.dish, l.quantity, l.texture, l.size, l.exceptions, l.unfit]),
      t.marks.map((m) => [m.dish, m.stage, m.quantity, m.texture, m.size, m.exceptions]),
      t.bumped, t.acked,
    ]);
    const parts = (all) => all.map((p) => [p.ingredient, p.amount_mg]);
    const real = [...this.real.values()].sort((a, b) => (a.dish < b.dish ? -1 : 1))
      .map((r) => [r.dish, r.version, r.confirmed_us, parts(r.used), parts(r.brought)]);
    const short = [...this.short.values()].sort((a, b) => (a.dish < b.dish ? -1 : 1)).map((s) => [s.dish, s.orders]);
    return JSON.stringify(['nuanfan-kitchen/2', this.sitting, tickets, [...this.stopped].sort(), real, short]);
  }

  hash() {
    return sha256(this.canonical());
  }

  plain() {
    return { sitting: this.sitting, tickets: [...this.tickets.values()], stopped: [...this.stopped], real: [...this.real.values()], short: [...this.short.values()] };
  }
}

const markOf = (line, stage) => ({ dish: line.dish, stage, quantity: line.quantity, texture: line.texture, size: line.size, exceptions: line.exceptions });

// The tickets as they will stand when the commands that still wait here are carried out, by number, and which of them wait.
export function foreseen(board, waiting) {
  const tickets = board.byNumber();
  const waits = new Set();
  if (!waiting.length) return { tickets, waits };
  const at = new Map(tickets.map((x, i) => [x.order, i]));
  const mine = (order) => {
    const i = at.get(order);
    if (i !== undefined && !waits.has(order)) { tickets[i] = { ...tickets[i], marks: tickets[i].marks.slice() }; waits.add(order); }
    return tickets[i];
  };
  for (const { do: what } of waiting) {
    if (what.action === 'mark_dish') { takeBatch(tickets, mine, what); continue; }
    const ticket = what.order && mine(what.order);
    if (!ticket) continue;
    const set = (to) => ticket.lines.filter((l) => !what.dishes.length || what.dishes.includes(l.dish)).forEach((l) => setMark(ticket, markOf(l, to)));
    if (what.action === 'mark') set(what.stage);
    if (what.action === 'recall') { set('waiting'); ticket.bumped = false; }
    if (what.action === 'finish') ticket.bumped = true;
    if (what.action === 'acknowledge') ticket.acked = Math.max(ticket.acked, what.version);
  }
  return { tickets, waits };
}

// The same choice as the service makes: the lowest numbers first, until so many portions are taken.
function takeBatch(tickets, mine, what) {
  let taken = 0;
  for (const { order, state, lines } of tickets.slice()) {
    if (taken >= what.portions || !['confirmed', 'served'].includes(state)) continue;
    const line = lines.find((l) => l.dish === what.dish && l.texture === what.texture && l.size === (what.size ?? 'regular') && l.exceptions.join() === what.exceptions.join());
    if (!line || stage(tickets.find((x) => x.order === order), line) !== what.from) continue;
    setMark(mine(order), markOf(line, what.to));
    taken += line.quantity;
  }
}

// Where a line is made: by dish and texture, as the service routes them.
export const stationOf = (menu, line) => menu.get(line.dish)?.routes[line.texture] ?? 'hot';
export const byDish = (menu) => new Map((menu ?? []).map((m) => [m.dish, m]));

// What a station sees of a ticket: `pass` is the expediter, who sees everything; packing sees what leaves the house.
export function linesOf(menu, ticket, station) {
  if (station === 'all' || station === 'pass') return ticket.lines;
  if (station === 'packing' && ticket.channel !== 'dine_in') return ticket.lines;
  return ticket.lines.filter((l) => stationOf(menu, l) === station);
}

// What a station may mark: its own lines. The screen of a small kitchen without stations marks all.
export const ownLines = (menu, ticket, station) =>
  (station === 'all' ? ticket.lines : ticket.lines.filter((l) => stationOf(menu, l) === station));

// How far each station is with a ticket: [station, lines that are not made yet].
export function stationsOf(menu, ticket) {
  const open = new Map();
  for (const line of ticket.lines) {
    const at = stationOf(menu, line);
    open.set(at, (open.get(at) ?? 0) + (stage(ticket, line) === 'done' ? 0 : 1));
  }
  return [...open];
}

// What became of a ticket since somebody last acknowledged it: new lines, lines that are no longer wanted, lines that changed.
export function difference(was, ticket) {
  const before = new Map((was?.lines ?? []).map((l) => [l.dish, l]));
  const lines = new Map(ticket.lines.map((l) => [l.dish, l]));
  const alike = (a, b) => a.quantity === b.quantity && a.texture === b.texture && a.size === b.size && a.exceptions.join() === b.exceptions.join();
  return {
    added: new Set(ticket.lines.filter((l) => was && !before.has(l.dish)).map((l) => l.dish)),
    changed: new Map(ticket.lines.filter((l) => before.has(l.dish) && !alike(l, before.get(l.dish))).map((l) => [l.dish, before.get(l.dish)])),
    removed: [...before.values()].filter((l) => !lines.has(l.dish)),
  };
}

const combination = (line) => [...new Set(line.exceptions)].sort().join('、');
const into = (map, key, make) => map.get(key) ?? map.set(key, make()).get(key);
const entry = (ticket, line) => ({ no: ticket.no, name: ticket.name, quantity: line.quantity, dish: line.name });

// Whether an exception is about an ingredient: the service words them `含花生（花生碎）` and `含忌口花生碎`.
const names = (exception, ingredient) => exception.endsWith(`（${ingredient}）`) || exception === `含忌口${ingredient}`;

// How many of what, for whom: by dish, texture and combination of exceptions; and by ingredient in milligrams.
export function count(tickets, menu) {
  const blank = (m) => ({ ...m, portions: 0, done: 0, cooking: 0, textures: new Map() });
  const dishes = new Map(menu.map((m) => [m.dish, blank(m)]));
  let orders = 0;
  for (const ticket of tickets) {
    if (ticket.state === 'cancelled') continue;
    orders += 1;
    for (const line of ticket.lines) {
      const of = into(dishes, line.dish, () => blank({ dish: line.dish, name: line.name, station: 'hot', routes: {}, ingredients: [] }));
      of.portions += line.quantity;
      const at = stage(ticket, line);
      if (at !== 'waiting') of[at] += line.quantity;
      const texture = into(of.textures, `${line.texture}/${line.size}`, () => ({ texture: line.texture, size: line.size, portions: 0, plain: 0, waiting: 0, cooking: 0, groups: new Map() }));
      texture.portions += line.quantity;
      if (!line.exceptions.length) {
        texture.plain += line.quantity;
        if (at !== 'done') texture[at] += line.quantity;
        continue;
      }
      const group = into(texture.groups, combination(line), () => ({ exceptions: line.exceptions, portions: 0, waiting: 0, cooking: 0, people: [] }));
      group.portions += line.quantity;
      if (at !== 'done') group[at] += line.quantity;
      group.people.push(entry(ticket, line));
    }
  }
  return { orders, dishes: [...dishes.values()], ingredients: ingredientsOf([...dishes.values()]) };
}

// How much of the recipe goes into a portion, in thousandths, as the service reckons.
const PER_MILLE = { small: 700, regular: 1000, large: 1300 };

// Each ingredient: what is needed of it in all and by texture, and who must not get it.
function ingredientsOf(dishes) {
  const all = new Map();
  for (const of of dishes.filter((d) => d.portions)) {
    for (const [name, mg] of of.ingredients) {
      const sum = into(all, name, () => ({ name, mg: 0, dishes: [], textures: new Map(), without: [] }));
      for (const t of of.textures.values()) sum.mg += (mg * t.portions * PER_MILLE[t.size]) / 1000;
      sum.dishes.push(of.name);
      for (const t of of.textures.values()) {
        sum.textures.set(t.texture, (sum.textures.get(t.texture) ?? 0) + (mg * t.portions * PER_MILLE[t.size]) / 1000);
        for (const [what, group] of t.groups) if (what.split('、').some((e) => names(e, name))) sum.without.push(...group.people);
      }
    }
  }
  return [...all.values()].sort((a, b) => b.mg - a.mg);
}

// Who needs what, over all dishes: by texture other than regular, and by combination of exceptions; the largest group first.
export function needs(tickets, menu, station) {
  const groups = new Map();
  const routes = byDish(menu);
  for (const ticket of tickets) {
    if (ticket.state === 'cancelled') continue;
    for (const line of linesOf(routes, ticket, station)) {
      const what = combination(line);
      if (!what && line.texture === 'regular' && line.size === 'regular') continue;
      const group = into(groups, `${line.texture}/${line.size}/${what}`, () => ({ texture: line.texture, size: line.size, what, portions: 0, people: [] }));
      group.portions += line.quantity;
      group.people.push(entry(ticket, line));
    }
  }
  return [...groups.values()].sort((a, b) => b.portions - a.portions || (a.what < b.what ? -1 : 1));
}

// The menu with what really goes into its dishes: what was confirmed in place of the recipe, and what lots brought besides.
export function cooked(board, menu) {
  return (menu ?? []).map((m) => {
    const real = board.real.get(m.dish);
    const brought = real?.brought ?? [];
    const recipe = real?.version ? real.used.map((p) => [p.name, p.amount_mg]) : m.ingredients;
    return { ...m, ingredients: [...recipe, ...brought.map((p) => [p.name, 0])], confirmed: real?.version ? real.confirmed_us / 1000 : null, brought: brought.map((p) => p.name) };
  });
}

// Who may not eat what they ordered, as it is really made, by dish and what is in it.
export function unfit(tickets) {
  const groups = new Map();
  for (const ticket of tickets) {
    if (ticket.state !== 'confirmed') continue;
    for (const line of ticket.lines.filter((l) => l.unfit)) {
      const what = combination(line);
      into(groups, `${line.dish}/${what}`, () => ({ dish: line.name, what, people: [] })).people.push(entry(ticket, line));
    }
  }
  return [...groups.values()];
}

// Who goes without a dish of which too little was made, as far as they still wait for it.
export function without(board, tickets) {
  const groups = [];
  for (const { dish, orders } of board.short.values()) {
    const lacks = new Map(orders);
    const people = [];
    for (const ticket of tickets.filter((x) => x.state === 'confirmed' && lacks.has(x.order))) {
      for (const line of ticket.lines.filter((l) => l.dish === dish)) people.push({ ...entry(ticket, line), quantity: lacks.get(ticket.order) });
    }
    if (people.length) groups.push({ dish: people[0].dish, people });
  }
  return groups;
}
