import { expect, test } from "vitest";
import { fileHash } from "../../src/upload/file-hash";

test("a file is known by its SHA-256", async () => {
  const known = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
  expect(await fileHash(new Blob(["abc"]))).toBe(known);
});

test("a large file is not read for it", async () => {
  const large = { size: 2 ** 30, arrayBuffer: () => Promise.reject(new Error("read")) };
  expect(await fileHash(large as unknown as Blob)).toBeNull();
});
