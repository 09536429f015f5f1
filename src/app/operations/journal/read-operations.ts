import { operationsStream } from '../../../domain/stream-name.js'
import { livenessOf, type Liveness, type ProcessIdentity } from '../../../log/embedded/lock/process-identity.js'
import type { EventLog } from '../../../log/event-log.js'
import {
  decodeOperation,
  type Json,
  type OperationBegan,
  type OperationEnded,
  type OperationResult,
} from './operation.js'

/** `running`: without an end, and its process lives. `unknown`: without an end, and its process died or is not known. */
export type OperationState = OperationResult | 'running' | 'unknown'

/** An operation with its end, if it has one. Instants are ISO 8601. */
export type RecordedOperation = Readonly<{
  id: string
  operation: string
  by: string
  why?: string
  via: OperationBegan['via']
  began: string
  ended?: string
  result: OperationState
  details?: OperationBegan['details']
  summary?: Json
  process: Readonly<{ pid: number; host: string }>
}>

export type OperationFilter = Readonly<{
  /** Only operations of this name, or of a group: `clock` is all of `clock …`. */
  operation?: string | undefined
  by?: string | undefined
  result?: OperationState | undefined
  /** Epoch milliseconds: operations that began in `[from, to)`. */
  from?: number | undefined
  to?: number | undefined
}>

/** All operations of a tenant that the filter lets pass, in the order in which they began. */
export const readOperations = async (
  control: EventLog,
  tenant: string,
  filter: OperationFilter = {},
  liveness: (process: ProcessIdentity) => Liveness = livenessOf,
): Promise<readonly RecordedOperation[]> => {
  const found = new Map<string, Readonly<{ began: OperationBegan; ended?: OperationEnded }>>()
  for await (const batch of control.readStream(operationsStream(tenant)))
    for (const event of batch) {
      const said = decodeOperation(event)
      if (said.type === 'OperationBegan') {
        if (passes(said, filter)) found.set(said.id, { began: said })
      } else {
        const before = found.get(said.id)
        if (before !== undefined) found.set(said.id, { ...before, ended: said })
      }
    }
  return [...found.values()]
    .map((each) => recorded(each, liveness))
    .filter(({ result }) => filter.result === undefined || result === filter.result)
}

const passes = ({ operation, by, at }: OperationBegan, filter: OperationFilter): boolean => {
  const began = Date.parse(at)
  return (
    (filter.operation === undefined ||
      operation === filter.operation ||
      operation.startsWith(`${filter.operation} `)) &&
    (filter.by === undefined || by === filter.by) &&
    (filter.from === undefined || began >= filter.from) &&
    (filter.to === undefined || began < filter.to)
  )
}

const recorded = (
  { began, ended }: Readonly<{ began: OperationBegan; ended?: OperationEnded }>,
  liveness: (process: ProcessIdentity) => Liveness,
): RecordedOperation => {
  const { type: _, at, process, ...said } = began
  return {
    ...said,
    began: at,
    ...(ended === undefined ? {} : { ended: ended.at }),
    result: ended?.result ?? (liveness(process) === 'alive' ? 'running' : 'unknown'),
    ...(ended?.summary === undefined ? {} : { summary: ended.summary }),
    process: { pid: process.pid, host: process.host },
  }
}
