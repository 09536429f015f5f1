import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { Confirmed } from '../../../components/confirmed.js'
import { Field } from '../../../components/field.js'
import { bytes, counted } from '../../../format/number.js'

type Outcome = Readonly<{
  dryRun: boolean
  from: string
  to: string | null
  profile: string
  intervals: number
  different: number
  thrownAway: readonly Readonly<{ kind: string; bytes: number }>[]
}>

type Props = Readonly<{ live: string | null; onClose: () => void; onDone: () => void }>

/** Computes everything anew by the profile of the live generation, or throws away what is kept beside the log. */
export const ResetDialog = ({ live, onClose, onDone }: Props): JSX.Element => {
  const [what, setWhat] = useState<'all' | 'derived'>('all')
  return (
    <Confirmed<Outcome>
      title="Reset the projection"
      verb="Reset"
      path="/projection/reset"
      body={what === 'all' ? {} : { derived: ['snapshots', 'row-index', 'facts'] }}
      {...{ word: 'reset', hasDryRun: true, isDestructive: true, onClose, onDone }}
      outcome={(outcome, isPlan) => <ResetOutcome {...{ outcome, isPlan }} />}
    >
      <Field label="What">
        {(ids) => (
          <select
            {...ids}
            value={what}
            onChange={({ currentTarget }) => setWhat(currentTarget.value as 'all' | 'derived')}
          >
            <option value="all">compute every row anew, and promote the result</option>
            <option value="derived">throw away snapshots, row index and facts</option>
          </select>
        )}
      </Field>
      <p class="quiet">
        {what === 'all'
          ? `A new generation is computed from the first event by the profile of ${live ?? 'the live one'}, and made live: after a decoder was mended, for example.`
          : 'No row changes; the next start makes them again. A running projector holds its state: the call is refused until it is stopped.'}
      </p>
    </Confirmed>
  )
}

const ResetOutcome = ({ outcome, isPlan }: Readonly<{ outcome: Outcome; isPlan: boolean }>): JSX.Element => {
  const { from, to, profile, intervals, different, thrownAway } = outcome
  if (thrownAway.length > 0)
    return (
      <ul>
        {thrownAway.map(({ kind, bytes: size }) => (
          <li key={kind}>
            {kind}: {bytes(size)}
          </li>
        ))}
      </ul>
    )
  return (
    <p>
      {isPlan || to === null
        ? `${from} would be computed anew by the profile ${profile}, and replaced.`
        : `${to} is live in place of ${from}: ${counted(different, 'interval')} of ${intervals} differ.`}
    </p>
  )
}
