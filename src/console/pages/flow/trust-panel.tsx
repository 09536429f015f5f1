import type { JSX } from 'preact'
import { Command } from '../../components/command.js'
import { Instant } from '../../components/instant.js'
import { signs } from '../../components/state.js'
import { useTrust, verdictTone } from '../../frame/trust/trust-badge.js'
import type { Reason } from '../../frame/trust/trust.js'
import { useNow } from '../../frame/asking/use-answer.js'

/** Can the numbers be trusted now, and if not, why, since when, and what is to be done? */
export const TrustPanel = (): JSX.Element => {
  const { verdict, says, reasons } = useTrust()
  const tone = verdictTone[verdict]
  return (
    <section class={`trust trust-${tone}`} aria-labelledby="trust">
      <div class="trust-head">
        <span class="trust-sign" aria-hidden="true">
          {signs[tone]}
        </span>
        <div>
          <h2 id="trust">Can the numbers be trusted now?</h2>
          <p class="trust-says" role="status">
            {says}
          </p>
        </div>
      </div>
      {reasons.length > 0 && (
        <ul class="reasons" aria-label="Reasons">
          {reasons.map((reason) => (
            <ReasonView key={`${reason.where} ${reason.what}`} reason={reason} />
          ))}
        </ul>
      )}
    </section>
  )
}

const ReasonView = ({ reason }: Readonly<{ reason: Reason }>): JSX.Element => {
  const now = useNow()
  const { weight, where, what, effect, since, remedy, command } = reason
  return (
    <li class={`reason reason-${weight}`}>
      <p class="reason-head">
        <span aria-hidden="true">{weight === 'bad' ? signs.bad : signs.warn}</span> <strong>{where}</strong>
        {since !== null && (
          <span class="quiet" aria-live="off">
            since <Instant at={since} /> (<Instant at={since} now={now} />)
          </span>
        )}
      </p>
      <p>
        {what} {effect}
      </p>
      <p>
        <span class="quiet">What to do: </span>
        {remedy} {command !== null && <Command text={command} />}
      </p>
    </li>
  )
}
