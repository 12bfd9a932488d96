// What this phone counted last, so that one press takes it back, after a reload, too.

/** A count as it is sent; with `undoes` it takes back the one of that id. */
export interface Tap {
  visitors: number;
  device_at: string;
  gate: number;
  undoes?: string;
}

export interface Counted {
  id: string;
  visitors: number;
}

/** What keeps a small thing by its name. */
export interface Memory {
  value<Value>(name: string): Promise<Value | undefined>;
  remember(name: string, value: unknown): Promise<unknown>;
}

const name = "counted";
/** Nobody takes back more than a handful. */
const most = 20;

export class Taps {
  private constructor(
    private readonly memory: Memory,
    private all: Counted[],
  ) {}

  static async open(memory: Memory): Promise<Taps> {
    return new Taps(memory, (await memory.value<Counted[]>(name)) ?? []);
  }

  /** The one that would be taken back next. */
  get first(): Counted | undefined {
    return this.all[0];
  }

  async counted(id: string, visitors: number): Promise<void> {
    this.all = [{ id, visitors }, ...this.all].slice(0, most);
    await this.keep();
  }

  /** The last count, which is no more the last one: each is taken back once. */
  last(): Counted | undefined {
    return this.all.shift();
  }

  async keep(): Promise<void> {
    await this.memory.remember(name, this.all);
  }
}
