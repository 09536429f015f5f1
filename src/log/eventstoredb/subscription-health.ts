import type { Position } from '../event-log.js'

/**
 * How a subscription fares. `catching-up`: reading what is there. `live`: it has said `caught-up` and follows.
 * `broken`: the server cannot be reached or refuses, and is tried again. `stalled`: the log grows, yet nothing has come
 * of it for as long as is patient. Times are epoch milliseconds.
 */
export type SubscriptionState =
  | Readonly<{ kind: 'catching-up'; since: number }>
  | Readonly<{ kind: 'live'; since: number }>
  | Readonly<{ kind: 'broken'; since: number; attempts: number; cause: unknown }>
  | Readonly<{ kind: 'stalled'; since: number; at: Position | undefined; head: Position }>
  | Readonly<{ kind: 'ended'; since: number }>

/** `id` counts the subscriptions of this log. */
export type SubscriptionReport = Readonly<{
  id: number
  prefixes: readonly string[] | undefined
  state: SubscriptionState
}>

export type SubscriptionHealth = Readonly<{
  /** The head as it was just seen, from a reader that has come to `at`. */
  sawHead: (head: Position | undefined, at: Position | undefined) => void
  /** Something was delivered, or there was nothing to deliver: not stalled. */
  progressed: () => void
  caughtUp: () => void
  failed: (cause: unknown) => void
  /** The server's subscription said something, through this position (if it told one). */
  told: (position: Position | undefined) => void
  /** Reading found an event at this position that the server's subscription should have brought. */
  missed: (position: Position, head: Position) => void
  /** The server's subscription has kept an event to itself for longer than is patient. */
  isDeaf: () => boolean
  /** It is opened anew; whether it hears will be seen. */
  reopened: () => void
  ended: () => void
}>

/**
 * Watches one subscription and tells of each change of state. A stall has two forms, and both are named with
 * since-when: nothing at all comes though the head moves (reads hang or fail), or the server's subscription keeps
 * silent about what reading it finds.
 */
export const subscriptionHealth = (
  tell: (state: SubscriptionState) => void,
  stallMs: number,
  now: () => number = Date.now,
): SubscriptionHealth => {
  let state: SubscriptionState = { kind: 'catching-up', since: now() }
  let progressedAt = now()
  let [head, at]: (Position | undefined)[] = [undefined, undefined]
  let silentSince: Readonly<{ position: Position; since: number }> | undefined
  let attempts = 0

  const enter = (next: SubscriptionState): void => {
    const isNews = next.kind !== state.kind || next.kind === 'broken'
    if (isNews) state = next
    if (isNews) tell(next)
  }
  tell(state)

  return {
    sawHead: (seen, reader) => {
      head = seen
      at = reader
    },
    progressed: () => {
      progressedAt = now()
      attempts = 0
      if (state.kind === 'broken' || (state.kind === 'stalled' && silentSince === undefined))
        enter({ kind: 'catching-up', since: now() })
    },
    caughtUp: () => {
      if (silentSince === undefined || state.kind !== 'stalled') enter({ kind: 'live', since: now() })
    },
    failed: (cause) => {
      attempts += 1
      const isBehind = head !== undefined && (at === undefined || head > at)
      if (isBehind && now() - progressedAt >= stallMs) enter({ kind: 'stalled', since: progressedAt, at, head: head! })
      else enter({ kind: 'broken', since: state.kind === 'broken' ? state.since : now(), attempts, cause })
    },
    told: (position) => {
      if (silentSince !== undefined && (position === undefined || position < silentSince.position)) return
      silentSince = undefined
      if (state.kind === 'stalled') enter({ kind: 'live', since: now() })
    },
    missed: (position, seen) => {
      silentSince ??= { position, since: now() }
      if (now() - silentSince.since >= stallMs)
        enter({ kind: 'stalled', since: silentSince.since, at: position, head: seen })
    },
    isDeaf: () => silentSince !== undefined && now() - silentSince.since >= stallMs,
    reopened: () => {
      silentSince = undefined
    },
    ended: () => enter({ kind: 'ended', since: now() }),
  }
}
