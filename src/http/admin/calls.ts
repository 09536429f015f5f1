import { randomUUID } from 'node:crypto'
import type { FastifyReply, FastifyRequest } from 'fastify'
import * as E from 'fp-ts/lib/Either.js'
import type { Json } from '../../app/operations/journal/operation.js'
import type { Step } from '../../app/jobs/job.js'
import type { Jobs } from '../../app/jobs/jobs.js'
import { isAllowed, rolesWith, type Principal } from './access/roles.js'
import type { Audit, AuditedCall } from './audit.js'
import type { Answered, IdempotentAnswers } from './answers/idempotency.js'
import { linesOf, pageOf } from './answers/pages.js'
import { ProblemError } from './answers/problem.js'
import { sendDownload, sendJson, sendLines, type Download } from './answers/sending.js'
import { isAudited, type AdminProcess, type Call, type Operation } from './operation.js'
import { inputOf, type Page } from './request-input.js'

export type CallOptions = Readonly<{
  process: AdminProcess
  jobs: Jobs
  audit: Audit
  idempotent: IdempotentAnswers
  answerMaxMs: number
}>

/** Header in which a command on this machine names its user. */
export const OPERATOR_HEADER = 'x-streamvane-operator'

/** How the audit log names who calls. Only a command that read the token in the data folder may name somebody. */
export const callerOf = (principal: Principal, request: FastifyRequest): Pick<AuditedCall, 'by' | 'via'> => {
  const named = request.headers[OPERATOR_HEADER]
  return principal.kind === 'local' && typeof named === 'string' && named !== ''
    ? { by: decoded(named).slice(0, 200), via: 'cli' }
    : { by: `${principal.kind}:${principal.name}`, via: 'api' }
}

/** Names are sent percent-encoded: a header takes ASCII only. */
const decoded = (name: string): string => {
  try {
    return decodeURIComponent(name)
  } catch {
    return name
  }
}

/**
 * Runs one call of an operation for somebody who has signed in: role, input, audit log, work, answer. Throws
 * `ProblemError`, and what the work throws.
 */
export const runCall = async (
  operation: Operation,
  principal: Principal,
  request: FastifyRequest,
  reply: FastifyReply,
  options: CallOptions,
): Promise<FastifyReply> => {
  const { process, audit, idempotent } = options
  const caller = callerOf(principal, request)
  const name = operation.command ?? operation.id
  if (!isAllowed(principal, operation.access)) {
    const needed = rolesWith[operation.access].join(' or ')
    await audit.refuse({ ...caller, operation: name, why: undefined, details: {} }, `it takes the role ${needed}`)
    throw new ProblemError(
      'forbidden',
      `${operation.id} takes the role ${needed}; this token has ${principal.roles.join(', ') || 'none'}`,
    )
  }
  const { input, page } = inputOf(operation, request)
  const { why, ...details } = input as Readonly<{ why?: string; [name: string]: Json | undefined }>
  const call: AuditedCall = { ...caller, operation: name, why, details: { ...detailsOf(details), call: operation.id } }
  if (operation.method === 'GET') {
    if (isAudited(operation)) await audit.read(call)
    return answerRead(operation, input, page, call, request, reply, options)
  }
  const work = (): Promise<Answered> => change(operation, input, call, options)
  const key = request.headers['idempotency-key']
  const owner = `${principal.kind}:${principal.name} ${operation.id} ${process.config.tenant}`
  const { status, headers, body } =
    typeof key === 'string' ? await idempotent.once(owner, key, input, work) : await work()
  return sendJson(request, reply.headers(headers), status, body)
}

/** What the audit log keeps of the input: of documents their names, and of answers of Genesys nothing. */
const detailsOf = ({
  documents,
  answers: _,
  ...others
}: Readonly<Record<string, Json | undefined>>): Readonly<Record<string, Json | undefined>> => ({
  ...Object.fromEntries(
    Object.entries(others).map(([name, value]) => [name, isDocument(name) ? nameOf(value) : value]),
  ),
  ...(Array.isArray(documents) ? { documents: (documents as readonly Json[]).map((one) => nameOf(one) ?? null) } : {}),
})

const isDocument = (name: string): boolean => ['profile', 'contract', 'content'].includes(name)

/** A document that is given in the place of its name is told by its name. */
const nameOf = (value: Json | undefined): Json | undefined => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  const { id, name } = value as Readonly<Record<string, Json>>
  return id ?? name ?? null
}

const answerRead = async (
  operation: Operation,
  input: never,
  page: Page,
  caller: AuditedCall,
  request: FastifyRequest,
  reply: FastifyReply,
  options: CallOptions,
): Promise<FastifyReply> => {
  const { process, answerMaxMs } = options
  const gone = goneSignal(reply)
  const onFailure = (cause: unknown): void => {
    if (!gone.aborted) process.logger.error({ err: cause, operation: operation.id }, 'admin: an answer broke off')
  }
  if (operation.kind === 'download') {
    const call = callWith(process, caller, gone)
    const { contentType, fileName } = operation
    const work: Download['work'] = (write) => operation.run(call, input, write)
    return sendDownload(reply, { contentType, fileName: fileName(call), work, gone, onFailure })
  }
  if (operation.kind === 'list') {
    const items = (after: string | undefined, signal: AbortSignal) =>
      operation.run(callWith(process, caller, signal), input, after)
    if (wantsLines(request)) {
      const lines = linesOf({ items: (after) => items(after, gone) }, gone)
      return sendLines(request, reply, lines, onFailure)
    }
    const answered = await within(answerMaxMs, gone, (signal) =>
      pageOf({ items: (after) => items(after, signal), cursorOf: operation.cursorOf }, page, signal),
    )
    return sendJson(request, reply, 200, answered)
  }
  if (operation.kind === 'job') return sendAnswered(request, reply, startJob(operation, input, caller, false, options))
  const answered = await within(answerMaxMs, gone, (signal) => operation.run(callWith(process, caller, signal), input))
  return sendJson(request, reply, 200, answered)
}

const sendAnswered = (request: FastifyRequest, reply: FastifyReply, { status, headers, body }: Answered) =>
  sendJson(request, reply.headers(headers), status, body)

/** A POST or DELETE: recorded in the audit log, unless it only says what would happen. */
const change = async (
  operation: Operation,
  input: never,
  call: AuditedCall,
  options: CallOptions,
): Promise<Answered> => {
  const { process, audit, answerMaxMs } = options
  const isRecorded = isAudited(operation) && (input as Readonly<{ dryRun?: boolean }>).dryRun !== true
  if (operation.kind === 'job') return startJob(operation, input, call, isRecorded, options)
  if (operation.kind === 'list' || operation.kind === 'download')
    throw new Error(`${operation.id}: a ${operation.kind} is read by GET`)
  // A change is finished although its caller is gone: it is never left half done.
  const run = (): Promise<unknown> =>
    within(answerMaxMs, new AbortController().signal, (signal) => operation.run(callWith(process, call, signal), input))
  const body = await (isRecorded ? audit.change(call, randomUUID(), summaryOf, run) : run())
  return { status: 200, headers: {}, body }
}

const startJob = (
  operation: Extract<Operation, { kind: 'job' }>,
  input: never,
  caller: AuditedCall,
  isRecorded: boolean,
  { process, jobs, audit }: CallOptions,
): Answered => {
  const started = jobs.start({
    ...{ operation: operation.id, tenant: process.config.tenant, by: caller.by },
    work: ({ id, signal, onProgress }) => {
      const run = (): Promise<unknown> => operation.run(callWith(process, caller, signal, onProgress), input)
      if (!isRecorded) return run()
      return audit.change({ ...caller, details: { ...caller.details, job: true } }, id, summaryOf, run)
    },
  })
  if (E.isLeft(started))
    throw new ProblemError(
      'too-many-jobs',
      `${started.left.running} jobs run, as many as may at a time (admin.jobs.runningMax): wait for one, or cancel one`,
      { headers: { 'retry-after': '5' } },
    )
  return { status: 202, headers: { location: `/v1/jobs/${started.right.id}` }, body: started.right }
}

/** Numbers and short texts of a result: the audit log does not hold results again. */
const summaryOf = (result: unknown): Json => {
  if (typeof result !== 'object' || result === null) return null
  const kept = Object.entries(result).filter(([, value]) => ['number', 'boolean', 'string'].includes(typeof value))
  return Object.fromEntries(kept)
}

const callWith = (
  process: AdminProcess,
  { by, why }: AuditedCall,
  signal: AbortSignal,
  onProgress: (step: Step) => void = () => undefined,
): Call => ({ ...process, tenant: process.config.tenant, by, why, signal, onProgress })

const wantsLines = ({ headers }: FastifyRequest): boolean => (headers.accept ?? '').includes('application/x-ndjson')

/** Aborts when the caller hangs up before the answer is sent. */
const goneSignal = (reply: FastifyReply): AbortSignal => {
  const gone = new AbortController()
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished) gone.abort()
  })
  return gone.signal
}

/** The work, or a problem once it has taken too long; the work is told to stop then. */
const within = async <T>(maxMs: number, gone: AbortSignal, work: (signal: AbortSignal) => Promise<T>): Promise<T> => {
  const timeout = AbortSignal.timeout(maxMs)
  const signal = AbortSignal.any([timeout, gone])
  let onAbort = (): void => undefined
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(tooSlow(maxMs))
    signal.addEventListener('abort', onAbort, { once: true })
  })
  try {
    return await Promise.race([work(signal), aborted])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}

const tooSlow = (maxMs: number): ProblemError =>
  new ProblemError(
    'too-slow',
    `the answer took more than ${maxMs} ms (admin.answerMaxMs): ask for a smaller range, or for lines (Accept: application/x-ndjson)`,
  )
