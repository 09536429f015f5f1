import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { Shown } from '../../components/asked.js'
import { Choices } from '../../components/choices.js'
import { Confirmed } from '../../components/confirmed.js'
import { Field } from '../../components/field.js'
import { counted } from '../../format/number.js'
import { useConsole, useZone } from '../../frame/console.js'
import { useStore } from '../../frame/store.js'
import { useAnswer } from '../../frame/asking/use-answer.js'
import { familiesIn, type Generations } from './generations/generation.js'
import { RangeFields } from './range-fields.js'
import { rangeIn } from './range.js'

type Replayed = Readonly<{ dryRun: boolean; sinks: readonly Readonly<{ sink: string; records: number }>[] }>

/** Publishes the latest rows of a range again. */
export const ReplayTab = (): JSX.Element => {
  const { api } = useConsole()
  const asked = useAnswer('generations', (signal) => api.get<Generations>('/generations', {}, signal))
  return (
    <section class="panel" aria-labelledby="replay">
      <h2 id="replay">Replay</h2>
      <p class="quiet">
        The latest rows of the live generation in a range are published again with the same ids and bytes, marked{' '}
        <code>streamvane-replay: true</code>. Consumers that keep the highest revision of a row see no change.
      </p>
      <Shown asked={asked} what="the families">
        {(generations) => <ReplayForm families={familiesIn(generations)} />}
      </Shown>
    </section>
  )
}

const ReplayForm = ({ families }: Readonly<{ families: readonly string[] }>): JSX.Element => {
  const { live } = useConsole()
  const zone = useZone()
  const sinks = (useStore(live.flow)?.stages ?? []).flatMap(({ destination }) => destination?.name ?? [])
  const [family, setFamily] = useState('')
  const [range, setRange] = useState({ from: '', to: '' })
  const [chosen, setChosen] = useState<readonly string[]>([])
  const [isOpen, setOpen] = useState(false)
  const body = {
    ...(family !== '' && { family }),
    ...rangeIn(range, zone),
    ...(chosen.length > 0 && { sinks: chosen }),
  }
  return (
    <form
      class="form narrow"
      onSubmit={(event) => {
        event.preventDefault()
        setOpen(true)
      }}
    >
      <RangeFields range={range} onChange={setRange} />
      <Field label="Family">
        {(ids) => (
          <select {...ids} value={family} onChange={({ currentTarget }) => setFamily(currentTarget.value)}>
            <option value="">all</option>
            {families.map((each) => (
              <option key={each}>{each}</option>
            ))}
          </select>
        )}
      </Field>
      {sinks.length > 1 && <Choices legend="Sinks" of={sinks} chosen={chosen} onChange={setChosen} />}
      <div class="actions">
        <button type="submit" class="primary">
          Replay …
        </button>
      </div>
      {isOpen && (
        <Confirmed<Replayed>
          title="Replay"
          verb="Publish again"
          path="/replays"
          {...{ body, word: 'replay', hasDryRun: true, onClose: () => setOpen(false) }}
          outcome={({ sinks: counts }, isPlan) => (
            <ul>
              {counts.map(({ sink, records }) => (
                <li key={sink}>
                  {sink}: {counted(records, 'record')} {isPlan ? 'would be' : 'were'} published
                </li>
              ))}
            </ul>
          )}
        >
          <p>
            {family === '' ? 'All families' : `The family ${family}`}
            {range.from === '' && range.to === ''
              ? ', every interval'
              : `, intervals ${range.from === '' ? '' : `from ${range.from.replace('T', ' ')} `}${range.to === '' ? '' : `before ${range.to.replace('T', ' ')} `}(${zone})`}
            , to {chosen.length === 0 ? 'every sink' : chosen.join(', ')}.
          </p>
        </Confirmed>
      )}
    </form>
  )
}
