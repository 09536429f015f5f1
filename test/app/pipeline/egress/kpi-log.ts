import { promote, readGenerations, startGeneration } from '../../../../src/app/pipeline/generations.js'
import { appendsOf } from '../../../../src/contract/kpi-stream/marks.js'
import { isKpiEvent, readKpiEvent } from '../../../../src/contract/kpi-stream/stored.js'
import type { RowHeader } from '../../../../src/contract/row-header.js'
import { defaultProfile } from '../../../../src/domain/profile.js'
import type { Row } from '../../../../src/domain/row.js'
import { kpiStream } from '../../../../src/domain/stream-name.js'
import type { EventLog } from '../../../../src/log/event-log.js'
import { memoryLog } from '../../../../src/log/memory-log.js'
import { agentRow, queueRow } from '../../../contract/some-rows.js'
import { keyed } from '../../../support/keyed.js'
import { rowEvents } from '../../../support/kpi-events.js'

/** Changes one of eight rows: of queues and agents, of quarter hours and hours. It closes with `close`. */
export type Change = Readonly<{ row: number; close?: boolean }>

/** A log with a live generation, to which batches of a projector are appended. */
export const kpiLog = async () => {
  const log: EventLog = memoryLog()
  const { state } = await startGeneration(
    log,
    't',
    await readGenerations(log, 't'),
    defaultProfile,
    undefined,
    new Date(0),
  )
  await promote(log, 't', state, 'g1', new Date(1))
  const rows = new Map<number, Row>()
  let position = 0n

  const changed = ({ row: number, close = false }: Change): Row => {
    const before = rows.get(number)
    const revision = (before?.revision ?? 0) + 1
    const id = String(number >> 2)
    const plain = number % 2 === 0 ? queueRow({ queueId: id, revision }) : agentRow({ userId: id, revision })
    const isOpen = before === undefined || before.status === 'provisional'
    const row = keyed({
      ...plain,
      granularity: number & 2 ? 'PT1H' : 'PT15M',
      status: !isOpen ? 'corrected' : close ? 'final' : 'provisional',
      correction: isOpen ? null : 'late',
    })
    rows.set(number, row)
    return row
  }
  /** One batch of the projector, with its checkpoint; without it, as a crash cuts it short. */
  const append = async (changes: readonly Change[], isWhole = true): Promise<void> => {
    position += 10_000n
    const events = rowEvents('t', 'g1', changes.map(changed), position)
    for (const part of appendsOf('t', 'g1', events, position))
      await log.append([
        {
          stream: kpiStream('t', 'g1'),
          expected: 'any',
          events: isWhole ? part : part.filter(({ type }) => type.startsWith('Row.')),
        },
      ])
  }
  return { log, append }
}

/** A row revision of a log: where it stands, and what decides whether it passes a filter. */
export type InLog = Readonly<{ name: string; key: string; at: number; header: RowHeader; bytes: string }>

export const rowsInLog = async (log: EventLog, tenant = 't'): Promise<readonly InLog[]> => {
  const rows: InLog[] = []
  for await (const events of log.readStream(kpiStream(tenant, 'g1')))
    for (const event of events) {
      const stored = isKpiEvent(event) ? readKpiEvent(event) : undefined
      if (stored?.kind !== 'row') continue
      const { header, avro } = stored
      const bytes = Buffer.from(avro).toString('hex')
      rows.push({ name: `${header.key} ${header.revision}`, key: header.key, at: event.revision, header, bytes })
    }
  return rows
}
