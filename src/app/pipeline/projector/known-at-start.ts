import * as E from 'fp-ts/lib/Either.js'
import { isConfiguration, type ConfigurationFact } from '../../../domain/fact.js'
import type { EpochMs } from '../../../domain/interval.js'
import { readClock } from '../../../ingress/clock.js'
import { decodeRaw } from '../../../ingress/decode/decoders.js'
import type { Position, RecordedEvent } from '../../../log/event-log.js'
import type { ProjectionOptions } from '../../../projections/projection-options.js'
import { historyThroughOf } from './projection-fold.js'
import type { ProjectorRun } from './projector-options.js'

/** What a projection is read from: the raw log and a generation. */
export type Reading = Pick<ProjectorRun, 'raw' | 'tenant' | 'generation'>

/** What a projection knows from the start that begins at the beginning of the raw log. */
export const knownAtStart = async (
  reading: Reading,
): Promise<Pick<ProjectionOptions, 'configuration' | 'knownAt' | 'inHistory' | 'takeBacks'>> => ({
  configuration: await knownConfiguration(reading),
  knownAt: Date.parse(reading.generation.startedAt),
  inHistory: historyThroughOf(reading.generation) !== undefined,
  takeBacks: await knownTakeBacks(reading),
})

/** The configuration in the raw log when the generation began. */
const knownConfiguration = async (options: Reading): Promise<readonly ConfigurationFact[]> => {
  const through = historyThroughOf(options.generation)
  if (through === undefined) return []
  const known: ConfigurationFact[] = []
  for await (const { facts, position } of configurationIn(options)) if (position <= through) known.push(...facts)
  return known
}

/** The instants to which the clock was taken back before the generation began, in the order of the log. */
const knownTakeBacks = async ({ raw, tenant, generation }: Reading): Promise<readonly EpochMs[]> => {
  const through = historyThroughOf(generation)
  if (through === undefined) return []
  const known: EpochMs[] = []
  for await (const { kind, at, position } of readClock(raw, tenant))
    if (kind === 'take-back' && position <= through) known.push(at)
  return known
}

type ConfigurationEvent = Readonly<{ facts: readonly ConfigurationFact[]; position: Position }>

/** The configuration in the raw log behind a position, event by event, in the order of the log. */
export async function* configurationIn(
  { raw, tenant }: Pick<Reading, 'raw' | 'tenant'>,
  after?: Position,
): AsyncIterable<ConfigurationEvent> {
  const prefixes = [`${tenant}.config-`]
  if (after === undefined) yield* await inOrder(raw.readStreams(prefixes))
  else for await (const batch of raw.readAll({ after, prefixes })) yield* batch.flatMap(configurationOf)
}

/** The streams of the configuration alone are read: they are a handful, and the log may hold a year of conversations. */
const inOrder = async (streams: AsyncIterable<readonly RecordedEvent[]>): Promise<readonly ConfigurationEvent[]> => {
  const found: ConfigurationEvent[] = []
  for await (const batch of streams) found.push(...batch.flatMap(configurationOf))
  return found.sort((a, b) => (a.position < b.position ? -1 : 1))
}

const configurationOf = ({ type, data, position }: RecordedEvent): readonly ConfigurationEvent[] => {
  const facts = decodeRaw(type, data)
  return E.isRight(facts) ? [{ facts: facts.right.filter(isConfiguration), position }] : []
}
