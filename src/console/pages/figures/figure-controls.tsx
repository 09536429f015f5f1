import type { JSX } from 'preact'
import { useId, useState } from 'preact/hooks'
import { Field } from '../../components/field.js'
import type { Catalogue, FamilyInfo, Figure, FigureItem, Granularity } from './answers.js'
import { titleOf } from './family-figures.js'
import { dayAfter, type FigureQuery } from './figure-query.js'
import { dimensionTitle } from './figure-table.js'
import { notComputedWhy } from './figure-value.js'
import type { NameOf } from './use-names.js'

export const granularityTitles: Readonly<Record<Granularity, string>> = {
  ...{ PT15M: '15 minutes', PT30M: '30 minutes', PT1H: 'Hour', P1D: 'Day' },
}

type Props = Readonly<{
  catalogue: Catalogue
  family: FamilyInfo
  query: FigureQuery
  /** The days that are shown, also where nobody chose any. */
  days: Readonly<{ from: string; to: string }>
  lastDay: string | undefined
  /** Before they are narrowed down: the values of dimensions that there are. */
  items: readonly FigureItem[]
  nameOf: NameOf
  shown: readonly string[]
  onChange: (change: Partial<FigureQuery>) => void
}>

/** Which figures are shown: family, interval, days, values of dimensions, words, columns. */
export const FigureControls = (props: Props): JSX.Element => {
  const { catalogue, query, days, lastDay, onChange } = props
  return (
    <form class="figure-controls" aria-label="Which figures" onSubmit={(event) => event.preventDefault()}>
      <Field label="Family">
        {(ids) => (
          <select
            {...ids}
            value={query.family}
            onChange={({ currentTarget: { value } }) =>
              onChange({ family: value, columns: undefined, only: {}, filter: '' })
            }
          >
            {catalogue.families.map(({ name, isOn }) => (
              <option key={name} value={name}>
                {isOn ? name : `${name} (not computed)`}
              </option>
            ))}
          </select>
        )}
      </Field>
      <Field label="By">
        {(ids) => (
          <select
            {...ids}
            value={query.granularity}
            onChange={({ currentTarget: { value } }) => onChange({ granularity: value as Granularity })}
          >
            {catalogue.granularities.map((each) => (
              <option key={each} value={each}>
                {granularityTitles[each]}
              </option>
            ))}
          </select>
        )}
      </Field>
      <Field label="From">
        {(ids) => (
          <input
            {...{ ...ids, type: 'date', required: true, value: days.from, max: days.to }}
            onChange={({ currentTarget: { value } }) =>
              value !== '' && onChange({ from: value, to: value > days.to ? value : days.to })
            }
          />
        )}
      </Field>
      <Field label="Through">
        {(ids) => (
          <input
            {...{ ...ids, type: 'date', required: true, value: days.to, min: days.from }}
            onChange={({ currentTarget: { value } }) =>
              value !== '' && onChange({ to: value, from: value < days.from ? value : days.from })
            }
          />
        )}
      </Field>
      {lastDay !== undefined && <Ranges {...{ lastDay, query, onChange }} />}
      <OnlySelects {...props} />
      <Words {...props} />
      <ColumnPicker {...props} />
    </form>
  )
}

const Ranges = ({
  lastDay,
  query,
  onChange,
}: Pick<Props, 'query' | 'onChange'> & Readonly<{ lastDay: string }>): JSX.Element => (
  <div class="ranges" role="group" aria-label="Days">
    {(
      [
        ['Today', undefined],
        ['7 days', -6],
        ['31 days', -30],
      ] as const
    ).map(([title, back]) => {
      const from = back === undefined ? undefined : dayAfter(lastDay, back)
      const isNow = query.from === from && (from === undefined || query.to === lastDay)
      return (
        <button
          key={title}
          type="button"
          aria-pressed={isNow}
          onClick={() => onChange(from === undefined ? { from: undefined, to: undefined } : { from, to: lastDay })}
        >
          {title}
        </button>
      )
    })}
  </div>
)

/** A list that nobody would scroll through; words find among more. */
const CHOICES_MAX = 500

const OnlySelects = ({ family, query, items, nameOf, onChange }: Props): JSX.Element => (
  <>
    {family.dimensions.map(({ name }, place) => {
      const values = [...new Set(items.map(({ dimensions }) => dimensions[place] ?? '-'))]
      const chosen = query.only[name]
      if ((values.length < 2 || values.length > CHOICES_MAX) && chosen === undefined) return null
      const choices = [...new Set([...values, ...(chosen === undefined ? [] : [chosen])])]
        .map((value) => [value, value === '-' ? 'none' : (nameOf(name, value) ?? value)] as const)
        .sort(([, a], [, b]) => a.localeCompare(b, 'en', { numeric: true }))
      return (
        <Field key={name} label={dimensionTitle(name)}>
          {(ids) => (
            <select
              {...ids}
              value={chosen ?? ''}
              onChange={({ currentTarget: { value } }) => {
                const { [name]: _, ...others } = query.only
                onChange({ only: value === '' ? others : { ...others, [name]: value } })
              }}
            >
              <option value="">All</option>
              {choices.map(([value, title]) => (
                <option key={value} value={value}>
                  {title}
                </option>
              ))}
            </select>
          )}
        </Field>
      )
    })}
  </>
)

const Words = ({ query, onChange }: Props): JSX.Element => (
  <Field label="Filter">
    {(ids) => (
      <input
        {...{ ...ids, type: 'search', placeholder: 'name, status', value: query.filter }}
        onInput={({ currentTarget: { value } }) => onChange({ filter: value })}
      />
    )}
  </Field>
)

const ColumnPicker = ({ catalogue: { figures }, shown, onChange }: Props): JSX.Element => {
  const [words, setWords] = useState('')
  const id = useId()
  const found = figures.filter(({ name, doc }) =>
    `${name} ${titleOf(name)} ${doc}`.toLowerCase().includes(words.toLowerCase()),
  )
  const chosen = new Set(shown)
  const isShown = (name: string): boolean => chosen.has(name)
  const ordered = [...found.filter(({ name }) => isShown(name)), ...found.filter(({ name }) => !isShown(name))]
  return (
    <details class="column-picker">
      <summary>Columns ({shown.length})</summary>
      <div class="column-box">
        <label class="hidden" for={id}>
          Find a figure
        </label>
        <input
          {...{ id, type: 'search', placeholder: 'Find a figure', value: words }}
          onInput={({ currentTarget: { value } }) => setWords(value)}
        />
        <ul>
          {ordered.slice(0, 120).map((figure) => (
            <li key={figure.name}>
              <ColumnChoice
                figure={figure}
                isShown={isShown(figure.name)}
                onToggle={() =>
                  onChange({
                    columns: isShown(figure.name)
                      ? shown.filter((each) => each !== figure.name)
                      : [...shown, figure.name],
                  })
                }
              />
            </li>
          ))}
        </ul>
        {ordered.length > 120 && <p class="hint">{ordered.length - 120} more: type a part of the name.</p>}
        <button type="button" onClick={() => onChange({ columns: undefined })}>
          As at the beginning
        </button>
      </div>
    </details>
  )
}

type ChoiceProps = Readonly<{ figure: Figure; isShown: boolean; onToggle: () => void }>

const ColumnChoice = ({ figure: { name, doc, isOn, note }, isShown, onToggle }: ChoiceProps): JSX.Element => (
  <label class="check" title={doc}>
    <input type="checkbox" checked={isShown} onChange={onToggle} />
    <span>
      {titleOf(name)} {titleOf(name) !== name && <code class="quiet">{name}</code>}
      {(!isOn || note !== null) && <span class="quiet"> – not computed: {notComputedWhy(note)}</span>}
    </span>
  </label>
)
