import type { JSX } from 'preact'

type Props = Readonly<{
  legend: string
  of: readonly string[]
  chosen: readonly string[]
  onChange: (chosen: readonly string[]) => void
}>

/** Any number of a few names; none chosen means all, which the legend says. */
export const Choices = ({ legend, of, chosen, onChange }: Props): JSX.Element => (
  <fieldset>
    <legend>{legend} (none: all)</legend>
    <div class="choices">
      {of.map((name) => (
        <label key={name} class="check">
          <input
            type="checkbox"
            checked={chosen.includes(name)}
            onChange={({ currentTarget }) =>
              onChange(currentTarget.checked ? [...chosen, name] : chosen.filter((each) => each !== name))
            }
          />
          {name}
        </label>
      ))}
    </div>
  </fieldset>
)
