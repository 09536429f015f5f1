import type { RowRecord, SinkRecord } from '../sink.js'
import { unreachable } from '../../domain/unreachable.js'
import type { WantedInterval } from './interval-rows.js'
import { wantedName } from './interval-rows.js'

/**
 * An interval that a batch asks for, and as what it is published. `rows`: how many rows its marker counts, as far as the
 * batch says. `withdrawn`: a row of it was withdrawn, so it is withdrawn as a whole unless the generation has it.
 */
export type Asked = WantedInterval &
  Readonly<{
    generation: string
    promotion: number
    rows: number
    withdrawn?: RowRecord['header']
  }>

/**
 * What a batch asks for, in the order of the log. Markers say that intervals are complete. A row is in the object of its
 * interval when its marker comes; a row that is published again on request asks for that object again.
 */
export const askedBy = (records: readonly SinkRecord[]): readonly Asked[] => {
  const asked = new Map<string, Asked>()
  for (const record of records) {
    const { generation, promotion } = record
    switch (record.kind) {
      case 'interval-complete': {
        const { family, granularity, start, number, rows } = record.marker
        const interval = { family, granularity, start, number }
        asked.set(wantedName(interval), { ...interval, generation, promotion, rows })
        break
      }
      case 'row': {
        if (record.withdrawn !== true && !record.replay) break
        const { family, granularity, start } = record.header
        const interval = { family, granularity, start }
        const withdrawn = record.withdrawn === true ? { withdrawn: record.header } : {}
        asked.set(wantedName(interval), { ...interval, generation, promotion, rows: 0, ...withdrawn })
        break
      }
      case 'generation-complete':
      case 'left':
        break
      default:
        unreachable(record)
    }
  }
  return [...asked.values()]
}

/** Rows of intervals that are read and held at once. */
const ROWS_MAX = 20_000
/** Intervals that are asked for at once, whose rows are not counted beforehand. */
const INTERVALS_MAX = 200

/** Cuts what is asked for into parts that fit into memory, each of one generation. */
export const inParts = <A extends Pick<Asked, 'generation' | 'rows'>>(
  asked: readonly A[],
): readonly (readonly A[])[] => {
  const parts: A[][] = []
  let rows = 0
  for (const each of asked) {
    const last = parts.at(-1)
    const fits = rows + each.rows <= ROWS_MAX && last?.[0]?.generation === each.generation
    if (last !== undefined && fits && last.length < INTERVALS_MAX) last.push(each)
    else {
      parts.push([each])
      rows = 0
    }
    rows += each.rows
  }
  return parts
}
