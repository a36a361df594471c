/** The speeds that the menu offers and the `<` and `>` keys walk through. */
export const SPEEDS = [0.25, 0.5, 0.75, 1, 1.25, 1.5, 1.75, 2];

/** The speed `steps` places away from `speed`, within the list. */
export function speedBeside(speed: number, steps: number): number {
  const at = SPEEDS.findIndex((candidate) => candidate >= speed);
  const target = Math.min(SPEEDS.length - 1, Math.max(0, (at < 0 ? SPEEDS.length - 1 : at) + steps));
  return SPEEDS[target] ?? 1;
}
