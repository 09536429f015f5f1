import type { Logger } from 'pino'
import type { z } from 'zod'
import type { Config } from '../../app/config/schema.js'
import type { Step } from '../../app/jobs/job.js'
import type { Logs } from '../../app/pipeline/logs/logs.js'
import type { StageHandle } from '../../app/pipeline/stage.js'
import type { EventLog } from '../../log/event-log.js'
import type { MetricsPage } from '../metrics.js'
import type { Access } from './access/roles.js'

/** What this process is: the same for all calls. */
export type AdminProcess = Readonly<{
  config: Config
  logs: Logs
  logger: Logger
  /** Of the program. */
  version: string
  now: () => number
  stages: () => readonly StageHandle[]
  /** What `/metrics` serves; absent: nothing. */
  metrics?: MetricsPage | undefined
  /** The raw log for writing. Throws `ProblemError` (conflict) where another process writes it. */
  rawWriter: () => Promise<EventLog>
  /**
   * The log opened apart, for work on generations: its locks keep it from a stage of this process as they keep
   * processes from each other. Who asks for it closes it.
   */
  logsApart: () => Promise<Logs>
}>

/** What the work of one call is given. */
export type Call = AdminProcess &
  Readonly<{
    tenant: string
    /** Who calls, as the audit log names them. */
    by: string
    /** The reason that was given. */
    why: string | undefined
    /** Aborts when the caller is gone, the job is cancelled, or the answer takes too long. */
    signal: AbortSignal
    onProgress: (step: Step) => void
  }>

type InputSchema = z.ZodObject

/** What all kinds of operation have. */
type Common<I extends InputSchema> = Readonly<{
  /** Its name in OpenAPI and of its jobs: never changed. */
  id: string
  /** Its name in the audit log, the same as that of the command: `config import`. Default: `id`. */
  command?: string
  method: 'GET' | 'POST' | 'DELETE'
  /** Below `/v1/tenants/{tenant}`; names in braces are members of `input`. */
  path: string
  summary: string
  access: Access
  /** Members of the path; the others are the query of a GET or DELETE, and the body of a POST. */
  input: I
  /** The call stands in the audit log; whatever changes something does. */
  isAudited?: boolean
}>

/** - `answer`: answered at once. */
type AnswerOperation<I extends InputSchema, O extends z.ZodType> = Common<I> &
  Readonly<{ kind: 'answer'; output: O; run: (call: Call, input: z.output<I>) => Promise<z.input<O>> }>

/** - `job`: answered with 202 and a job; `output` is its result. */
type JobOperation<I extends InputSchema, O extends z.ZodType> = Common<I> &
  Readonly<{ kind: 'job'; output: O; run: (call: Call, input: z.output<I>) => Promise<z.input<O>> }>

/**
 * - `list`: a page of items, or all of them as lines of JSON. `run` yields the items behind the one that `after` names,
 * in an order that does not change; `cursorOf` names an item. Without it items are counted.
 */
type ListOperation<I extends InputSchema, O extends z.ZodType> = Common<I> &
  Readonly<{
    kind: 'list'
    item: O
    cursorOf?: (item: z.input<O>) => string
    run: (call: Call, input: z.output<I>, after: string | undefined) => AsyncIterable<z.input<O>>
  }>

/**
 * - `download`: bytes as they are made. What `run` throws before it writes is a problem; thrown later, it breaks the
 * connection off. `write` resolves when it takes more.
 */
type DownloadOperation<I extends InputSchema> = Common<I> &
  Readonly<{
    kind: 'download'
    contentType: string
    /** Of the file that they are saved to, from the tenant and the time. */
    fileName: (call: Call) => string
    run: (call: Call, input: z.output<I>, write: (bytes: Uint8Array) => Promise<void>) => Promise<unknown>
  }>

/** An operation of any input and output, as the server holds it. */
export type Operation =
  | AnswerOperation<InputSchema, z.ZodType>
  | JobOperation<InputSchema, z.ZodType>
  | ListOperation<InputSchema, z.ZodType>
  | DownloadOperation<InputSchema>

// Each checks an entry's `run` against its schemas, and forgets their types.
export const answer = <I extends InputSchema, O extends z.ZodType>(
  entry: Omit<AnswerOperation<I, O>, 'kind'>,
): Operation => ({ kind: 'answer', ...entry }) as never
export const job = <I extends InputSchema, O extends z.ZodType>(entry: Omit<JobOperation<I, O>, 'kind'>): Operation =>
  ({ kind: 'job', ...entry }) as never
export const list = <I extends InputSchema, O extends z.ZodType>(entry: Omit<ListOperation<I, O>, 'kind'>): Operation =>
  ({ kind: 'list', ...entry }) as never
export const download = <I extends InputSchema>(entry: Omit<DownloadOperation<I>, 'kind'>): Operation =>
  ({ kind: 'download', ...entry }) as never

/** The names in braces in a path. */
export const namesInPath = (path: string): readonly string[] =>
  [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name as string)

/** Whether the audit log tells of a call. */
export const isAudited = ({ access, isAudited: said }: Operation): boolean =>
  said ?? (access === 'change' || access === 'evidence')
