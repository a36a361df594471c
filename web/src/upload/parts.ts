/** The arithmetic of a multipart upload. Parts are numbered from 1, as S3 does. */

export interface Layout {
  fileSize: number;
  partSize: number;
  partCount: number;
}

/** The bytes of a part: from `start` up to, not including, `end`. */
export function partRange(layout: Layout, partNumber: number): { start: number; end: number } {
  const start = (partNumber - 1) * layout.partSize;
  return { start, end: Math.min(start + layout.partSize, layout.fileSize) };
}

/** The parts still to be sent, ascending. A stored part of another size is sent again. */
export function missingParts(layout: Layout, stored: { part_number: number; size: number }[]): number[] {
  const sizes = new Map(stored.map((part) => [part.part_number, part.size]));
  const numbers = Array.from({ length: layout.partCount }, (_, index) => index + 1);
  return numbers.filter((number) => {
    const { start, end } = partRange(layout, number);
    return sizes.get(number) !== end - start;
  });
}
