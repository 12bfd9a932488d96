// The last scans of this phone, for whoever asks at the gate why somebody was refused: never a name, never a code.

import type { Stamp, Trust } from "./clock";
import type { Answer, Verdict, Way } from "./judge";
import type { Store } from "./store";

const most = 50;

/** A scan of this phone as it is kept: what was answered, where, and when by both clocks, in milliseconds. */
export interface RecentScan extends Omit<Answer, "client_id" | "replayed"> {
  id: string;
  at: number;
  device: number;
  trust: Trust;
  gate: string;
  way: Way;
  /** This phone judged it, and not the service. */
  alone: boolean;
  /** What the service said later, where that was something else. */
  said?: Verdict;
  /** It was taken back. */
  undone?: boolean;
}

export class Recent {
  private constructor(
    private readonly store: Store,
    private scans: RecentScan[],
  ) {}

  static async open(store: Store): Promise<Recent> {
    return new Recent(store, (await store.value<RecentScan[]>("recent")) ?? []);
  }

  /** The newest first. */
  get all(): readonly RecentScan[] {
    return this.scans;
  }

  /** Note a scan; one that was noted before is noted anew. */
  async add({ client_id: id, replayed: _again, ...answer }: Answer, { at, device, trust }: Stamp, gate: string, way: Way, alone: boolean): Promise<void> {
    const scan = { id, ...answer, at: at.getTime(), device: device.getTime(), trust, gate, way, alone };
    this.scans = [scan, ...this.scans.filter((other) => other.id !== id)].slice(0, most);
    await this.store.remember("recent", this.scans);
  }

  /** The service answered scans that this phone had judged alone. */
  async heard(answers: readonly Answer[]): Promise<void> {
    const said = new Map(answers.map(({ client_id: id, verdict }) => [id, verdict]));
    const differs = ({ id, alone, verdict }: RecentScan): boolean => alone && said.has(id) && said.get(id) !== verdict;
    if (!this.scans.some(differs)) return;
    this.scans = this.scans.map((scan) => (differs(scan) ? { ...scan, said: said.get(scan.id) } : scan));
    await this.store.remember("recent", this.scans);
  }

  /** A scan was taken back. */
  async undone(id: string): Promise<void> {
    this.scans = this.scans.map((scan) => (scan.id === id ? { ...scan, undone: true } : scan));
    await this.store.remember("recent", this.scans);
  }

  /** This phone was withdrawn, and the disk is wiped. */
  forget(): void {
    this.scans = [];
  }
}
