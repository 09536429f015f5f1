import type { JSX } from 'preact'
import { duration } from '../format/duration.js'
import { useConsole } from './console.js'
import { lostAtOf, type LiveState } from './live-state.js'
import { useStore } from './store.js'
import { useNow } from './use-answer.js'

/** Above the page while what is shown is not live: since when, and what happens next. */
export const ConnectionBanner = (): JSX.Element | null => {
  const { live } = useConsole()
  const state = useStore(live.state)
  const now = useNow()
  const text = bannerText(state, now)
  return (
    <div role="status" class={text === undefined ? 'hidden' : 'banner'}>
      {text !== undefined && (
        <>
          <span class="sign" aria-hidden="true">
            ▲
          </span>
          <span>{text.says}</span>
          {/* Seconds that count down are not read out. */}
          <span aria-hidden="true" class="numbers">
            {text.counts}
          </span>
          {(state.kind === 'waiting' || state.kind === 'ended') && (
            <button type="button" onClick={() => live.again()}>
              Try now
            </button>
          )}
        </>
      )}
    </div>
  )
}

export type BannerText = Readonly<{ says: string; counts: string }>

/** `undefined`: the connection is live, or has not had the time to be. */
export const bannerText = (state: LiveState, now: number): BannerText | undefined => {
  const lostAt = lostAtOf(state)
  const old =
    lostAt === undefined ? '' : `What is shown is ${duration(Math.floor((now - lostAt) / 1_000) * 1_000)} old.`
  switch (state.kind) {
    case 'live':
    case 'hidden':
      return undefined
    case 'connecting':
      return state.attempt === 0 ? undefined : { says: 'No answer from Streamvane. Connecting again …', counts: old }
    case 'waiting':
      return {
        says: 'No answer from Streamvane: the process is away, or the network is.',
        counts: `${old} Trying again in ${duration(Math.max(0, Math.ceil((state.retryAt - now) / 1_000)) * 1_000)}.`,
      }
    case 'offline':
      return { says: 'This device is offline.', counts: old }
    case 'ended':
      return state.because === 'signed-out'
        ? undefined
        : { says: 'Streamvane refuses live figures here. Load the page again after an upgrade.', counts: '' }
  }
}
