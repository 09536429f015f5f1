import type { JSX } from 'preact'
import { bannerText } from './banner-text.js'
import { useConsole } from '../console.js'
import { useStore } from '../store.js'
import { useNow } from '../asking/use-answer.js'

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
