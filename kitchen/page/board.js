// The projection of one sitting: the same rules as the service's, so that the state hashes can be compared.
import { sha256 } from './sha256.js';

const same = (mark, line) =>
  mark.quantity === line.quantity && mark.texture === line.texture &&
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
  constructor(sitting, tickets = [], stopped = []) {
    this.sitting = sitting;
    this.tickets = new Map(tickets.map((t) => [t.order, t]));
    this.stopped = new Set(stopped);
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
      case 'acknowledged':
        if (known) known.acked = Math.max(known.acked, change.version);
        break;
      case 'stopped':
        if (change.stopped) this.stopped.add(change.dish);
        else this.stopped.delete(change.dish);
        break;
    }
  }

  byNumber() {
    return [...this.tickets.values()].sort((a, b) => a.no - b.no || (a.order < b.order ? -1 : 1));
  }

  canonical() {
    const tickets = this.byNumber().map((t) => [
      t.order, t.no, t.name, t.channel, t.via, t.state, t.version, t.accepted_us, t.changed_us, t.note,
      t.lines.map((l) => [l.dish, l.quantity, l.texture, l.exceptions]),
      t.marks.map((m) => [m.dish, m.stage, m.quantity, m.texture, m.exceptions]),
      t.bumped, t.acked,
    ]);
    return JSON.stringify(['nuanfan-kitchen/1', this.sitting, tickets, [...this.stopped].sort()]);
  }

  hash() {
    return sha256(this.canonical());
  }

  plain() {
    return { sitting: this.sitting, tickets: [...this.tickets.values()], stopped: [...this.stopped] };
  }
}

// A ticket as it will stand when the commands that still wait here are carried out.
export function withWaiting(ticket, waiting) {
  const mine = waiting.filter((c) => c.do.order === ticket.order);
  if (!mine.length) return { ticket, waits: false };
  const copy = { ...ticket, marks: ticket.marks.slice() };
  for (const { do: what } of mine) {
    const set = (to) => copy.lines
      .filter((l) => !what.dishes.length || what.dishes.includes(l.dish))
      .forEach((l) => setMark(copy, { dish: l.dish, stage: to, quantity: l.quantity, texture: l.texture, exceptions: l.exceptions }));
    if (what.action === 'mark') set(what.stage);
    if (what.action === 'recall') { set('waiting'); copy.bumped = false; }
    if (what.action === 'finish') copy.bumped = true;
    if (what.action === 'acknowledge') copy.acked = Math.max(copy.acked, what.version);
  }
  return { ticket: copy, waits: true };
}

// How many of what, for whom: by dish, texture and combination of exceptions; and by ingredient in milligrams.
export function count(board, menu) {
  const dishes = new Map(menu.map((m) => [m.dish, { ...m, portions: 0, done: 0, cooking: 0, textures: new Map() }]));
  let orders = 0;
  for (const ticket of board.byNumber()) {
    if (ticket.state === 'cancelled') continue;
    orders += 1;
    for (const line of ticket.lines) {
      if (!dishes.has(line.dish)) dishes.set(line.dish, { dish: line.dish, name: line.name, station: 'hot', ingredients: [], portions: 0, done: 0, cooking: 0, textures: new Map() });
      const of = dishes.get(line.dish);
      of.portions += line.quantity;
      const at = stage(ticket, line);
      if (at !== 'waiting') of[at] += line.quantity;
      if (!of.textures.has(line.texture)) of.textures.set(line.texture, { portions: 0, plain: 0, groups: new Map() });
      const texture = of.textures.get(line.texture);
      texture.portions += line.quantity;
      if (!line.exceptions.length) { texture.plain += line.quantity; continue; }
      const combination = [...new Set(line.exceptions)].sort().join('、');
      if (!texture.groups.has(combination)) texture.groups.set(combination, { portions: 0, people: [] });
      const group = texture.groups.get(combination);
      group.portions += line.quantity;
      group.people.push({ no: ticket.no, name: ticket.name, quantity: line.quantity });
    }
  }
  const ingredients = new Map();
  for (const of of dishes.values()) {
    for (const [name, mg] of of.ingredients) {
      const sum = ingredients.get(name) ?? { mg: 0, dishes: [] };
      sum.mg += mg * of.portions;
      if (of.portions) sum.dishes.push(of.name);
      ingredients.set(name, sum);
    }
  }
  return { orders, dishes: [...dishes.values()], ingredients: [...ingredients].filter(([, s]) => s.mg > 0).sort((a, b) => b[1].mg - a[1].mg) };
}
