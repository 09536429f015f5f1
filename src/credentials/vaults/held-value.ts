import { SecretUnreadable, type HeldState, type HeldValue } from '../secret.js'

/** A value as a vault gave it, what the vault calls this version of it, and since when there is it (ms since 1970). */
export type Given = Readonly<{ value: string; version: string; madeAt?: number }>

/** A value that is younger is not read again because it was refused: a destination may refuse many times a second. */
const REFUSED_AGAIN_MS = 10_000

/**
 * Keeps the value that `fetch` gets. Callers at the same time share a request. `from` is the reference, for messages;
 * what `fetch` throws is told as it is, so its message holds nothing secret.
 */
export const heldValue = (from: string, fetch: () => Promise<Given>, now: () => number = Date.now): HeldValue => {
  let given: Given | undefined
  let state: HeldState = { kind: 'unread', why: 'it was not asked for yet' }
  let fetching: Promise<void> | undefined
  let askedAt = Number.NEGATIVE_INFINITY

  const fetched = async (): Promise<void> => {
    askedAt = now()
    try {
      given = await fetch()
      state = { kind: 'current', version: given.version, madeAt: given.madeAt, readAt: askedAt }
    } catch (cause) {
      const why = (cause as Error).message
      if (state.kind === 'unread') state = { kind: 'unread', why }
      else state = { ...state, kind: 'stale', failingSince: state.kind === 'stale' ? state.failingSince : now(), why }
    }
  }
  const renew = (): Promise<void> => {
    fetching ??= fetched().finally(() => (fetching = undefined))
    return fetching
  }
  return {
    read: () => {
      if (given !== undefined) return given.value
      throw new SecretUnreadable(`cannot read ${from}: ${state.kind === 'unread' ? state.why : 'no value'}`)
    },
    renew,
    refused: async () => {
      if (now() - askedAt >= REFUSED_AGAIN_MS) await renew()
    },
    state: () => state,
  }
}
