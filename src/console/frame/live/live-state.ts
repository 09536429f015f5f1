/**
 * How the live connection is. It goes from *connecting* to *live* when the answer begins; a failure, an end, or silence
 * takes either to *waiting*, and the time that it waits for back to *connecting*. *offline* is entered from any of them
 * when the browser loses its network, and left when it has one again. *hidden*: nobody looks at the page, so nothing is
 * asked for. *ended* is left only by a new start: the session is over, or the server refuses the call.
 */
export type LiveState =
  | Readonly<{ kind: 'connecting'; attempt: number; lostAt: number | undefined }>
  | Readonly<{ kind: 'live'; since: number; heardAt: number }>
  | Readonly<{ kind: 'waiting'; attempt: number; lostAt: number; retryAt: number }>
  | Readonly<{ kind: 'offline'; lostAt: number }>
  | Readonly<{ kind: 'hidden'; lostAt: number }>
  | Readonly<{ kind: 'ended'; because: 'signed-out' | 'refused' }>

export type LiveEvent =
  'start' | 'opened' | 'heard' | 'lost' | 'due' | 'offline' | 'online' | 'hidden' | 'shown' | 'signed-out' | 'refused'

/** The server says something every second; silence this long means that the connection is lost. */
export const SILENCE_MAX_MS = 8_000
const PAUSE_MIN_MS = 1_000
const PAUSE_MAX_MS = 30_000

export const startOfLive: LiveState = { kind: 'connecting', attempt: 0, lostAt: undefined }

/**
 * The state after an event at `now`. `chance` in [0, 1) spreads the attempts of many consoles that lost the same
 * server at the same moment.
 */
export const nextLive = (state: LiveState, event: LiveEvent, now: number, chance: number): LiveState => {
  if (event === 'start') return { ...startOfLive }
  if (state.kind === 'ended') return state
  switch (event) {
    case 'opened':
      return state.kind === 'connecting' ? { kind: 'live', since: now, heardAt: now } : state
    case 'heard':
      return state.kind === 'live' ? { ...state, heardAt: now } : state
    case 'lost':
      return waitingAfter(state, now, chance)
    case 'due':
      return state.kind === 'waiting' ? { kind: 'connecting', attempt: state.attempt, lostAt: state.lostAt } : state
    case 'offline':
      return { kind: 'offline', lostAt: lostAtOf(state) ?? now }
    case 'hidden':
      return state.kind === 'offline' ? state : { kind: 'hidden', lostAt: lostAtOf(state) ?? now }
    case 'online':
      return state.kind === 'offline' ? { kind: 'connecting', attempt: 0, lostAt: state.lostAt } : state
    case 'shown':
      return state.kind === 'hidden' ? { kind: 'connecting', attempt: 0, lostAt: undefined } : state
    case 'signed-out':
    case 'refused':
      return { kind: 'ended', because: event }
  }
}

const waitingAfter = (state: LiveState, now: number, chance: number): LiveState => {
  if (state.kind !== 'connecting' && state.kind !== 'live') return state
  const attempt = state.kind === 'live' ? 1 : state.attempt + 1
  const pauseMs = Math.min(PAUSE_MAX_MS, PAUSE_MIN_MS * 2 ** (attempt - 1))
  const retryAt = now + Math.round(pauseMs * (0.5 + chance / 2))
  return { kind: 'waiting', attempt, lostAt: lostAtOf(state) ?? now, retryAt }
}

/** Since when nothing new has been heard; `undefined` while the connection lives, or before there was one. */
export const lostAtOf = (state: LiveState): number | undefined => {
  switch (state.kind) {
    case 'connecting':
    case 'waiting':
    case 'offline':
    case 'hidden':
      return state.lostAt
    case 'live':
    case 'ended':
      return undefined
  }
}
