import { availableParallelism } from 'node:os'
import type { Logger } from 'pino'
import type { PointSource } from '../../../domain/profile.js'
import type { SegmentOrigin } from '../../../facts/codec/segment.js'
import { noFacts, type FactStore } from '../../../facts/fact-store.js'
import { openSegmentFiles } from '../../../facts/segment-files.js'
import type { EventLog } from '../../../log/event-log.js'
import type { ProjectorTrace } from '../../../telemetry/traces/tracing.js'
import type { Config } from '../../config/schema.js'
import { eventAt } from '../projector/checkpoint-check.js'
import { decodersName } from './decode-run.js'
import { FactFeed, type ErasedRange } from './fact-feed.js'
import { decodePool, RunDecoder, type DecodePool } from './run-decoder.js'

/** Where a projector keeps decoded facts, and the threads that decode for it; absent: nowhere, and none. */
export type FactMeans = Readonly<{ store?: (origin: SegmentOrigin) => FactStore; pool?: DecodePool | undefined }>

/**
 * Runs `work` with the facts of the data folder, and with threads that decode: as many as are configured, or one for
 * each core but one, four at most.
 */
export const withFacts = async <T>(
  { data, projector }: Pick<Config, 'data' | 'projector'>,
  logger: Logger,
  work: (facts: FactMeans) => Promise<T>,
): Promise<T> => {
  const pool = decodePool(projector.decodingThreads ?? Math.min(THREADS_MAX, availableParallelism() - 1))
  try {
    return await work({ store: factsIn(data, logger), pool })
  } finally {
    await pool.close()
  }
}

/** More threads than this decode faster than one can fold. */
const THREADS_MAX = 4

/** Facts in the data folder. A segment that cannot be written is told once. */
export const factsIn =
  (data: string, logger: Logger): ((origin: SegmentOrigin) => FactStore) =>
  (origin) => {
    let isTold = false
    const onFault = (cause: unknown): void => {
      if (!isTold)
        logger.warn(
          { reason: String(cause) },
          `facts: a segment in ${data}/facts cannot be written; its events will be decoded again when they are needed`,
        )
      isTold = true
    }
    return openSegmentFiles({ data, origin, onFault })
  }

export type FeedOptions = Readonly<{
  raw: EventLog
  /** Id of the raw log. Without one nothing is stored: it could not be told whose it is. */
  logId: string | undefined
  tenant: string
  points: PointSource
  erased: ReadonlyMap<string, ErasedRange>
  batchMax: number
  facts: FactMeans
  trace?: ProjectorTrace | undefined
  logger: Logger
}>

/** Opens the facts of a raw log, and forgets stored ones of events that the log has lost. */
export const openFactFeed = async (options: FeedOptions): Promise<FactFeed> => {
  const { raw, logId, tenant, points, erased, batchMax, facts, trace, logger } = options
  const origin = { decoders: decodersName, logId: logId ?? '', tenant, points }
  const store = logId === undefined ? noFacts : (facts.store?.(origin) ?? noFacts)
  await store.dropLost(async ({ id, position, ...ref }) => {
    const held = await eventAt(raw, { ...ref, id })
    return held?.id === id && held.position === position
  })
  const decoder = new RunDecoder(origin, facts.pool, ({ message }) =>
    logger.error({ reason: message }, 'facts: a decoding thread failed; its events are decoded in the main thread'),
  )
  return new FactFeed({ raw, origin, store, decoder, erased, batchMax, trace })
}
