/** A bearer token and the instant (ms since 1970) from which it is no longer accepted. */
export type Token = Readonly<{ value: string; expiresAt: number }>

/** Bearer tokens of one identity. */
export type TokenSource = Readonly<{
  /** A token that is valid for a while. Throws `AuthenticationRefused` where the issuer does not accept us. */
  current: () => Promise<Token>
  /** Forgets a token that was not accepted. Whether it was a kept one, so that a fresh one may be accepted. */
  discard: (token: Token) => boolean
}>

/**
 * Keeps the token that `fetch` gets and fetches the next one ahead of its expiry: when a fifth of its life is left, or
 * a minute if that is more (at most half its life). Callers at the same time share a request. While the kept token is
 * valid, a failure to fetch the next one is nobody's concern: the next call tries again.
 */
export const tokenSource = (fetch: () => Promise<Token>, now: () => number = Date.now): TokenSource => {
  let kept: Readonly<{ token: Token; renewAt: number; uses: number }> | undefined
  let fetching: Promise<Token> | undefined

  const renewed = async (): Promise<Token> => {
    const startedAt = now()
    const token = await fetch()
    const life = token.expiresAt - startedAt
    kept = { token, renewAt: token.expiresAt - Math.max(life / 5, Math.min(MINUTE_MS, life / 2)), uses: 0 }
    return token
  }
  const renew = (): Promise<Token> => {
    fetching ??= renewed().finally(() => (fetching = undefined))
    return fetching
  }
  const use = (): Token | undefined => {
    if (kept !== undefined) kept = { ...kept, uses: kept.uses + 1 }
    return kept?.token
  }
  return {
    current: async () => {
      if (kept === undefined || now() >= kept.renewAt) {
        try {
          await renew()
        } catch (cause) {
          if (kept === undefined || now() >= kept.token.expiresAt) throw cause
        }
      }
      return use() as Token
    },
    discard: (token) => {
      if (kept?.token !== token) return kept !== undefined
      const wasKept = kept.uses > 1
      kept = undefined
      return wasKept
    },
  }
}

const MINUTE_MS = 60_000
