import type { EpochMs } from '../domain/interval.js'
import type { UnusableReason } from './unusable.js'

/**
 * An event that could not be used, or (`contradictory`) that was stored although its envelope contradicts itself.
 * `index` is its place in the batch, from 0.
 */
export type Problem = Readonly<{
  index: number
  reason: UnusableReason
  detail: string
  /** For input out of a file: the file, and the line on which the event begins, from 1. */
  file?: string
  line?: number
}>

/**
 * What became of a batch: every event is in exactly one of the first four counts. The events within a wrapping count
 * one by one.
 */
export type Receipt = Readonly<{
  stored: number
  duplicate: number
  deadLettered: number
  /** Events of a conversation or user that was erased on request: acknowledged, and not stored. */
  erased: number
  /** How many of the stored and the duplicate are of topics that this version does not know; they state no facts. */
  unknownTopic: number
  /** How many of the stored and the duplicate have a detail-type that contradicts their topic name. */
  contradictory: number
  /** The first `PROBLEMS_MAX`; all events that could not be used are in the dead-letter stream. */
  problems: readonly Problem[]
  /** Latest instant in the usable events. */
  latest: EpochMs | undefined
}>

export const PROBLEMS_MAX = 20

export const emptyReceipt: Receipt = {
  stored: 0,
  duplicate: 0,
  deadLettered: 0,
  erased: 0,
  unknownTopic: 0,
  contradictory: 0,
  problems: [],
  latest: undefined,
}

export const addReceipts = (a: Receipt, b: Receipt): Receipt => ({
  stored: a.stored + b.stored,
  duplicate: a.duplicate + b.duplicate,
  deadLettered: a.deadLettered + b.deadLettered,
  erased: a.erased + b.erased,
  unknownTopic: a.unknownTopic + b.unknownTopic,
  contradictory: a.contradictory + b.contradictory,
  problems: [...a.problems, ...b.problems].slice(0, PROBLEMS_MAX),
  latest: a.latest === undefined ? b.latest : b.latest === undefined ? a.latest : Math.max(a.latest, b.latest),
})
