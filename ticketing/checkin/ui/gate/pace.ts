// Whether the service answers quickly enough to be waited for. One that always answers just before a call gives up
// would hold up a whole queue of people without ever counting as away.

/** Milliseconds after which people are not kept waiting, where this phone knows enough to judge alone. */
export const hedgeAfter = 700;
/** Milliseconds for which what a phone knows is new enough for that. */
export const freshFor = 2 * 60_000;

const slow = 1_200;
const slowInRow = 3;
const quick = 600;
const quickInRow = 2;

export class Pace {
  private slowAnswers = 0;
  private quickAnswers = 0;
  private given = false;

  /** Whether the service was given up as too slow, and has not shown since that it is quick again. */
  get tooSlow(): boolean {
    return this.given;
  }

  /** An answer to a scan came, or was waited for in vain, after so many milliseconds. */
  answered(took: number): void {
    this.slowAnswers = took > slow ? this.slowAnswers + 1 : 0;
    if (this.slowAnswers < slowInRow || this.given) return;
    this.given = true;
    this.quickAnswers = 0;
  }

  /** The service said how it stands after so many milliseconds: two quick answers in a row bring it back. */
  asked(took: number): void {
    if (!this.given) return;
    this.quickAnswers = took < quick ? this.quickAnswers + 1 : 0;
    if (this.quickAnswers < quickInRow) return;
    this.given = false;
    this.slowAnswers = 0;
  }
}

/** What a promise gives within so many milliseconds, or undefined; the promise goes on. Throws what it throws. */
export async function within<Value>(milliseconds: number, promise: Promise<Value>): Promise<Value | undefined> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const over = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), milliseconds);
  });
  try {
    return await Promise.race([promise, over]);
  } finally {
    clearTimeout(timer);
  }
}
