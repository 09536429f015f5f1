import { createHash, timingSafeEqual } from 'node:crypto'

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|::1|\[::1\])$/i

/** Whether only this machine can reach a server bound to `host`. */
export const isLoopback = (host: string): boolean => LOOPBACK.test(host)

const digest = (text: string): Buffer => createHash('sha256').update(text).digest()

/**
 * Whether an `Authorization` header carries the token. Digests are compared, so that neither length nor content shows
 * in the time it takes.
 */
export const bearerCheck = (token: string): ((header: string | undefined) => boolean) => {
  const expected = digest(token)
  return (header) => timingSafeEqual(digest(/^Bearer +(\S+) *$/i.exec(header ?? '')?.[1] ?? ''), expected)
}
