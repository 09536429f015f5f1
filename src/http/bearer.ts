import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'

const digest = (text: string): Buffer => createHash('sha256').update(text).digest()

/** The token in an `Authorization` header: after `Bearer`, or the password of `Basic`. */
const tokenIn = (header: string): string => {
  const bearer = /^Bearer +(\S+) *$/i.exec(header)?.[1]
  if (bearer !== undefined) return bearer
  const basic = /^Basic +(\S+) *$/i.exec(header)?.[1]
  return basic === undefined ? '' : (/^[^:]*:(.*)$/s.exec(Buffer.from(basic, 'base64').toString('latin1'))?.[1] ?? '')
}

/**
 * Checks whether an `Authorization` header carries the token, which is printable ASCII without blanks. Digests are
 * compared, in constant time, so that neither the length nor the content of the token can be measured. A token that is
 * empty, as that of a file that is being written, is carried by none: a header without a token would match it.
 */
export const bearerCheck = (token: string): ((header: string | undefined) => boolean) => {
  const expected = digest(token)
  return (header) => token !== '' && timingSafeEqual(digest(tokenIn(header ?? '')), expected)
}

/**
 * The `Authorization` of a request. Firehose can only send an access key, in a header of its own; an API destination of
 * EventBridge, a key in the header that its connection names (`tokenHeader`, in lower case); SNS only a user and a
 * password, once it was asked for them.
 */
export const authorizationOf = (headers: IncomingHttpHeaders, tokenHeader?: string): string | undefined => {
  const key = headers['x-amz-firehose-access-key'] ?? (tokenHeader === undefined ? undefined : headers[tokenHeader])
  return headers.authorization ?? (typeof key === 'string' ? `Bearer ${key}` : undefined)
}
