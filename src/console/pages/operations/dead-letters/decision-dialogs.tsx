import type { JSX } from 'preact'
import { Confirmed } from '../../../components/confirmed.js'
import { counted } from '../../../format/number.js'

/** Which letters, as the API takes it; of nothing chosen: all open ones. */
export type LetterFilter = Readonly<{ reason?: string; stage?: string; ids?: readonly string[] }>

type Props = Readonly<{ filter: LetterFilter; onClose: () => void; onDone: () => void }>

const chosenText = ({ reason, stage, ids }: LetterFilter): string => {
  if (ids !== undefined) return 'This letter'
  const of = [reason === undefined ? '' : ` with the reason ${reason}`, stage === undefined ? '' : ` of the ${stage}`]
  return `All open letters${of.join('')}`
}

type Retried = Readonly<{
  usable: number
  stored: number
  duplicate: number
  deadLettered: number
  notRetriable: number
  late: number
}>

export const RetryDialog = ({ filter, onClose, onDone }: Props): JSX.Element => (
  <Confirmed<Retried>
    title="Retry dead letters"
    verb="Retry"
    path="/dead-letters/retry"
    {...{ body: { ...filter }, hasDryRun: true, onClose, onDone }}
    outcome={({ usable, stored, duplicate, deadLettered, notRetriable, late }, isPlan) => (
      <ul>
        <li>{isPlan ? `${counted(usable, 'letter')} can be used now` : `${counted(stored, 'event')} stored`}</li>
        {!isPlan && duplicate > 0 && <li>{counted(duplicate, 'event')} in the log already</li>}
        {deadLettered > 0 && <li>{counted(deadLettered, 'letter')} cannot be used yet, and stay open</li>}
        {notRetriable > 0 && <li>{counted(notRetriable, 'letter')} can never be retried: discard them, or rebuild</li>}
        {late > 0 && <li>{counted(late, 'event')} behind the late horizon: a rebuild takes them in</li>}
      </ul>
    )}
  >
    <p>
      {chosenText(filter)}: what can be used now is taken into the log, the rest stays open. Sent twice, nothing is
      counted twice.
    </p>
  </Confirmed>
)

type Discarded = Readonly<{ discarded: number; retried: number; byReason: Readonly<Record<string, number>> }>

export const DiscardDialog = ({ filter, onClose, onDone }: Props): JSX.Element => (
  <Confirmed<Discarded>
    title="Discard dead letters"
    verb="Discard"
    path="/dead-letters/discard"
    {...{ body: { ...filter }, hasDryRun: true, isWhyNeeded: true, isDestructive: true, onClose, onDone }}
    outcome={({ discarded, byReason }, isPlan) => (
      <>
        <p>
          {counted(discarded, 'letter')} {isPlan ? 'would be' : discarded === 1 ? 'is' : 'are'} marked as not needed.
        </p>
        <ul>
          {Object.entries(byReason).map(([reason, letters]) => (
            <li key={reason}>
              {reason}: {letters}
            </li>
          ))}
        </ul>
      </>
    )}
  >
    <p>
      {chosenText(filter)}: marked as not needed. Nothing is deleted, and a discarded letter can be retried by its id.
    </p>
  </Confirmed>
)
