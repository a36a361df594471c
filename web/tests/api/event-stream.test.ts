import { describe, expect, it } from "vitest";
import { EventStreamParser } from "../../src/api/event-stream";

const VIDEO = { event: "video", data: '{"id":"1"}' };

describe("reading an event stream", () => {
  it("yields an event at its blank line", () => {
    expect(new EventStreamParser().push('event: video\ndata: {"id":"1"}\n\n')).toEqual([VIDEO]);
  });

  it("holds an event back until it is complete", () => {
    const parser = new EventStreamParser();
    expect(parser.push("event: video\nda")).toEqual([]);
    expect(parser.push('ta: {"id":"1"}\n')).toEqual([]);
    expect(parser.push("\n")).toEqual([VIDEO]);
  });

  it.each(["\n", "\r\n", "\r"])("understands %j as the end of a line", (end) => {
    const text = ["event: video", 'data: {"id":"1"}', "", "data: x", "", ": bye"].join(end);
    expect(new EventStreamParser().push(text)).toEqual([VIDEO, { event: "message", data: "x" }]);
  });

  it("is not fooled by a line end cut in two", () => {
    const parser = new EventStreamParser();
    expect(parser.push("data: a\r")).toEqual([]);
    expect(parser.push("\ndata: b\r\n\r")).toEqual([]);
    expect(parser.push("\n")).toEqual([{ event: "message", data: "a\nb" }]);
  });

  it("joins several data lines", () => {
    expect(new EventStreamParser().push("data: a\ndata:b\n\n")).toEqual([{ event: "message", data: "a\nb" }]);
  });

  it("passes over comments and events without data", () => {
    expect(new EventStreamParser().push(": alive\n\nevent: video\n\nid: 7\n\n")).toEqual([]);
  });
});
