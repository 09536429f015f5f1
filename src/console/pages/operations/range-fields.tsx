import type { JSX } from 'preact'
import { Field } from '../../components/field.js'
import { useZone } from '../../frame/console.js'
import type { LocalRange } from './range.js'

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
