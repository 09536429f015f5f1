import { ascendingContentId, ascendingIds, contentId } from '../../log/content-id.js'
import type { NewEvent, Position, RecordedEvent } from '../../log/event-log.js'

/**
 * What of an event speaks of positions in the raw log. `at` is the position (`undefined`: it speaks of none); `moved`
 * is the event as it must be where that position is another; `same` is what stays wherever it is. `taken`: an earlier
 * event of the stream that spoke of another position speaks of this one now too, because what lay between them is gone.
 */
export type Positioned = Readonly<{
  at: Position | undefined
  moved: (to: Position | undefined, taken: boolean) => NewEvent
  same: NewEvent
}>

/** How the events of one stream are read. */
export type Reading = (event: RecordedEvent) => Positioned

const NO_BYTES = new Uint8Array(0)
const plain = ({ id, type, data, metadata }: NewEvent): NewEvent => ({ id, type, data, metadata })
const untouched = (event: RecordedEvent): Positioned => ({
  at: undefined,
  moved: () => plain(event),
  same: plain(event),
})
const aside = (id: string): string => contentId('copied', id)
const jsonOf = (event: RecordedEvent): unknown => JSON.parse(Buffer.from(event.data).toString('utf8'))

/**
 * The row stream of a generation. Not only what a checkpoint says is a position: the ids of checkpoints and rows are
 * derived from it. Were they kept, a projector that goes on in the copy and comes to a batch through the same number
 * would find the ids of its rows taken, and the log would take them for repeats and store none of them. So the ids
 * become those that the projector would have given them there; where these are taken, ids that nobody gives. An id that
 * is not derived so is kept.
 */
export const rowStream = (tenant: string, generation: string): Reading => {
  const family = ascendingIds(0, 'rows', tenant, generation)(0).slice(13, 24)
  const positionId = (type: string, position: Position): string =>
    ascendingContentId(Number(position), type, tenant, generation, String(position))
  let [last, idAt]: [Position, (index: number) => string] = [0n, ascendingIds(0, 'rows', tenant, generation)]
  const rowId = (position: Position, index: number): string => {
    if (position !== last) [last, idAt] = [position, ascendingIds(Number(position), 'rows', tenant, generation)]
    return idAt(index)
  }

  return (event) => {
    const { id, type, data, metadata } = event
    if (type.startsWith('Row.')) {
      if (id.slice(13, 24) !== family) return { ...untouched(event), same: { id: '', type, data, metadata } }
      const at = BigInt(`0x${id.slice(0, 8)}${id.slice(9, 13)}`)
      const index = parseInt(id.slice(24), 16)
      return {
        at,
        moved: (to = 0n, taken) => ({ id: taken ? aside(id) : rowId(to, index), type, data, metadata }),
        same: { id: '', type, data, metadata },
      }
    }
    const { position } = jsonOf(event) as { position?: unknown }
    if (typeof position !== 'string') return untouched(event)
    const at = BigInt(position)
    const isDerived = id === positionId(type, at)
    return {
      at,
      moved: (to = 0n, taken) => ({
        id: !isDerived ? id : taken ? aside(id) : positionId(type, to),
        type,
        data: Buffer.from(JSON.stringify({ ...(jsonOf(event) as object), position: String(to) })),
        metadata,
      }),
      same: { id: '', type, data: NO_BYTES, metadata },
    }
  }
}

/** The generations: where history ended for each is a position. */
export const generationsReading: Reading = (event) => {
  const said = jsonOf(event) as { generation?: { historyThrough?: unknown } }
  const through = said.generation?.historyThrough
  if (typeof through !== 'string') return untouched(event)
  const withThrough = (historyThrough: string | null): NewEvent => ({
    ...plain(event),
    data: Buffer.from(JSON.stringify({ ...said, generation: { ...said.generation, historyThrough } })),
  })
  return {
    at: BigInt(through),
    moved: (to) => withThrough(to === undefined ? null : String(to)),
    same: withThrough(null),
  }
}
