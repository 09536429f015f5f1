import type { Sends } from './publish.js'
import type { SendCutter } from './records/records.js'
import type { SinkRecord } from '../sink.js'

/** A batch that is encoded while the one before it is written. */
export type EncodedAhead = Readonly<{
  /**
   * What the batch becomes on the wire, without its progress; what is not encoded yet is encoded now. `undefined` where
   * a record cannot be encoded: `publish` tries it again and says why.
   */
  sends: () => Sends | undefined
  /** Encodes no more. */
  drop: () => void
}>

/** Records that are encoded at a time, about a millisecond: the answers of the broker are not held up for longer. */
const SLICE = 500

/** Encodes the records of a batch slice by slice, whenever the process would wait for the broker. */
export const encodeAhead = (cutter: SendCutter, records: readonly SinkRecord[]): EncodedAhead => {
  let encoded = 0
  let isStuck = false
  const encodeTo = (end: number): void => {
    try {
      for (; encoded < end && !isStuck; encoded++) isStuck = cutter.add(records[encoded]!) !== undefined
    } catch {
      isStuck = true
    }
  }
  let turn: NodeJS.Immediate | undefined
  const inTurns = (): void => {
    encodeTo(Math.min(records.length, encoded + SLICE))
    turn = encoded < records.length && !isStuck ? setImmediate(inTurns) : undefined
  }
  turn = setImmediate(inTurns)
  const drop = (): void => clearImmediate(turn)
  return {
    sends: () => {
      drop()
      encodeTo(records.length)
      return isStuck ? undefined : cutter.sends()
    },
    drop,
  }
}
