import type { JSX } from 'preact'
import { Field } from '../../components/field.js'
import { localOf } from '../../format/instant.js'
import { useZone } from '../../frame/console.js'
import type { Catalogue } from './answers.js'
import { isoIn, type CompareScope } from './scope.js'

type Props = Readonly<{ catalogue: Catalogue; scope: CompareScope; onChange: (scope: CompareScope) => void }>

/** Which rows: family, length of the intervals, and the range. */
export const ScopeFields = ({ catalogue, scope, onChange }: Props): JSX.Element => {
  const zone = useZone()
  const end = (name: 'from' | 'to', label: string, hint: string): JSX.Element => (
    <Field label={label} hint={hint}>
      {(ids) => (
        <input
          {...ids}
          type="datetime-local"
          value={localOf(scope[name], zone)}
          onChange={({ currentTarget }) => onChange({ ...scope, [name]: isoIn(currentTarget.value, zone) })}
        />
      )}
    </Field>
  )
  return (
    <div class="form-row">
      <Field label="Family">
        {(ids) => (
          <select
            {...ids}
            value={scope.family}
            onChange={({ currentTarget }) => onChange({ ...scope, family: currentTarget.value })}
          >
            {catalogue.families
              .filter(({ isOn }) => isOn)
              .map(({ name }) => (
                <option key={name}>{name}</option>
              ))}
          </select>
        )}
      </Field>
      <Field label="Granularity">
        {(ids) => (
          <select
            {...ids}
            value={scope.granularity}
            onChange={({ currentTarget }) => onChange({ ...scope, granularity: currentTarget.value })}
          >
            {catalogue.granularities.map((name) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        )}
      </Field>
      {end('from', 'From', `intervals that start then or later, ${zone}`)}
      {end('to', 'To', 'intervals that start before')}
    </div>
  )
}
