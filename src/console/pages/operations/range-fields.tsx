import type { JSX } from 'preact'
import { Field } from '../../components/field.js'
import { instantIn } from '../../format/instant.js'
import { useZone } from '../../frame/console.js'

/** As the fields have it: local times, or nothing. */
export type LocalRange = Readonly<{ from: string; to: string }>

/** A range in a zone, as the API takes it; an end that is not filled in is left out. */
export const rangeIn = ({ from, to }: LocalRange, zone: string): Readonly<{ from?: string; to?: string }> => {
  const [fromMs, toMs] = [instantIn(from, zone), instantIn(to, zone)]
  return {
    ...(fromMs !== undefined && { from: new Date(fromMs).toISOString() }),
    ...(toMs !== undefined && { to: new Date(toMs).toISOString() }),
  }
}

type Props = Readonly<{ range: LocalRange; onChange: (range: LocalRange) => void }>

export const RangeFields = ({ range, onChange }: Props): JSX.Element => {
  const zone = useZone()
  return (
    <div class="form-row">
      <Field label="From" hint={`intervals that start then or later, ${zone}`}>
        {(ids) => (
          <input
            {...ids}
            type="datetime-local"
            value={range.from}
            onInput={({ currentTarget }) => onChange({ ...range, from: currentTarget.value })}
          />
        )}
      </Field>
      <Field label="To" hint="intervals that start before">
        {(ids) => (
          <input
            {...ids}
            type="datetime-local"
            value={range.to}
            onInput={({ currentTarget }) => onChange({ ...range, to: currentTarget.value })}
          />
        )}
      </Field>
    </div>
  )
}
