import { expect, it } from "vitest";
import { newVideos } from "../../src/subscriptions/new-videos";

it.each([
  [0, ""],
  [1, "1 new"],
  [98, "98 new"],
  [99, "99+ new"],
])("%d new videos are said as %o", (count, said) => expect(newVideos(count)).toBe(said));
