import { simulate } from '../../src/simulator/simulate.js'
import type { SimulateOptions } from '../../src/simulator/options.js'
import type { Roster } from '../../src/simulator/roster/roster.js'
import type { Truth, TruthMeasure, TruthView } from '../../src/simulator/truth/truth.js'

/** A small centre on a Monday morning, busy enough that everything happens. */
export const morning: SimulateOptions = { seed: 11, fromMs: Date.UTC(2026, 0, 5, 8), hours: 2, queues: 3, agents: 30 }

export type Body = Record<string, unknown>
export type Received = Readonly<{ topic: string; suffix: string; body: Body; line: string; deliverAtMs: number }>

const asObject = (value: unknown): Body => {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new Error(`not an object: ${JSON.stringify(value)}`)
  return value as Body
}

/** Reads a line of either form as a consumer would: the inner part, wherever it is. */
export const receive = (line: string, deliverAtMs = 0): Received => {
  const outer = asObject(JSON.parse(line))
  const inner = 'detail' in outer ? asObject(outer['detail']) : outer
  const topic = String(inner['topicName'])
  return {
    topic,
    suffix: topic.replace(/^v2\.(?:detail\.events|analytics)?\.?(?:conversation|users)\.[^.]+\./, ''),
    body: asObject(inner['eventBody']),
    line,
    deliverAtMs,
  }
}

type Run = Readonly<{
  received: readonly Received[]
  truth: Truth
  truthOf: (view: TruthView) => Truth
  /** Empty unless asked for. */
  details: readonly object[]
  roster: Roster
}>
const runs = new Map<string, Run>()

/** Everything a simulation tells. Runs of the same options are made once, as they are the same. */
export const run = (options: SimulateOptions): Run => {
  const key = canonical(options)
  const known = runs.get(key) ?? simulated(options)
  runs.set(key, known)
  return known
}

const simulated = (options: SimulateOptions): Run => {
  const simulation = simulate(options)
  const received: Received[] = []
  for (const { line, deliverAtMs } of simulation) received.push(receive(line, deliverAtMs))
  const details = options.details === true ? [...simulation.details()] : []
  return { received, truth: simulation.truth(), truthOf: simulation.truth, details, roster: simulation.roster }
}

/** Keys sorted, so that two writings of the same content are equal. */
export const canonical = (value: unknown): string =>
  JSON.stringify(value, (_key, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  )

export const addTo = (measures: Record<string, TruthMeasure>, metric: string, value: number): void => {
  const known = measures[metric]
  if (metric.startsWith('n')) measures[metric] = { count: (known?.count ?? 0) + 1 }
  else
    measures[metric] = {
      count: (known?.count ?? 0) + 1,
      sum: (known?.sum ?? 0) + value,
      min: Math.min(known?.min ?? Infinity, value),
      max: Math.max(known?.max ?? -Infinity, value),
    }
}

export const contentOf = ({ topic, body }: Received): string => topic + canonical(body)

/**
 * Conversation summaries state counts without a time, so the same one comes again as it is; every other event is unlike
 * all others.
 */
export const hasOwnTime = ({ topic }: Received): boolean => !topic.endsWith('.conversationsummary')
