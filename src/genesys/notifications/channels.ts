import * as E from 'fp-ts/lib/Either.js'
import type { GenesysClient } from '../client.js'
import type { GenesysFailure } from '../failure.js'

/** A channel of the notification service. `connectUri` carries its right to connect: it goes into no log. */
export type Channel = Readonly<{ id: string; connectUri: string; expiresAt: number | undefined }>

/** A topic that the platform does not give to this client, and what is lacking. */
export type RejectedTopic = Readonly<{ topic: string; reason: string }>

const CHANNELS = '/api/v2/notifications/channels'

/** Makes a channel. Each call makes another one, and beyond 20 the platform ends the one used longest ago. */
export const createChannel = async (
  client: GenesysClient,
  signal: AbortSignal,
): Promise<E.Either<GenesysFailure, Channel>> => {
  const what = `POST ${CHANNELS}`
  const answer = await client.call({ method: 'POST', path: CHANNELS, body: {} }, signal)
  return E.flatMap(({ json }: { json: unknown }): E.Either<GenesysFailure, Channel> => {
    const { id, connectUri, expires } = (json ?? {}) as Readonly<Record<string, unknown>>
    if (typeof id !== 'string' || typeof connectUri !== 'string')
      return E.left({ tag: 'Unreadable', what, reason: 'it has no id and connectUri' })
    const expiresAt = typeof expires === 'string' ? Date.parse(expires) : NaN
    return E.right({ id, connectUri, expiresAt: Number.isNaN(expiresAt) ? undefined : expiresAt })
  })(answer)
}

/** Subscribes a channel to exactly these topics (1,000 at most). Doing so again prolongs its life. */
export const replaceTopics = async (
  client: GenesysClient,
  { id }: Channel,
  topics: readonly string[],
  signal: AbortSignal,
): Promise<E.Either<GenesysFailure, readonly RejectedTopic[]>> => {
  const path = `${CHANNELS}/${encodeURIComponent(id)}/subscriptions`
  const body = topics.map((topic) => ({ id: topic }))
  const answer = await client.call({ method: 'PUT', path, body }, signal)
  return E.map(({ json }: { json: unknown }) => rejectedIn(json))(answer)
}

/** `{ entities: [{ id, state: 'Permitted' | 'Rejected', rejectionReason, missingPermissions }] }` */
const rejectedIn = (json: unknown): readonly RejectedTopic[] => {
  const { entities } = (json ?? {}) as Readonly<{ entities?: readonly Readonly<Record<string, unknown>>[] }>
  return (Array.isArray(entities) ? (entities as readonly Readonly<Record<string, unknown>>[]) : [])
    .filter(({ state }) => state === 'Rejected')
    .map(({ id, rejectionReason, missingPermissions }) => ({
      topic: String(id),
      reason: [
        typeof rejectionReason === 'string' ? rejectionReason : 'rejected',
        ...(Array.isArray(missingPermissions) && missingPermissions.length > 0
          ? [`missing ${missingPermissions.join(', ')}`]
          : []),
      ].join(': '),
    }))
}
