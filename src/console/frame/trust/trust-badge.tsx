import type { JSX } from 'preact'
import { State } from '../../components/state.js'
import type { Tone } from '../../components/tone.js'
import { useConsole } from '../console.js'
import { hrefOf } from '../route/route.js'
import { Link } from '../route/router.js'
import { useStore } from '../store.js'
import { trustBadge, trustIn, type Trust, type Verdict } from './trust.js'

export const verdictTone: Readonly<Record<Verdict, Tone>> = { yes: 'good', partly: 'warn', no: 'bad', unknown: 'none' }

/** What can be said of the numbers now. Without a live connection what was heard last says nothing of now. */
export const useTrust = (): Trust => {
  const { live, openLetters } = useConsole()
  const { kind } = useStore(live.state)
  const flow = useStore(live.flow)
  const open = useStore(openLetters.count)
  if (kind === 'live' || flow === undefined) return trustIn(flow, open)
  return { verdict: 'unknown', says: 'It cannot be told: there is no live connection to Streamvane.', reasons: [] }
}

/** On every page: whether the numbers can be trusted; it leads to the reasons. */
export const TrustBadge = (): JSX.Element => {
  const trust = useTrust()
  return (
    <Link href={hrefOf('flow')} class="trust-badge">
      <span class="hidden">Numbers: </span>
      <State tone={verdictTone[trust.verdict]}>{trustBadge(trust)}</State>
    </Link>
  )
}
