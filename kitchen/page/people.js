// Who stands at the screen: names to touch, then a number. Without it the screen works all the same, and is named alone.
import { h } from './view.js';
import { t } from './words.js';

const DIGITS = [...'1234567890'];
const PIN_MIN = 4;
const PIN_MAX = 8;
const ON_KEYS = 9;

export class People {
  constructor(link, changed) {
    this.link = link;
    this.changed = changed;
    this.clear();
  }

  clear() { Object.assign(this, { open: false, all: null, chosen: null, pin: '', fault: '', busy: false }); }

  close() {
    this.clear();
    this.changed();
  }

  async toggle() {
    if (this.open) { this.close(); return; }
    this.open = true;
    this.changed();
    const answer = await this.link.ask('GET', 'people');
    if (answer?.ok) this.all = await answer.json();
    else this.fault = t('who_net');
    this.changed();
  }

  choose(person) {
    Object.assign(this, { chosen: person, pin: '', fault: '' });
    this.changed();
  }

  type(digit) {
    this.pin = (this.pin + digit).slice(0, PIN_MAX);
    this.changed();
  }

  async signIn() {
    if (this.busy || this.pin.length < PIN_MIN) return;
    this.busy = true;
    const asked = this.chosen;
    const answer = await this.link.ask('PUT', 'sign-in', { user: this.chosen.user, pin: this.pin });
    // Who has gone away meanwhile is not signed in by an answer that comes late.
    if (this.chosen !== asked || !this.busy) {
      if (answer?.ok) this.link.ask('DELETE', 'sign-in');
      return;
    }
    if (answer?.ok) {
      this.link.stands(await answer.json());
      this.close();
      return;
    }
    Object.assign(this, { busy: false, pin: '', fault: t(answer?.status === 403 ? 'who_bad' : answer?.status === 429 ? 'who_many' : 'who_net') });
    this.changed();
  }

  // Here at once, and at the service when it can be reached: what follows is nobody's either way.
  signOut() {
    this.link.stands(null);
    this.link.ask('DELETE', 'sign-in');
    this.close();
  }

  key(key) {
    if (key === 'Escape') this.close();
    else if (key === 'Enter' && this.chosen) this.signIn();
    else if (key === 'Backspace' && this.chosen) this.pin = this.pin.slice(0, -1);
    else if (/^[0-9]$/.test(key) && this.chosen) this.type(key);
    else if (/^[1-9]$/.test(key) && this.all?.[key - 1]) this.choose(this.all[key - 1]);
    else return false;
    return true;
  }

  view() {
    const back = h('button', { class: 'wide', onclick: () => (this.chosen && !this.busy ? this.choose(null) : this.close()) }, t('who_back'));
    const fault = h('p', { class: 'fault', role: 'alert' }, this.fault);
    if (!this.chosen) {
      const tile = (person, n) => h('button', { class: 'person', onclick: () => this.choose(person) }, n < ON_KEYS && h('kbd', {}, n + 1), h('span', {}, person.name));
      return [h('section', { class: 'pairing' },
        h('h2', {}, t('who_title')), fault, this.all?.length === 0 && h('p', {}, t('who_none')),
        h('div', { class: 'persons' }, (this.all ?? []).map(tile)),
        h('div', { class: 'choices' }, back, this.link.person && h('button', { class: 'wide', id: 'sign-out', onclick: () => this.signOut() }, `${this.link.person.name} ${t('who_out')}`)))];
    }
    return [h('section', { class: 'pairing' },
      h('h2', {}, t('who_pin', { name: this.chosen.name })),
      h('output', { id: 'pin' }, '●'.repeat(this.pin.length).padEnd(PIN_MIN, '·')), fault,
      h('div', { class: 'keypad digits' }, DIGITS.map((d) => h('button', { onclick: () => this.type(d) }, d)),
        h('button', { class: 'wide', onclick: () => { this.pin = this.pin.slice(0, -1); this.changed(); } }, `⌫ ${t('del')}`), back,
        h('button', { class: 'wide go', id: 'sign-in', disabled: this.pin.length < PIN_MIN || this.busy, onclick: () => this.signIn() }, t('who_do'))))];
  }
}
