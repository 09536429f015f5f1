import { createHash } from 'node:crypto'
import * as E from 'fp-ts/lib/Either.js'
import { granularityOf } from '../../../domain/granularity.js'
import { DAY_MS, type Interval } from '../../../domain/interval.js'
import type { Profile } from '../../../domain/profile.js'
import type { GenesysClient } from '../../../genesys/client.js'
import type { GenesysFailure } from '../../../genesys/failure.js'
import { aggregateResponse, type AggregateResponse } from '../../reconcile/aggregates.js'

/** Answers of the aggregates queries, and the SHA-256 of their bytes, one after the other. */
export type FetchedAggregates = Readonly<{ responses: readonly AggregateResponse[]; sha256: string }>

/** So that every reason of a difference can be found (docs/reconcile.md). */
const queueMetrics = [
  ...['nOffered', 'tAnswered', 'tAbandon', 'tFlowOut', 'tShortAbandon', 'nOverSla', 'oServiceLevel', 'tWait'],
  ...['tTalkComplete', 'tHeldComplete', 'tAcw', 'tContacting', 'tDialing', 'tHandle', 'tAlert', 'nTransferred'],
]
const stateMetrics = ['tAgentRoutingStatus', 'tOrganizationPresence', 'tSystemPresence']
/** Of the platform: users of one query. */
const USERS_MAX = 100

const CONVERSATIONS = '/api/v2/analytics/conversations/aggregates/query'
const USERS = '/api/v2/analytics/users/aggregates/query'

type Query = Readonly<{ path: string; body: Readonly<Record<string, unknown>> }>

/**
 * The queries for a range: of queues by media type, and of users where the profile computes their states. A query has
 * one day at most, because the platform limits what it answers.
 */
export const aggregateQueries = (
  { start, end }: Interval,
  { intervalMs, families }: Pick<Profile, 'intervalMs' | 'families'>,
  users: readonly string[],
): readonly Query[] => {
  const queries: Query[] = []
  for (let from = start; from < end; from += DAY_MS) {
    const interval = `${iso(from)}/${iso(Math.min(end, from + DAY_MS))}`
    const shared = { interval, granularity: granularityOf(intervalMs) ?? 'PT30M', timeZone: 'UTC' }
    if (families.includes('queue'))
      queries.push({
        path: CONVERSATIONS,
        body: {
          ...shared,
          groupBy: ['queueId', 'mediaType'],
          filter: { type: 'and', predicates: [{ type: 'dimension', dimension: 'queueId', operator: 'exists' }] },
          metrics: queueMetrics,
        },
      })
    if (families.includes('agent-state'))
      for (let first = 0; first < users.length; first += USERS_MAX)
        queries.push({
          path: USERS,
          body: {
            ...shared,
            groupBy: ['userId'],
            filter: {
              type: 'or',
              predicates: users
                .slice(first, first + USERS_MAX)
                .map((value) => ({ type: 'dimension', dimension: 'userId', operator: 'matches', value })),
            },
            metrics: stateMetrics,
          },
        })
  }
  return queries
}

/** Asks the platform, one query after the other. */
export const fetchAggregates = async (
  client: GenesysClient,
  queries: readonly Query[],
  signal: AbortSignal,
  onAnswer?: (answered: number) => void,
): Promise<E.Either<GenesysFailure, FetchedAggregates>> => {
  const responses: AggregateResponse[] = []
  const hash = createHash('sha256')
  for (const [index, { path, body }] of queries.entries()) {
    const answer = await client.call({ method: 'POST', path, body }, signal)
    if (E.isLeft(answer)) return answer
    // Of what is empty the platform leaves out the results.
    const json = answer.right.json as Readonly<{ results?: unknown }> | undefined
    const response = aggregateResponse({ ...json, results: json?.results ?? [] })
    if (E.isLeft(response)) return E.left({ tag: 'Unreadable', what: `POST ${path}`, reason: response.left })
    hash.update(answer.right.text)
    responses.push(response.right)
    onAnswer?.(index + 1)
  }
  return E.right({ responses, sha256: hash.digest('hex') })
}

const iso = (at: number): string => new Date(at).toISOString()
