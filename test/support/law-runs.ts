/**
 * How often a law of the projection is tried: the share of `runs` that the test stage asks for. The unit tests, which
 * run before every commit, try a few inputs; the simulation stage tries all. Each run tries others.
 */
export const lawRuns = (runs: number): Readonly<{ numRuns: number }> => ({
  numRuns: Math.max(5, Math.round(runs * Number(process.env['STREAMVANE_LAW_SHARE'] ?? 1))),
})

/** Rounds after which an input that a law has to meet is taken not to be among those that are drawn. */
const ROUNDS_MAX = 20

/**
 * Tries a law until its inputs met what it is about (`isMet`): a few random ones may miss it. Throws if none does in
 * twenty rounds, because the law would say nothing then.
 */
export const untilMet = async (isMet: () => boolean, tried: () => Promise<void>): Promise<void> => {
  for (let round = 0; round < ROUNDS_MAX; round++) {
    await tried()
    if (isMet()) return
  }
  throw new Error(`no input of ${ROUNDS_MAX} rounds was one that the law is about`)
}
