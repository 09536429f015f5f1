import { createHash, timingSafeEqual } from 'node:crypto'
import type { FeedServerSettings } from '../../app/config/feeds/feed-schema.js'

/** Who fetches feeds, and which. */
export type FeedReader = Readonly<{ name: string; feeds: readonly string[] }>

/** The reader of a token; `undefined` for an unknown or an expired one. */
export const feedTokenCheck = (
  tokens: FeedServerSettings['tokens'],
  now: () => number,
): ((token: string) => FeedReader | undefined) => {
  const known = tokens.map(({ name, feeds, sha256, expires }) => ({
    digest: Buffer.from(sha256, 'hex'),
    expires: expires === undefined ? Infinity : Date.parse(expires),
    reader: { name, feeds },
  }))
  return (token) => {
    const digest = createHash('sha256').update(token).digest()
    // All are compared, each in constant time, so that the time tells neither which one matches nor how far.
    const [found] = known.filter((each) => timingSafeEqual(each.digest, digest))
    return found === undefined || found.expires <= now() ? undefined : found.reader
  }
}
