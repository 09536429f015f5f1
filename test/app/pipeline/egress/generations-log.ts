import {
  promote,
  readGenerations,
  startGeneration,
  type PublishMode,
} from '../../../../src/app/pipeline/generations.js'
import { appendsOf } from '../../../../src/contract/kpi-stream/marks.js'
import { defaultProfile } from '../../../../src/domain/profile.js'
import { isEmptyRow, type Row } from '../../../../src/domain/row.js'
import { kpiStream } from '../../../../src/domain/stream-name.js'
import type { RowFilter } from '../../../../src/egress/sink.js'
import { memoryLog } from '../../../../src/log/memory-log.js'
import { agentRow, queueRow } from '../../../contract/some-rows.js'
import { keyed } from '../../../support/keyed.js'
import { rowEvents } from '../../../support/kpi-events.js'

/**
 * Changes one of sixteen rows of a generation: of queues and agents, of quarter hours and hours. `own`: its figures are
 * those of this generation alone; else every generation has the same figures at the same revision.
 */
export type GenerationChange = Readonly<{
  generation: number
  row: number
  close?: boolean
  isEmpty?: boolean
  own?: boolean
}>

/** A log with generations `g1` to `g<count>`, of which the first is live. */
export const generationsLog = async (count: number, tenant = 't') => {
  const log = memoryLog()
  for (let version = 1; version <= count; version++) {
    const profile = { ...defaultProfile, version }
    await startGeneration(log, tenant, await readGenerations(log, tenant), profile, undefined, new Date(version))
  }
  const promoted = async (generation: number, publish: PublishMode = 'all'): Promise<void> => {
    await promote(log, tenant, await readGenerations(log, tenant), `g${generation + 1}`, new Date(0), publish)
  }
  await promoted(0)
  /** The revisions of each row of each generation. */
  const history = new Map<number, Map<number, Row[]>>()
  let position = 0n

  const changed = ({ generation, row: number, close = false, isEmpty = false, own = false }: GenerationChange): Row => {
    const ofGeneration = history.get(generation) ?? new Map<number, Row[]>()
    history.set(generation, ofGeneration)
    const revisions = ofGeneration.get(number) ?? []
    ofGeneration.set(number, revisions)
    const before = revisions.at(-1)
    const revision = (before?.revision ?? 0) + 1
    const id = String(number >> 2)
    const plain = number % 2 === 0 ? queueRow({ queueId: id, revision }) : agentRow({ userId: id, revision })
    const isOpen = before === undefined || before.status === 'provisional'
    const row = keyed({
      ...plain,
      ...{ tenant, granularity: number & 2 ? 'PT1H' : 'PT15M' },
      ...(isEmpty && { measures: plain.measures.map(() => undefined), kpis: {} }),
      ...(own && { serviceTarget: 0.1 * (generation + 1) }),
      status: !isOpen ? 'corrected' : close ? 'final' : 'provisional',
      correction: isOpen ? null : 'late',
    })
    revisions.push(row)
    return row
  }

  /** Each change is a batch of the projector. */
  const append = async (changes: readonly GenerationChange[]): Promise<void> => {
    for (const change of changes) {
      position += 10_000n
      const name = `g${change.generation + 1}`
      const [events = []] = appendsOf(tenant, name, rowEvents(tenant, name, [changed(change)], position), position)
      await log.append([{ stream: kpiStream(tenant, name), expected: 'any', events }])
    }
  }

  /** `<generation> <row key> <revision>` of the rows of the live generation that a filter lets pass and hold something. */
  const rowsOfLive = async (filter: RowFilter): Promise<readonly string[]> => {
    const { live = '' } = await readGenerations(log, tenant)
    return (await latestOfLive(filter)).map(({ key, revision }) => `${live} ${key} ${revision}`).sort()
  }
  const latestOfLive = async ({ families, granularities, only }: RowFilter): Promise<readonly Row[]> => {
    const { live = '' } = await readGenerations(log, tenant)
    return [...(history.get(Number(live.slice(1)) - 1)?.values() ?? [])]
      .map((revisions) => revisions.findLast(({ status }) => only === undefined || status !== 'provisional'))
      .filter((row) => row !== undefined)
      .filter(({ family }) => families === undefined || families.includes(family))
      .filter(({ granularity }) => granularities === undefined || granularities.includes(granularity))
      .filter((row) => !isEmptyRow(row))
  }
  return { log, append, promoted, rowsOfLive, latestOfLive }
}
