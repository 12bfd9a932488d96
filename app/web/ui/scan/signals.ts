// A verdict for ears and hands: a tone and a vibration that differ without looking.

export type Signal = "admitted" | "refused" | "look";

const sounds: Record<Signal, [frequency: number, from: number, seconds: number][]> = {
  admitted: [
    [880, 0, 0.09],
    [1320, 0.1, 0.14],
  ],
  refused: [
    [220, 0, 0.22],
    [175, 0.26, 0.34],
  ],
  look: [
    [587, 0, 0.12],
    [587, 0.2, 0.12],
  ],
};

const vibrations: Record<Signal, number[]> = { admitted: [60], refused: [180, 80, 180], look: [90, 60, 90] };

let audio: AudioContext | undefined;

/** Browsers let a page sound only after a touch: call this on each, for a call or another app may silence it again. */
export function unlockSound(): void {
  if (!audio) {
    audio = new AudioContext();
    document.addEventListener("visibilitychange", wake);
  }
  wake();
}

function wake(): void {
  if (audio && audio.state !== "running" && !document.hidden) void audio.resume().catch(() => undefined);
}

/** Sound and vibrate a verdict. */
export function signal(kind: Signal): void {
  (navigator as Partial<Navigator>).vibrate?.(vibrations[kind]);
  if (audio?.state !== "running") return;
  const start = audio.currentTime;
  for (const [frequency, from, seconds] of sounds[kind]) beep(audio, frequency, start + from, seconds, kind === "refused" ? "square" : "sine");
}

function beep(context: AudioContext, frequency: number, at: number, seconds: number, shape: OscillatorType): void {
  const tone = context.createOscillator();
  const volume = context.createGain();
  tone.type = shape;
  tone.frequency.value = frequency;
  volume.gain.setValueAtTime(0.0001, at);
  volume.gain.exponentialRampToValueAtTime(0.4, at + 0.01);
  volume.gain.exponentialRampToValueAtTime(0.0001, at + seconds);
  tone.connect(volume).connect(context.destination);
  tone.start(at);
  tone.stop(at + seconds + 0.02);
}
