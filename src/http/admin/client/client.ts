import { request, type Dispatcher } from 'undici'
import { jobSchema } from '../openapi/job-paths.js'
import { problemSchema, type Problem } from '../answers/problem.js'
import { OPERATOR_HEADER } from '../calls.js'
import { namesInPath } from '../operation.js'
import { operations } from '../operations/table.js'

export type AdminTarget = Readonly<{
  url: string
  token: string
  tenant: string
  /** Whom the audit log is to name; counts with the token of the data folder alone. */
  by?: string | undefined
  /** What connects, where a server has to be trusted in a way of its own. */
  dispatcher?: Dispatcher | undefined
}>

/** The admin API refused a call, or could not be reached. The message says why and how to mend it. */
export class AdminCallFailed extends Error {
  override readonly name = 'AdminCallFailed'
  /** Absent where the process could not be reached. */
  readonly problem: Problem | undefined

  constructor(message: string, problem?: Problem, cause?: unknown) {
    super(message, { cause })
    this.problem = problem
  }
}

/** A job is looked at this often. */
const POLL_MS = 250

type Input = Readonly<Record<string, unknown>>
type JobAnswer = Readonly<ReturnType<typeof jobSchema.parse>>

export type CallHandling = Readonly<{
  /** Aborting cancels the job. */
  signal: AbortSignal
  onProgress?: (progress: NonNullable<JobAnswer['progress']>) => void
}>

/**
 * Calls an operation of the table by its name and waits for its result, also where it is a job. Throws
 * `AdminCallFailed`.
 */
export const callAdmin = async <T>(
  target: AdminTarget,
  operationId: string,
  input: Input,
  { signal, onProgress = () => undefined }: CallHandling,
): Promise<T> => {
  const operation = operations.find(({ id }) => id === operationId)
  if (operation === undefined) throw new Error(`there is no operation ${operationId}`)
  const inPath = namesInPath(operation.path)
  const path = operation.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(input[name])))
  const body = Object.fromEntries(Object.entries(input).filter(([name]) => !inPath.includes(name)))
  const answer = await send(target, operation.method, `/v1/tenants/${target.tenant}${path}`, body)
  if (operation.kind !== 'job') return answer as T
  const job = await ended(target, jobSchema.parse(answer), signal, onProgress)
  if (job.state === 'done' && job.problem === undefined) return job.result as T
  const problem = problemSchema.safeParse(job.problem).data
  throw new AdminCallFailed(problem?.detail ?? `the job ${job.id} (${job.operation}) was ${job.state}`, problem)
}

/** All items of a list, page by page. Throws `AdminCallFailed`. */
export async function* pagesOf(target: AdminTarget, operationId: string, input: Input): AsyncIterable<unknown> {
  const signal = new AbortController().signal
  let cursor: string | null | undefined
  while (cursor !== null) {
    const page: Page = await callAdmin(target, operationId, { ...input, limit: PAGE, cursor }, { signal })
    yield* page.items
    cursor = page.next
  }
}

/** The bytes of a download, as they come. Throws `AdminCallFailed`, also where they break off. */
export async function* downloadOf(target: AdminTarget, operationId: string, input: Input): AsyncIterable<Uint8Array> {
  const operation = operations.find(({ id }) => id === operationId)
  if (operation?.kind !== 'download') throw new Error(`${operationId} is no download`)
  const { statusCode, body } = await sent(target, 'GET', `/v1/tenants/${target.tenant}${operation.path}`, input)
  if (statusCode >= 300) throw failure(target, statusCode, await body.text())
  try {
    for await (const bytes of body) yield bytes as Uint8Array
  } catch (cause) {
    throw new AdminCallFailed(`the answer of ${target.url} broke off: what came is no whole file`, undefined, cause)
  }
}

type Page = Readonly<{ items: readonly unknown[]; next: string | null }>
const PAGE = 1_000

const ended = async (
  target: AdminTarget,
  started: JobAnswer,
  signal: AbortSignal,
  onProgress: NonNullable<CallHandling['onProgress']>,
): Promise<JobAnswer> => {
  let job = started
  let isCancelled = false
  while (job.endedAt === null) {
    if (signal.aborted && !isCancelled) {
      isCancelled = true
      await send(target, 'DELETE', `/v1/jobs/${job.id}`, {})
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS))
    job = jobSchema.parse(await send(target, 'GET', `/v1/jobs/${job.id}`, {}))
    if (job.progress !== null) onProgress(job.progress)
  }
  return job
}

const send = async (target: AdminTarget, method: string, path: string, input: Input): Promise<unknown> => {
  const { statusCode, body } = await sent(target, method, path, input)
  const text = await body.text()
  if (statusCode < 300) return jsonOf(text)
  throw failure(target, statusCode, text)
}

const failure = ({ url }: AdminTarget, status: number, text: string): AdminCallFailed => {
  const problem = problemSchema.safeParse(jsonOf(text)).data
  return new AdminCallFailed(problem?.detail ?? `the admin API at ${url} answers ${status}`, problem)
}

const sent = ({ url, token, by, dispatcher }: AdminTarget, method: string, path: string, input: Input) => {
  const address = new URL(path, url)
  const isPost = method === 'POST'
  if (!isPost)
    for (const [name, value] of Object.entries(input))
      if (value !== undefined) address.searchParams.set(name, value as string)
  return request(address, {
    method: method as 'GET',
    headers: {
      authorization: `Bearer ${token}`,
      ...(by === undefined ? {} : { [OPERATOR_HEADER]: encodeURIComponent(by) }),
      ...(isPost ? { 'content-type': 'application/json' } : {}),
    },
    ...(isPost ? { body: JSON.stringify(input) } : {}),
    ...(dispatcher === undefined ? {} : { dispatcher }),
  }).catch((cause: unknown) => {
    throw new AdminCallFailed(
      `the admin API at ${url} cannot be reached: ${(cause as Error).message}`,
      undefined,
      cause,
    )
  })
}

const jsonOf = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
