import type { JSX } from 'preact'
import { useMemo } from 'preact/hooks'
import type { Figure, FigureItem } from './answers.js'
import { titleOf } from './family-figures.js'
import { cellText } from './figure-value.js'
import { totalsOf } from './series.js'

type Props = Readonly<{
  items: readonly FigureItem[]
  columns: readonly string[]
  shown: readonly string[]
  figures: ReadonlyMap<string, Figure>
}>

/** The shown figures of all shown rows together. Quantiles of several rows are left out: they cannot be joined. */
export const Totals = ({ items, columns, shown, figures }: Props): JSX.Element => {
  const wanted = useMemo(() => shown.filter((name) => figures.get(name)?.joining !== 'quantile'), [shown, figures])
  const totals = useMemo(() => totalsOf(items, { columns, wanted, figures }), [items, columns, wanted, figures])
  return (
    <dl class="totals" aria-label="All shown rows together">
      {wanted.map((name) => {
        const { kind, text, why } = cellText(totals[name] ?? null, figures.get(name) as Figure)
        return (
          <div key={name} class="total">
            <dt>{titleOf(name)}</dt>
            <dd class={`figure-${kind}`} title={why}>
              {text}
            </dd>
          </div>
        )
      })}
    </dl>
  )
}
