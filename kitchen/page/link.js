// The connection: resumes from where the display stands, proves the state at every head frame, and keeps commands until they
// are answered. What it holds survives a reload, so that a display without network still shows its last state.
import { Board, needsAck } from './board.js';

const PROTOCOL = 2;
const STALE_MS = 20_000;
const KEEP = 'nuanfan.kitchen.';
const OUTBOX_LIMIT = 500;
// Who has done nothing here for half an hour has gone, and what the next one does is not theirs.
const AWAY_MS = 1_800_000;
// What a ticket was before its last change, and when one left, are kept for as many tickets as a meal has.
const REMEMBERED = 3000;

const load = (name, otherwise) => {
  try { return JSON.parse(localStorage.getItem(KEEP + name)) ?? otherwise; } catch { return otherwise; }
};
const save = (name, value) => {
  try { localStorage.setItem(KEEP + name, JSON.stringify(value)); } catch { /* full: the state comes again with a snapshot */ }
};

const newId = () => {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  const ms = Date.now();
  for (let i = 0; i < 6; i++) bytes[i] = Math.floor(ms / 2 ** (8 * (5 - i))) & 255;
  bytes[6] = (bytes[6] & 15) | 0x70;
  bytes[8] = (bytes[8] & 63) | 0x80;
  return 'kcm_' + Array.from(bytes, (b) => b.toString(16).padStart(2, '0')).join('');
};

export class Link {
  constructor(changed, said) {
    this.changed = changed;
    this.said = said;
    this.token = load('token', null);
    this.outbox = load('outbox', []);
    this.chosen = load('chosen', null);
    this.provedAt = load('proved', 0);
    this.person = load('person', null);
    this.skew = 0;
    this.state = 'off';
    this.tries = 0;
    this.proofs = 0;
    this.snapshots = [];
    this.was = new Map();
    this.left = new Map();
    this.ageing = [5, 8];
    this.escalate = 60_000;
    const held = load('held', null);
    if (held) this.take(held);
    setInterval(() => this.watch(), 1000);
  }

  take(held) {
    Object.assign(this, { epoch: held.epoch, seq: held.seq, menu: held.menu, sitting: held.sitting, sittings: held.sittings, canteen: held.canteen, lead: held.lead });
    this.was = new Map(held.was ?? []);
    this.left = new Map(held.left ?? []);
    this.board = new Board(held.board.sitting, held.board.tickets, held.board.stopped, held.board.real, held.board.short);
  }

  keep() {
    if (this.keeping) return;
    // At most every two seconds: a thousand tickets are half a megabyte.
    this.keeping = setTimeout(() => {
      this.keeping = null;
      const { epoch, seq, menu, sitting, sittings, canteen, lead } = this;
      if (this.board) save('held', { epoch, seq, menu, sitting, sittings, canteen, lead, board: this.board.plain(), was: [...this.was], left: [...this.left] });
      save('proved', this.provedAt);
    }, 2000);
  }

  pair(token) {
    this.token = token;
    save('token', token);
    this.connect();
  }

  forget() {
    this.token = null;
    this.person = null;
    localStorage.removeItem(KEEP + 'token');
    localStorage.removeItem(KEEP + 'person');
    this.changed();
  }

  choose(sitting) {
    this.chosen = sitting;
    save('chosen', sitting);
    this.reconnect(0);
  }

  // The service's time in milliseconds, by the last frame that told it.
  now() { return Date.now() + this.skew; }
  isStale() { return !this.provedAt || Date.now() - this.provedAt > STALE_MS; }

  connect() {
    if (!this.token || this.socket) return;
    this.state = 'connecting';
    const socket = new WebSocket(`${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/kitchen/v1/socket`);
    this.socket = socket;
    this.openedAt = Date.now();
    socket.onopen = () => {
      const hello = { t: 'hello', protocol: PROTOCOL, token: this.token };
      if (this.chosen) hello.sitting = this.chosen;
      if (this.board && this.epoch) hello.at = { epoch: this.epoch, sitting: this.board.sitting, seq: this.seq };
      socket.send(JSON.stringify(hello));
    };
    socket.onmessage = (m) => { if (this.socket === socket) this.hear(JSON.parse(m.data)); };
    socket.onclose = () => { if (this.socket === socket) this.reconnect(); };
    this.changed();
  }

  reconnect(wait) {
    const socket = this.socket;
    this.socket = null;
    this.state = 'off';
    if (socket) { socket.onclose = null; socket.close(); }
    clearTimeout(this.again);
    // Half a second doubling to eight, with a spread so that a kitchen's screens do not come back in step.
    const pause = wait ?? Math.min(8000, 500 * 2 ** Math.min(this.tries++, 4)) * (0.5 + Math.random());
    if (this.token) this.again = setTimeout(() => this.connect(), pause);
    this.changed();
  }

  // With the display's token; null when the service cannot be reached.
  async ask(method, path, body) {
    const headers = { Authorization: `Bearer ${this.token}`, ...(body && { 'Content-Type': 'application/json' }) };
    try { return await fetch(`/kitchen/v1/${path}`, { method, headers, body: body && JSON.stringify(body) }); } catch { return null; }
  }

  stands(person) {
    this.person = person && { ...person, usedAt: this.now() };
    save('person', this.person);
    this.changed();
  }

  // Who stands here: what they do is written down with their name.
  whoStands() {
    const { person } = this;
    if (person && (this.now() >= Date.parse(person.good_until) || this.now() - person.usedAt > AWAY_MS)) this.stands(null);
    return this.person;
  }

  watch() {
    const silent = Date.now() - Math.max(this.heardAt ?? 0, this.openedAt ?? 0);
    // A dead network does not close a socket: no head frame in time is reason enough to try another.
    if (this.socket && silent > STALE_MS + 5000) this.reconnect(0);
    if (!this.chosen && this.sitting && this.sittings && this.now() - Date.parse(this.sitting.serve_to) > 3_600_000) {
      const next = this.sittings.find((s) => this.now() - Date.parse(s.serve_to) < 3_600_000);
      if (next && next.id !== this.sitting.id) { this.board = null; this.reconnect(0); }
    }
    this.changed();
  }

  hear(say) {
    this.heardAt = Date.now();
    switch (say.t) {
      case 'welcome':
        Object.assign(this, { epoch: say.epoch, canteen: say.canteen_name, sitting: say.sitting, sittings: say.sittings, lead: say.lead_minutes, ageing: say.ageing_minutes, escalate: say.escalate_seconds * 1000 });
        this.skew = Date.parse(say.now) - Date.now();
        this.state = 'on';
        break;
      case 'snapshot':
        if (this.board?.sitting !== say.sitting) { this.was.clear(); this.left.clear(); }
        this.board = new Board(say.sitting, say.tickets, say.stopped, say.real, say.short);
        this.seq = say.seq;
        this.menu = say.menu;
        this.snapshots.push(say.why);
        // It tells of everything that was accepted, and after a restore of nothing: numbers begin anew.
        this.outbox = this.outbox.filter((c) => !c.accepted);
        if (say.why === 'gap') this.said('gap');
        if (this.board.hash() !== say.hash) this.startOver();
        break;
      case 'event':
        if (say.seq !== this.seq + 1) { this.startOver(); return; }
        this.seq = say.seq;
        if (say.change) {
          const before = say.change.kind === 'order' && !this.board.tickets.has(say.change.ticket.order);
          this.remember(say);
          this.board.apply(say.change);
          this.forgetSeen(say.change);
          if (before) this.lastNewAt = performance.now();
          // A dish that came onto the menu later: its station and recipe are in a new snapshot.
          if (say.change.kind === 'order' && say.change.ticket.lines.some((l) => !this.menu.some((m) => m.dish === l.dish))) this.startOver();
        }
        break;
      case 'head':
        this.skew = Date.parse(say.now) - Date.now();
        if (say.seq !== this.seq || this.board.hash() !== say.hash) { this.startOver(); return; }
        this.provedAt = Date.now();
        this.proofs += 1;
        this.tries = 0;
        this.socket.send(JSON.stringify({ t: 'ack', seq: say.seq }));
        this.flush();
        break;
      case 'result':
        this.answered(say);
        break;
      case 'bye':
        if (say.why === 'sign_in') { this.forget(); this.said('sign_in'); }
        if (say.why === 'protocol') location.reload();
        if (say.why === 'nothing_to_follow') this.said('nothing_to_follow');
        break;
    }
    this.settle();
    this.keep();
    this.changed();
  }

  // What the cook has seen of a ticket before it changed, and when a ticket left: for the eye, and no part of the state.
  remember({ at, change }) {
    const known = change.kind === 'order' && this.board.tickets.get(change.ticket.order);
    // What was seen last is what nobody has to acknowledge any more.
    const seen = known && !needsAck(known, Date.parse(this.sitting.cut_off) * 1000);
    if (known && (seen || !this.was.has(known.order)) && this.was.size < REMEMBERED) this.was.set(known.order, { version: known.version, lines: known.lines });
    if (change.kind === 'marked' && change.bumped && this.left.size < REMEMBERED) this.left.set(change.order, Date.parse(at));
  }

  forgetSeen(change) {
    if (change.kind === 'acknowledged' && this.board.tickets.get(change.order)?.version <= change.version) this.was.delete(change.order);
  }

  // What is held cannot be right: ask for everything.
  startOver() {
    this.board = null;
    this.seq = 0;
    this.reconnect(0);
  }

  command(what) {
    if (this.outbox.length >= OUTBOX_LIMIT) { this.said('outbox_full'); return; }
    const person = this.whoStands();
    // Kept with the command: it may be sent when somebody else stands here.
    const queued = { id: newId(), sitting: this.board.sitting, do: what, ...(person && { sign_in: person.sign_in }) };
    if (person) this.stands(person);
    this.outbox.push(queued);
    save('outbox', this.outbox);
    this.send(queued);
    this.changed();
  }

  send(queued) {
    if (this.state !== 'on' || !this.socket || this.socket.readyState !== 1) return;
    if (queued.sitting === this.board?.sitting) {
      this.socket.send(JSON.stringify({ t: 'command', id: queued.id, do: queued.do, sign_in: queued.sign_in }));
      return;
    }
    // A command for a sitting that is no longer on the display goes the second way.
    this.ask('POST', 'commands', queued).then((r) => (r?.ok ? r.json() : null)).then((say) => say && this.answered(say)).catch(() => {});
  }

  // In the order in which they were made; the identifiers make a second sending harmless.
  flush() { this.outbox.filter((c) => !c.accepted).forEach((queued) => this.send(queued)); }

  // What was accepted and is in the state by now needs not be foreseen any more.
  settle() {
    if (!this.outbox.some((c) => c.accepted <= this.seq)) return;
    this.outbox = this.outbox.filter((c) => !(c.accepted <= this.seq));
    save('outbox', this.outbox);
  }

  answered(say) {
    if (say.outcome === 'later') { setTimeout(() => this.flush(), 2000); return; }
    const queued = this.outbox.find((c) => c.id === say.id);
    // The answer may come before the event that tells of it: until then the screen goes on showing what was asked for, and does not flicker.
    if (queued && say.outcome === 'accepted' && say.seq > this.seq && queued.sitting === this.board?.sitting) {
      queued.accepted = say.seq;
      save('outbox', this.outbox);
      return;
    }
    this.outbox = this.outbox.filter((c) => c.id !== say.id);
    save('outbox', this.outbox);
    if (say.outcome === 'refused') this.said('refused', say, queued);
    this.changed();
  }
}
