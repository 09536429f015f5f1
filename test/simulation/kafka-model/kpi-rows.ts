import type { NewEvent } from '../../../src/log/event-log.js'
import { agentRow, queueRow } from '../../contract/some-rows.js'
import { rowEvents } from '../../support/kpi-events.js'

export const TENANT = 'acme'
export const ROWS_MAX = 36
const KEYS = 6

/** A row of the KPI log: its record id at the destination, and how often its key came before. */
export type ExpectedRow = Readonly<{ id: string; key: string }>

const rows = Array.from({ length: ROWS_MAX }, (_, index) => {
  const revision = Math.floor(index / KEYS) + 1
  const which = (index * 5) % KEYS
  return which < 4
    ? queueRow({ queueId: `queue-${which}`, revision })
    : agentRow({ userId: `agent-${which}`, revision })
})

/**
 * Rows of several keys and two families, each key with ascending revisions; among them records of the projector's own,
 * which are not published. `expected[n]` is what is published of event n.
 */
export const kpiEvents: readonly NewEvent[] = rowEvents(TENANT, 'g1', rows, 1n).flatMap((event, index) =>
  index % 7 === 3 ? [event, checkpoint(index)] : [event],
)

export const expected: readonly (ExpectedRow | undefined)[] = rows.flatMap((row, index) => {
  const published = { id: `g1/${row.key}/${row.revision}`, key: row.key }
  return index % 7 === 3 ? [published, undefined] : [published]
})

function checkpoint(index: number): NewEvent {
  const id = `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`
  return { id, type: 'Checkpoint', data: Buffer.from('{"position":"1"}'), metadata: Buffer.from('{}') }
}
