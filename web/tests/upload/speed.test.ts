import { describe, expect, it } from "vitest";
import { Speedometer } from "../../src/upload/speed";

describe("the speed of an upload", () => {
  it("is unknown after one reading", () => {
    const speed = new Speedometer();
    speed.record(100, 0);
    expect(speed.bytesPerSecond).toBeNull();
  });

  it("is bytes over time", () => {
    const speed = new Speedometer();
    speed.record(0, 0);
    speed.record(3000, 2000);
    expect(speed.bytesPerSecond).toBe(1500);
  });

  it("forgets what lies more than some seconds back", () => {
    const speed = new Speedometer();
    speed.record(0, 0);
    for (let second = 0; second <= 20; second++)
      speed.record(1_000_000 + second * 10, 60_000 + second * 1000);
    expect(speed.bytesPerSecond).toBe(10);
  });

  it("is not negative when a part starts again", () => {
    const speed = new Speedometer();
    speed.record(900, 0);
    speed.record(100, 1000);
    expect(speed.bytesPerSecond).toBe(0);
  });
});
