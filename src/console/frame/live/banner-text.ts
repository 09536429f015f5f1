import { duration } from '../../format/duration.js'
import { lostAtOf, type LiveState } from './live-state.js'

/** What is said above the page; `counts` changes every second, and is not read out. */
export type BannerText = Readonly<{ says: string; counts: string }>

const seconds = (ms: number): string => duration(Math.floor(ms / 1_000) * 1_000)

/** `undefined`: the connection is live, or has not had the time to be. */
export const bannerText = (state: LiveState, now: number): BannerText | undefined => {
  const lostAt = lostAtOf(state)
  // The moment of the page is renewed once a second, so it may lie before what was just lost.
  const old = lostAt === undefined ? '' : `What is shown is ${seconds(Math.max(0, now - lostAt))} old.`
  switch (state.kind) {
    case 'live':
    case 'hidden':
      return undefined
    case 'connecting':
      return state.attempt === 0 ? undefined : { says: 'No answer from Streamvane. Connecting again …', counts: old }
    case 'waiting':
      return {
        says: 'No answer from Streamvane: the process is away, or the network is.',
        counts: `${old} Trying again in ${seconds(Math.max(0, state.retryAt - now) + 999)}.`,
      }
    case 'offline':
      return { says: 'This device is offline.', counts: old }
    case 'ended':
      return state.because === 'signed-out'
        ? undefined
        : { says: 'Streamvane refuses live figures here. Load the page again after an upgrade.', counts: '' }
  }
}
