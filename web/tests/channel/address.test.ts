import { describe, expect, it } from "vitest";
import { pageFor } from "../../build/page-routes";
import { channelAddress, channelOf } from "../../src/channel/address";

describe("the address of a channel", () => {
  it.each([
    [{ id: "1b", handle: "ada" }, "/@ada", "@ada"],
    [{ id: "1b", handle: null }, "/channel/1b", "1b"],
  ])("of %o is read again", (channel, address, reference) => {
    expect(channelAddress(channel)).toBe(address);
    expect(channelOf(address)).toBe(reference);
    expect(pageFor(address)).toBe("/channel.html");
  });

  it("is read where a link has it encoded", () => {
    expect(channelOf("/%40ada")).toBe("@ada");
  });
});
