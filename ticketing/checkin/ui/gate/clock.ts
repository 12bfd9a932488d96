// The service's time on a phone whose own clock may be wrong by hours, and may be moved in the middle of the day. The
// offset is measured at every contact; between two contacts the phone's clock is held against the browser's steady one,
// which nobody moves but which stands still while the phone sleeps.

/** The two clocks of a device, in milliseconds. */
export interface Reading {
  /** The one that people and networks set. */
  wall: number;
  /** The one that only goes on, from an unknown beginning. */
  steady: number;
}

/** What outlives a reload: milliseconds to add to the device's clock, and the service's time when that was measured. */
export interface Measured {
  offset: number;
  server: number;
}

/**
 * How well a time is known: measured by this page; by an offset of before a reload; by a clock that has jumped since, or
 * a phone that has slept; or by the device's clock alone, for the service was never heard.
 */
export type Trust = "measured" | "kept" | "jumped" | "unmeasured";

/** A moment by the service's clock, what the device's own said, and how well that is known. */
export interface Stamp {
  at: Date;
  device: Date;
  trust: Trust;
}

/** Milliseconds by which clocks may drift apart unnoticed: less than any list's hours are told in. */
const tolerance = 60_000;

export const deviceClocks = (): Reading => ({ wall: Date.now(), steady: performance.now() });

export class Clock {
  private offset: number | undefined;
  /** The service's time before which it cannot be. */
  private server = -Infinity;
  private last: Reading | undefined;

  constructor(
    kept?: Measured,
    readonly read: () => Reading = deviceClocks,
  ) {
    if (kept) ({ offset: this.offset, server: this.server } = kept);
  }

  /** What is to be kept for after a reload; undefined before the first contact. */
  get measured(): Measured | undefined {
    return this.offset === undefined ? undefined : { offset: this.offset, server: this.server };
  }

  /**
   * The service told its time, in milliseconds, between two readings of this device's clocks. Half the way there and
   * back is taken as the way back. Gives by how much the device's clock was moved since the last contact; 0 for no move.
   */
  heard(server: number, asked: Reading, got: Reading = this.read()): number {
    const onTheWay = Math.max(0, got.steady - asked.steady) / 2;
    const offset = server + onTheWay - got.wall;
    const moved = this.offset === undefined ? 0 : this.offset - offset;
    // A slow answer measures worse than a quick one did before it: what agrees with that is left as it is.
    if (this.offset === undefined || Math.abs(moved) > onTheWay) this.offset = offset;
    this.server = server + onTheWay;
    this.last = got;
    return Math.abs(moved) > tolerance + onTheWay ? moved : 0;
  }

  now(): Stamp {
    const read = this.read();
    const stamp = (at: number, trust: Trust): Stamp => ({ at: new Date(at), device: new Date(read.wall), trust });
    if (this.offset === undefined) return stamp(read.wall, "unmeasured");
    const at = read.wall + this.offset;
    // Nobody turned back time: a clock that says so was moved while the page was closed.
    if (!this.last) return at < this.server ? stamp(this.server, "jumped") : stamp(at, "kept");
    const went = read.steady - this.last.steady;
    const apart = read.wall - this.last.wall - went;
    if (Math.abs(apart) <= tolerance) return stamp(at, "measured");
    // Set back: the steady clock knows better. Ahead of it: far more phones sleep than are set forward.
    return stamp(apart < 0 ? this.server + went : at, "jumped");
  }

  /** Milliseconds since a reading, the phone's sleep included. */
  since({ wall, steady }: Reading): number {
    const read = this.read();
    return Math.max(read.steady - steady, read.wall - wall);
  }
}
