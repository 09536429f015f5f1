import type { Verdict } from './ledger.js'

/** What a run of the bounce test found. */
export type Figures = Readonly<{
  seed: number
  /** Row revisions that the KPI log holds, and that the consumer saw. */
  rows: number
  seen: number
  kills: number
  /** Kills after which the broker said that a transaction with rows in it was open. */
  killsWhilePublishing: number
  brokerKills: number
  /** Pairs of instances started together of which one ended with exit code 3. */
  overlaps: number
  /** Instances that woke up after another had taken over, and ended with exit code 3. */
  zombiesFenced: number
  verdict: Verdict
  longestPauseMs: number
  /** What went on when the longest pause ended. */
  longestPauseIn: string
  /** From each SIGKILL to the first row that its successor published, as the consumer had it. */
  recoveriesMs: readonly number[]
  /** From the moment when a killed broker answers again to the first new row. */
  brokerRecoveriesMs: readonly number[]
  seconds: number
}>

export const hasFaults = ({ verdict }: Pick<Figures, 'verdict'>): boolean =>
  Object.values(verdict).some((names) => names.length > 0)

export const medianOf = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN

/** For machines: the figures, with counts in place of names and the first names of each fault beside them. */
export const jsonOf = (figures: Figures): object => {
  const { verdict, recoveriesMs, brokerRecoveriesMs, ...rest } = figures
  const faults = Object.entries(verdict)
  return {
    ...rest,
    ...Object.fromEntries(faults.map(([fault, names]) => [fault, names.length])),
    recoveryMs: { median: medianOf(recoveriesMs), worst: Math.max(...recoveriesMs), count: recoveriesMs.length },
    brokerRecoveryMs: { median: medianOf(brokerRecoveriesMs), worst: Math.max(...brokerRecoveriesMs) },
    examples: Object.fromEntries(faults.map(([fault, names]) => [fault, names.slice(0, NAMES_SHOWN)])),
  }
}

const NAMES_SHOWN = 5

/** For people. */
export const textOf = (figures: Figures): string => {
  const { verdict } = figures
  const count = (value: number): string => value.toLocaleString('en-US')
  const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`
  const recovery = (values: readonly number[]): string =>
    values.length === 0
      ? 'none was seen'
      : `median ${seconds(medianOf(values))}, worst ${seconds(Math.max(...values))} of ${values.length}`
  const lines: readonly (readonly [string, string])[] = [
    ['rows in the KPI log', count(figures.rows)],
    ['rows seen by the consumer', count(figures.seen)],
    ['kills of the egress', `${figures.kills}, ${figures.killsWhilePublishing} of them while publishing`],
    ['kills of the broker', String(figures.brokerKills)],
    ['overlaps, the loser ended with exit code 3', String(figures.overlaps)],
    ['zombies fenced', String(figures.zombiesFenced)],
    ...Object.entries(verdict).map(([fault, names]) => [fault, withExamples(names)] as const),
    ['longest pause', `${seconds(figures.longestPauseMs)} (${figures.longestPauseIn})`],
    ['recovery from SIGKILL to the first new commit', recovery(figures.recoveriesMs)],
    ['recovery from the return of the broker', recovery(figures.brokerRecoveriesMs)],
    ['took', `${seconds(figures.seconds * 1_000)}, seed ${figures.seed}`],
  ]
  const width = Math.max(...lines.map(([what]) => what.length))
  return lines.map(([what, value]) => `${what.padEnd(width)}  ${value}`).join('\n')
}

const withExamples = (names: readonly string[]): string =>
  [String(names.length), ...names.slice(0, NAMES_SHOWN)].join('\n    ')
