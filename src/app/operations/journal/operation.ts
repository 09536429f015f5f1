import type { ProcessIdentity } from '../../../log/embedded/lock/process-identity.js'
import type { RecordedEvent } from '../../../log/event-log.js'

/** What JSON can say. Details and summaries of operations are stored as JSON. */
export type Json = string | number | boolean | null | readonly Json[] | Readonly<{ [key: string]: Json | undefined }>

/** How an operation was asked for: by a command, by a call of the HTTP API, or by the program itself at a set time. */
export type Via = 'cli' | 'api' | 'schedule'

/** An operation as it is asked for. `details` says on what: ranges, files, generations. It holds no secret. */
export type Operation = Readonly<{
  tenant: string
  /** The command's name without `streamvane`: `rebuild`, `clock take-back`, `deadletter discard`. */
  operation: string
  by: string
  /** The operator's reason; absent where none was given. */
  why?: string | undefined
  via: Via
  details?: Readonly<Record<string, Json | undefined>> | undefined
}>

/**
 * How an operation ended. `stopped`: it was interrupted by its operator. `refused`: its input or the state of the log did
 * not allow it, and nothing was changed. `failed`: it broke off, and may have changed something.
 */
export const operationResults = ['done', 'failed', 'stopped', 'refused'] as const
export type OperationResult = (typeof operationResults)[number]

/** `process` tells later whether the process that began the operation still lives. `at` is ISO 8601. */
export type OperationBegan = Readonly<{
  type: 'OperationBegan'
  id: string
  operation: string
  by: string
  why?: string
  via: Via
  at: string
  details?: Readonly<Record<string, Json | undefined>>
  process: ProcessIdentity
}>

export type OperationEnded = Readonly<{
  type: 'OperationEnded'
  id: string
  result: OperationResult
  summary?: Json
  at: string
}>

export type OperationEvent = OperationBegan | OperationEnded

export const decodeOperation = ({ type, data }: Pick<RecordedEvent, 'type' | 'data'>): OperationEvent =>
  ({ type, ...(JSON.parse(Buffer.from(data).toString('utf8')) as object) }) as OperationEvent
