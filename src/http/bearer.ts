import { createHash, timingSafeEqual } from 'node:crypto'

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|::1|\[::1\])$/i

/** Whether a server bound to `host` can be reached from this machine only. */
export const isLoopback = (host: string): boolean => LOOPBACK.test(host)

const digest = (text: string): Buffer => createHash('sha256').update(text).digest()

/**
 * Checks whether an `Authorization` header carries the token. Digests are compared, in constant time, so that neither
 * the length nor the content of the token can be measured.
 */
export const bearerCheck = (token: string): ((header: string | undefined) => boolean) => {
  const expected = digest(token)
  return (header) => timingSafeEqual(digest(/^Bearer +(\S+) *$/i.exec(header ?? '')?.[1] ?? ''), expected)
}
