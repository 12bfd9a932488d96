// The code typed last, where no answer came in time: the service may have let somebody in and its answer been lost.

import type { Clock, Reading } from "./clock";
import type { Way } from "./judge";

/** For so many milliseconds the same code is the same scan still, and nobody else with the same pass. */
const sameWithin = 60_000;

export class Unanswered {
  private scan: { text: string; way: Way; id: string; since: Reading } | undefined;

  constructor(private readonly clock: Clock) {}

  note(text: string, way: Way, id: string): void {
    this.scan = { text, way, id, since: this.clock.read() };
  }

  /** The id under which a code is to be asked again, if it is the one that waits; whatever is scanned next ends the waiting. */
  take(text: string, way: Way): string | undefined {
    const { scan } = this;
    this.scan = undefined;
    const same = scan?.text === text && scan.way === way && this.clock.since(scan.since) < sameWithin;
    return same ? scan.id : undefined;
  }
}
