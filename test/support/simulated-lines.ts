import { simulate } from '../../src/simulator/simulate.js'

/** Lines of a quarter of an hour; another seed is another morning. */
export const linesOf = (seed: number): string =>
  [...simulate({ seed, fromMs: Date.parse('2026-01-05T06:00:00Z'), hours: 0.25, queues: 2, agents: 6 })]
    .map(({ line }) => line)
    .join('\n')
