import type { JSX } from 'preact'
import type { Generations } from './generations/generation.js'

/** The families that the live generation has. */
export const familiesIn = ({ live, generations }: Generations): readonly string[] =>
  generations.find(({ name }) => name === live)?.profile.families ?? []

type Props = Readonly<{
  families: readonly string[]
  chosen: readonly string[]
  onChange: (chosen: readonly string[]) => void
}>

/** Which families; none chosen means all. */
export const FamilyChoice = ({ families, chosen, onChange }: Props): JSX.Element => (
  <fieldset>
    <legend>Families (none: all)</legend>
    <div class="choices">
      {families.map((family) => (
        <label key={family} class="check">
          <input
            type="checkbox"
            checked={chosen.includes(family)}
            onChange={({ currentTarget }) =>
              onChange(currentTarget.checked ? [...chosen, family] : chosen.filter((each) => each !== family))
            }
          />
          {family}
        </label>
      ))}
    </div>
  </fieldset>
)
