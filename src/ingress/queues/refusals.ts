import { SourceRefused } from '../source.js'

/** What an error of a connection means: `refused` stays as it is until somebody changes what `words` name. */
export type ConnectionTrouble = Readonly<{ refused: boolean; words: string }>

export type Refusals = Readonly<{
  /** The source is connected: what refuses it later may pass. */
  connected: () => void
  /** What to throw for this trouble: `SourceRefused` ends the source. */
  errorFor: (trouble: ConnectionTrouble, cause: unknown) => Error
}>

const REFUSED_MAX_MS = 300_000

/**
 * A source that is refused before it was ever connected is configured wrongly, and ends. One that was connected goes on
 * trying for five minutes: a key that is being rotated may be revoked before its successor is in the secret's file.
 */
export const refusals = (now: () => number = Date.now, maxMs = REFUSED_MAX_MS): Refusals => {
  let wasConnected = false
  let since: number | undefined
  return {
    connected: () => {
      wasConnected = true
      since = undefined
    },
    errorFor: ({ refused, words }, cause) => {
      since = refused ? (since ?? now()) : undefined
      const isOver = since !== undefined && (!wasConnected || now() - since >= maxMs)
      return isOver ? new SourceRefused(words, { cause }) : new Error(words, { cause })
    },
  }
}
