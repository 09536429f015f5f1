import type { Position } from '../../event-log.js'

/**
 * The state of a subscription. `catching-up`: reading what the log holds. `live`: it has sent `caught-up` and follows.
 * `broken`: the server cannot be reached or refuses, and is tried again. `stalled`: the log grows, but the
 * subscription has made no progress for `stallMs`. Times are epoch milliseconds.
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
  /** The head as it was just read, and the place that the reader has reached. */
  sawHead: (head: Position | undefined, at: Position | undefined) => void
  /** Something was delivered, or there was nothing to deliver. */
  progressed: () => void
  caughtUp: () => void
  failed: (cause: unknown) => void
  /** The server's subscription sent something, through this place (if it named one). */
  received: (position: Position | undefined) => void
  /** A read found an event at this place that the server's subscription should have delivered. */
  missed: (position: Position, head: Position) => void
  /** The server's subscription has failed to deliver an event for `stallMs`. */
  isSilent: () => boolean
  /** The server's subscription was opened again. */
  reopened: () => void
  ended: () => void
}>

/**
 * Watches one subscription and reports each change of state. A stall has two forms, and both are reported with their
 * beginning: nothing arrives although the head moves (reads hang or fail), or the server's subscription does not
 * deliver what reads find.
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
    const isChange = next.kind !== state.kind || next.kind === 'broken'
    if (isChange) state = next
    if (isChange) tell(next)
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
    received: (position) => {
      if (silentSince !== undefined && (position === undefined || position < silentSince.position)) return
      silentSince = undefined
      if (state.kind === 'stalled') enter({ kind: 'live', since: now() })
    },
    missed: (position, seen) => {
      silentSince ??= { position, since: now() }
      if (now() - silentSince.since >= stallMs)
        enter({ kind: 'stalled', since: silentSince.since, at: position, head: seen })
    },
    isSilent: () => silentSince !== undefined && now() - silentSince.since >= stallMs,
    reopened: () => {
      silentSince = undefined
    },
    ended: () => enter({ kind: 'ended', since: now() }),
  }
}
