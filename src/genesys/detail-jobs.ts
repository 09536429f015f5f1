import * as E from 'fp-ts/lib/Either.js'
import type { EpochMs, Interval } from '../domain/interval.js'
import type { GenesysClient } from './client.js'
import type { GenesysFailure } from './failure.js'

/** What a details job is asked for: conversations, or the states of users. */
export type DetailKind = 'conversations' | 'users'
export const detailKinds: readonly DetailKind[] = ['conversations', 'users']

/** `over`: it gives no results (FAILED, CANCELLED, EXPIRED), with the platform's reason. */
export type JobState = Readonly<{ kind: 'waiting' | 'fulfilled' }> | Readonly<{ kind: 'over'; reason: string }>

/** A page of results, as it came. The last one has no cursor. */
export type JobPage = Readonly<{ text: string; hasRecords: boolean; cursor: string | undefined }>

/** Records of a page; the platform's own default is lower. */
const PAGE_SIZE = 1_000

const jobsOf = (kind: DetailKind): string => `/api/v2/analytics/${kind}/details/jobs`

type Members = Readonly<Record<string, unknown>>
const membersOf = (json: unknown): Members => (typeof json === 'object' && json !== null ? (json as Members) : {})

/** Through when the data lake, which jobs read, is whole. */
export const availableThrough = async (
  client: GenesysClient,
  kind: DetailKind,
  signal: AbortSignal,
): Promise<E.Either<GenesysFailure, EpochMs>> => {
  const path = `${jobsOf(kind)}/availability`
  const answer = await client.call({ method: 'GET', path }, signal)
  return E.flatMap(({ json }: { json: unknown }): E.Either<GenesysFailure, EpochMs> => {
    const at = Date.parse(String(membersOf(json)['dataAvailabilityDate']))
    return Number.isNaN(at)
      ? E.left({ tag: 'Unreadable', what: `GET ${path}`, reason: 'it has no dataAvailabilityDate' })
      : E.right(at)
  })(answer)
}

/** Posts a job for everything that a stretch of time touches. Its id leads to its state and results. */
export const submitJob = async (
  client: GenesysClient,
  kind: DetailKind,
  { start, end }: Interval,
  signal: AbortSignal,
): Promise<E.Either<GenesysFailure, string>> => {
  const path = jobsOf(kind)
  const body = {
    interval: `${new Date(start).toISOString()}/${new Date(end).toISOString()}`,
    ...(kind === 'conversations' ? { order: 'asc', orderBy: 'conversationStart' } : { order: 'asc' }),
  }
  const answer = await client.call({ method: 'POST', path, body }, signal)
  return E.flatMap(({ json }: { json: unknown }): E.Either<GenesysFailure, string> => {
    const { jobId } = membersOf(json)
    return typeof jobId === 'string'
      ? E.right(jobId)
      : E.left({ tag: 'Unreadable', what: `POST ${path}`, reason: 'it has no jobId' })
  })(answer)
}

export const stateOfJob = async (
  client: GenesysClient,
  kind: DetailKind,
  jobId: string,
  signal: AbortSignal,
): Promise<E.Either<GenesysFailure, JobState>> => {
  const answer = await client.call({ method: 'GET', path: `${jobsOf(kind)}/${encodeURIComponent(jobId)}` }, signal)
  return E.map(({ json }: { json: unknown }): JobState => {
    const { state, errorMessage } = membersOf(json)
    if (state === 'FULFILLED') return { kind: 'fulfilled' }
    if (state === 'FAILED' || state === 'CANCELLED' || state === 'EXPIRED')
      return { kind: 'over', reason: typeof errorMessage === 'string' ? `${state}, ${errorMessage}` : state }
    return { kind: 'waiting' }
  })(answer)
}

export const pageOfJob = async (
  client: GenesysClient,
  kind: DetailKind,
  jobId: string,
  cursor: string | undefined,
  signal: AbortSignal,
): Promise<E.Either<GenesysFailure, JobPage>> => {
  const path = `${jobsOf(kind)}/${encodeURIComponent(jobId)}/results`
  const answer = await client.call({ method: 'GET', path, query: { pageSize: PAGE_SIZE, cursor } }, signal)
  return E.map(({ json, text }: { json: unknown; text: string }): JobPage => {
    const page = membersOf(json)
    const records = page[kind === 'conversations' ? 'conversations' : 'userDetails']
    return {
      text,
      hasRecords: Array.isArray(records) && records.length > 0,
      cursor: typeof page['cursor'] === 'string' && page['cursor'] !== '' ? page['cursor'] : undefined,
    }
  })(answer)
}
