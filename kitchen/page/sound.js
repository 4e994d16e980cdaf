// Sounds made here, so that nothing has to be loaded: one for new, changed and cancelled each, again and again until somebody
// acknowledges.
const TUNES = {
  fresh: [[880, 0.12], [1175, 0.18]],
  changed: [[988, 0.1], [784, 0.1], [988, 0.18]],
  cancelled: [[440, 0.25], [294, 0.4]],
};

export class Sound {
  constructor() {
    this.last = 0;
    this.muted = false;
    this.played = { fresh: 0, changed: 0, cancelled: 0 };
  }

  // Browsers let a page sound only after somebody touched it.
  wake() {
    this.context ??= new AudioContext();
    return this.context.resume();
  }

  isAwake() { return this.context?.state === 'running'; }

  play(kind, loud) {
    if (!this.isAwake() || this.muted) return;
    this.played[kind] += 1;
    let at = this.context.currentTime;
    for (const [hertz, seconds] of TUNES[kind]) {
      const tone = this.context.createOscillator();
      const gain = this.context.createGain();
      tone.type = loud ? 'square' : 'triangle';
      tone.frequency.value = hertz;
      gain.gain.setValueAtTime(loud ? 0.9 : 0.5, at);
      gain.gain.exponentialRampToValueAtTime(0.01, at + seconds);
      tone.connect(gain).connect(this.context.destination);
      tone.start(at);
      tone.stop(at + seconds);
      at += seconds;
    }
  }

  // Called every second with what nobody has acknowledged yet.
  ring(kinds, loud) {
    const pause = loud ? 2000 : 5000;
    if (!kinds.length || Date.now() - this.last < pause) return;
    this.last = Date.now();
    this.play(['cancelled', 'changed', 'fresh'].find((kind) => kinds.includes(kind)), loud);
  }
}
