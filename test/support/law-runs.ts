/**
 * How often a law of the projection is tried: the share of `runs` that the test stage asks for. The unit tests, which
 * run before every commit, try a few inputs; the simulation stage tries all. Each run tries others.
 */
export const lawRuns = (runs: number): Readonly<{ numRuns: number }> => ({
  numRuns: Math.max(5, Math.round(runs * Number(process.env['STREAMVANE_LAW_SHARE'] ?? 1))),
})
