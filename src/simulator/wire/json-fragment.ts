import type { Leg, Surface } from '../conversations/leg.js'

/**
 * The inside of a JSON object, to be joined into a larger one. Most fields of an event repeat on every event of a leg,
 * and serialising them again for each was most of the generator's time: they are written once per leg.
 */
export const fragment = (fields: Readonly<Record<string, unknown>>): string => JSON.stringify(fields).slice(1, -1)

/** Remembers what a surface wrote of a leg, in the leg's own slot for it. */
export const remembered =
  <L extends Leg>(surface: Surface, write: (leg: L) => string): ((leg: L) => string) =>
  (leg) =>
    (leg.written[surface] ??= write(leg))
