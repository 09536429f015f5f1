import type { Leg, Surface } from '../conversations/leg.js'

/**
 * The members of a JSON object without its braces, to be joined into a larger one. Most fields are the same in every
 * event of a leg, and serialising them each time was most of the generator's cost, so they are written once per leg.
 */
export const fragment = (fields: Readonly<Record<string, unknown>>): string => JSON.stringify(fields).slice(1, -1)

/** Caches the text that a surface writes about a leg, in the leg itself. */
export const remembered =
  <L extends Leg>(surface: Surface, write: (leg: L) => string): ((leg: L) => string) =>
  (leg) =>
    (leg.written[surface] ??= write(leg))
