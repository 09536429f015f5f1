import type { EpochMs } from '../../domain/interval.js'

/** A stretch of time `[from, to)` of which a channel told nothing: what happened then may have been missed. */
export type Gap = Readonly<{ from: EpochMs; to: EpochMs }>

/**
 * Whether the events of a channel come. Silence is not a gap: a channel says every half a minute that it lives, so what
 * was sent through `aliveAt` has come.
 *
 * - *waiting*: not subscribed yet. What happened since `since` is missed; null: nothing was followed before
 * - *live*: subscribed; the last frame of any kind came at `aliveAt`
 * - *lost*: the socket closed or kept silent; the last frame came at `aliveAt`
 */
export type Liveness =
  | Readonly<{ kind: 'waiting'; since: EpochMs | null }>
  | Readonly<{ kind: 'live'; aliveAt: EpochMs }>
  | Readonly<{ kind: 'lost'; aliveAt: EpochMs }>

export type ChannelEvent =
  /** The topics are subscribed on a socket that is open; another one may be live beside it. */
  | Readonly<{ kind: 'subscribed'; at: EpochMs }>
  /** A frame came. */
  | Readonly<{ kind: 'frame'; at: EpochMs }>
  /** The socket in use closed, or nothing came for too long. */
  | Readonly<{ kind: 'lost' }>

/** The next state, and the gap that has ended with the event. */
export const follow = (state: Liveness, event: ChannelEvent): Readonly<{ state: Liveness; gap?: Gap }> => {
  switch (event.kind) {
    case 'subscribed': {
      const live = { kind: 'live', aliveAt: laterOf(state, event.at) } as const
      const from = state.kind === 'waiting' ? state.since : state.kind === 'lost' ? state.aliveAt : null
      return from === null || from >= event.at ? { state: live } : { state: live, gap: { from, to: event.at } }
    }
    case 'frame':
      // One that comes after the loss was on its way before it: it does not say that all since has come.
      return { state: state.kind === 'live' ? { kind: 'live', aliveAt: laterOf(state, event.at) } : state }
    case 'lost':
      return { state: state.kind === 'live' ? { kind: 'lost', aliveAt: state.aliveAt } : state }
  }
}

/** Through when everything came; null where nothing ever did. */
export const liveThrough = (state: Liveness): EpochMs | null => (state.kind === 'waiting' ? state.since : state.aliveAt)

/** The clock of the machine may be set back: what came has come. */
const laterOf = (state: Liveness, at: EpochMs): EpochMs => (state.kind === 'waiting' ? at : Math.max(state.aliveAt, at))

/** Gaps joined where they meet or overlap, in order of time: several channels lose the same connection. */
export const joinedGaps = (gaps: readonly Gap[]): readonly Gap[] => {
  const joined: Gap[] = []
  for (const gap of [...gaps].sort((a, b) => a.from - b.from || a.to - b.to)) {
    const last = joined.at(-1)
    if (last !== undefined && gap.from <= last.to)
      joined[joined.length - 1] = { from: last.from, to: Math.max(last.to, gap.to) }
    else joined.push(gap)
  }
  return joined
}
