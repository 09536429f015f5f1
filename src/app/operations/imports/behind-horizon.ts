import * as E from 'fp-ts/lib/Either.js'
import { isConfiguration, type Fact } from '../../../domain/fact.js'
import { intervalStart, type EpochMs } from '../../../domain/interval.js'
import type { Profile } from '../../../domain/profile.js'
import { rawPrefixes } from '../../../domain/stream-name.js'
import { readClock } from '../../../ingress/clock.js'
import { decodeRaw, feeds } from '../../../ingress/decode/decoders.js'
import type { EventLog, Position } from '../../../log/event-log.js'
import { tooLate } from '../../../projections/lateness.js'
import { readGenerations, type Generation } from '../../pipeline/generations.js'
import type { Logs } from '../../pipeline/logs/logs.js'
import { ifThere } from './import-configuration.js'

/** How many events lie behind the late horizon of a generation. */
export type BehindHorizon = Readonly<{ generation: string; events: number }>

/** The generation that is live; `undefined` before the first projection, when everything counts. */
export const liveGeneration = async (logs: Logs, tenant: string): Promise<Generation | undefined> => {
  const control = await ifThere(() => logs.control('reader'))
  if (control === undefined) return undefined
  const { all, live } = await readGenerations(control, tenant)
  return live === undefined ? undefined : all[live]
}

/**
 * Counts the events behind a position of the raw log that lie behind the late horizon of a generation, as its projector
 * will find when it comes there: by the ticks that stand before each of them.
 */
export const eventsBehindHorizon = async (
  raw: EventLog,
  tenant: string,
  { name, profile }: Generation,
  after: Position | undefined,
): Promise<BehindHorizon> => {
  let frontier = after === undefined ? undefined : await frontierAt(raw, tenant, after)
  let events = 0
  for await (const batch of raw.readAll({ after, prefixes: rawPrefixes(tenant) }))
    for (const { type, data } of batch) {
      if (!feeds(type, profile.points)) continue
      const facts = decodeRaw(type, data)
      if (E.isLeft(facts)) continue
      let isLate = false
      for (const fact of facts.right) {
        if (fact.type === 'ClockTicked') frontier = Math.max(frontier ?? fact.at, fact.at)
        else if (fact.type === 'ClockTakenBack') frontier = fact.at
        else isLate ||= isBehind(fact, frontier, profile)
      }
      if (isLate) events += 1
    }
  return { generation: name, events }
}

const isBehind = (fact: Fact, frontier: EpochMs | undefined, profile: Profile): boolean => {
  if (frontier === undefined) return false
  const closedThrough = intervalStart(frontier - profile.graceMs, profile.intervalMs)
  const behind = (at: EpochMs): boolean => tooLate(at, closedThrough, profile) !== undefined
  if (fact.type === 'ConversationRecorded') return fact.points.some(({ at }) => behind(at))
  // Settings take effect in the past too.
  return 'at' in fact && !isConfiguration(fact) && behind(fact.at)
}

/** Ticks that may stand between the furthest one and a position: an import of older files appends ticks of their time. */
const OLDER_TICKS_MAX = 1_000

const frontierAt = async (raw: EventLog, tenant: string, through: Position): Promise<EpochMs | undefined> => {
  let frontier: EpochMs | undefined
  for await (const { kind, at, position } of readClock(raw, tenant, { backwards: true, max: OLDER_TICKS_MAX })) {
    if (position > through) continue
    frontier = Math.max(frontier ?? at, at)
    if (kind === 'take-back') break
  }
  return frontier
}
