// The service's time on a phone whose clock is wrong, is moved, or that sleeps.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Clock, type Measured } from "../../ticketing/checkin/ui/gate/clock";

const hour = 3_600_000;
const noon = Date.UTC(2026, 9, 17, 5);

/** A phone with clocks to be moved; `true` time begins at noon. */
class Phone {
  private real = noon;
  private steady = 1_000;

  constructor(
    private wrong = 0,
    kept?: Measured,
  ) {
    this.clock = new Clock(kept, () => ({ wall: this.real + this.wrong, steady: this.steady }));
  }

  readonly clock: Clock;

  wait(milliseconds: number): this {
    this.real += milliseconds;
    this.steady += milliseconds;
    return this;
  }

  sleep(milliseconds: number): this {
    this.real += milliseconds;
    return this;
  }

  set(by: number): this {
    this.wrong += by;
    return this;
  }

  /** Ask the service, with so many milliseconds there and back. */
  contact(there = 40, back = 40): number {
    const asked = this.clock.read();
    this.wait(there);
    const server = this.real;
    this.wait(back);
    return this.clock.heard(server, asked);
  }

  /** By how many milliseconds the phone's idea of the service's time is wrong, and how well it says it knows it. */
  told(): [number, string] {
    const { at, trust } = this.clock.now();
    return [at.getTime() - this.real, trust];
  }
}

test("a clock that is wrong by hours is put right at the first contact, and both times are told", () => {
  const phone = new Phone(-3 * hour);
  assert.deepEqual(phone.told(), [-3 * hour, "unmeasured"]);
  assert.equal(phone.contact(), 0);
  assert.deepEqual(phone.told(), [0, "measured"]);
  const { at, device } = phone.wait(hour).clock.now();
  assert.equal(at.getTime() - device.getTime(), 3 * hour);
});

test("a clock that is set back goes on by the steady one, and the next contact says by how much it was moved", () => {
  const phone = new Phone();
  phone.contact();
  phone.wait(60_000).set(-2 * hour).wait(60_000);
  assert.deepEqual(phone.told(), [0, "jumped"]);
  assert.equal(phone.contact(), -2 * hour);
  assert.deepEqual(phone.told(), [0, "measured"]);
  assert.equal(phone.wait(10_000).contact(), 0);
});

test("a clock that is set forward is doubted until the next contact", () => {
  const phone = new Phone();
  phone.contact();
  phone.set(hour);
  assert.deepEqual(phone.told(), [hour, "jumped"]);
  assert.equal(phone.contact(), hour);
  assert.deepEqual(phone.told(), [0, "measured"]);
});

test("a phone that slept knows the time, doubts it, and was not moved", () => {
  const phone = new Phone(hour);
  phone.contact();
  phone.sleep(8 * hour);
  assert.deepEqual(phone.told(), [0, "jumped"]);
  assert.equal(phone.contact(), 0);
  assert.deepEqual(phone.told(), [0, "measured"]);
});

test("a clock set back while the phone slept is no later than it was, and found out at the next contact", () => {
  const phone = new Phone();
  phone.contact();
  phone.sleep(hour).set(-3 * hour);
  assert.equal(phone.told()[1], "jumped");
  assert.equal(phone.contact(), -3 * hour);
});

test("drift of less than a minute is none", () => {
  const phone = new Phone();
  phone.contact();
  for (const by of [59_000, -59_000, -59_000]) {
    phone.set(by);
    assert.equal(phone.told()[1], "measured");
  }
  assert.equal(phone.contact(), 0);
  assert.deepEqual(phone.told(), [0, "measured"]);
});

test("after a reload the kept offset counts, as what it is", () => {
  const before = new Phone(5 * hour);
  before.contact();
  const after = new Phone(5 * hour, before.clock.measured).wait(hour);
  assert.deepEqual(after.told(), [0, "kept"]);
  assert.equal(after.contact(), 0);
  assert.deepEqual(after.told(), [0, "measured"]);
});

test("a clock that was set back while the page was closed does not turn back time", () => {
  const before = new Phone();
  before.contact();
  const after = new Phone(-4 * hour, before.clock.measured);
  const [wrong, trust] = after.told();
  assert.equal(trust, "jumped");
  assert.ok(Math.abs(wrong) < 1_000);
  assert.equal(after.contact(), -4 * hour);
});

test("a slow answer does not shake what a quick one measured, and a lopsided one is wrong by half its way at most", () => {
  const phone = new Phone();
  phone.contact(30, 30);
  phone.wait(10_000).contact(2_000, 100);
  assert.deepEqual(phone.told(), [0, "measured"]);
  const other = new Phone();
  other.contact(2_000, 0);
  assert.deepEqual(other.told(), [1_000, "measured"]);
});

test("a move while the service is being asked is measured after it", () => {
  const phone = new Phone();
  const asked = phone.clock.read();
  phone.wait(100).set(-hour);
  phone.clock.heard(noon + 50, asked);
  assert.deepEqual(phone.told(), [0, "measured"]);
});

test("how long ago something was counts the sleep, and no clock that was set back", () => {
  const phone = new Phone();
  const then = phone.clock.read();
  assert.equal(phone.wait(5_000).sleep(60_000).clock.since(then), 65_000);
  assert.equal(phone.set(-2 * hour).clock.since(then), 5_000);
});
