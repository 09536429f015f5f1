import type { Delivery, Message } from 'rhea'
import type { RequestResponse } from '../../azure/request-response.js'

/** Tokens in one request to renew locks. */
const TOKENS_MAX = 256

/**
 * Renews the locks of messages (`com.microsoft:renew-lock`): until when each is held, `undefined` for those that are
 * lost. The broker answers for all tokens of a request together, so a request that fails says nothing about each one.
 */
export const renewLocks = async (
  management: RequestResponse,
  deliveries: readonly Delivery[],
): Promise<ReadonlyMap<Delivery, number | undefined>> => {
  const { default: rhea } = await import('rhea')
  const renewed = new Map<Delivery, number | undefined>()
  for (let from = 0; from < deliveries.length; from += TOKENS_MAX) {
    const some = deliveries.slice(from, from + TOKENS_MAX)
    const tokens = some.map(({ tag }) => uuidOf(Buffer.from(tag as Buffer)))
    const answer = await management.ask({
      application_properties: { operation: 'com.microsoft:renew-lock' },
      body: { 'lock-tokens': rhea.types.wrap_array(tokens, UUID, undefined) },
    })
    const { expirations } = answer.body as { expirations?: readonly unknown[] }
    some.forEach((delivery, index) => renewed.set(delivery, isOk(answer) ? instant(expirations?.[index]) : undefined))
  }
  return renewed
}

/** Renews the lock of a session, and with it those of its messages. `undefined`: the lock is lost. */
export const renewSession = async (management: RequestResponse, sessionId: string): Promise<number | undefined> => {
  const answer = await management.ask({
    application_properties: { operation: 'com.microsoft:renew-session-lock' },
    body: { 'session-id': sessionId },
  })
  return isOk(answer) ? instant((answer.body as { expiration?: unknown }).expiration) : undefined
}

const UUID = 0x98

const isOk = ({ application_properties: properties }: Message): boolean => properties?.['statusCode'] === 200

/** A lock token is the delivery tag: the 16 bytes of a .NET Guid, whose first three parts are little-endian. */
const uuidOf = (guid: Buffer): Buffer => {
  guid.subarray(0, 4).reverse()
  guid.subarray(4, 6).reverse()
  guid.subarray(6, 8).reverse()
  return guid
}

const instant = (value: unknown): number | undefined =>
  value instanceof Date ? value.getTime() : typeof value === 'number' ? value : undefined
